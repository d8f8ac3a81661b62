package actorstore

import (
	"maps"
	"slices"
	"strconv"
)

// writer builds one JSON object as protojson spells it, without white space: zero values are omitted, int64 stand in
// quotes, enums by name, maps sorted. Known members come first, in a fixed order, then the unknown ones as they were read.
type writer struct{ buf []byte }

func (w *writer) open()  { w.buf = append(w.buf, '{') }
func (w *writer) close() { w.buf = append(w.buf, '}') }

// comma separates from the element before, if there is one.
func (w *writer) comma() {
	if last := w.buf[len(w.buf)-1]; last != '{' && last != '[' {
		w.buf = append(w.buf, ',')
	}
}

func (w *writer) key(name string) {
	w.comma()
	w.quote(name)
	w.buf = append(w.buf, ':')
}

func (w *writer) str(name, value string) {
	if value != "" {
		w.key(name)
		w.quote(value)
	}
}

func (w *writer) integer(name string, value int64) {
	if value != 0 {
		w.key(name)
		w.buf = append(w.buf, '"')
		w.buf = strconv.AppendInt(w.buf, value, 10)
		w.buf = append(w.buf, '"')
	}
}

// enum writes a name, or the digits of an unknown number as the number they are; zero is omitted by either spelling.
func (w *writer) enum(name, value, zero string) {
	switch {
	case value == "" || value == zero:
	case isNumber(value):
		n, _ := strconv.ParseInt(value, 10, 32) // spelled afresh: "+7" is no JSON
		w.key(name)
		w.buf = strconv.AppendInt(w.buf, n, 10)
	default:
		w.str(name, value)
	}
}

func (w *writer) strs(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.key(name)
	w.buf = append(w.buf, '[')
	for _, v := range values {
		w.comma()
		w.quote(v)
	}
	w.buf = append(w.buf, ']')
}

func (w *writer) table(name string, values map[string]string) {
	if len(values) == 0 {
		return
	}
	w.key(name)
	w.open()
	for _, k := range slices.Sorted(maps.Keys(values)) {
		w.key(k)
		w.quote(values[k])
	}
	w.close()
}

// unknown appends members as they were read.
func (w *writer) unknown(members string) {
	if members != "" {
		w.comma()
		w.buf = append(w.buf, members...)
	}
}

// quote escapes what JSON demands and nothing else, as protojson does.
func (w *writer) quote(text string) {
	const hex = "0123456789abcdef"
	w.buf = append(w.buf, '"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= ' ' && c != '"' && c != '\\':
			w.buf = append(w.buf, c)
		case c == '"' || c == '\\':
			w.buf = append(w.buf, '\\', c)
		case c == '\b':
			w.buf = append(w.buf, `\b`...)
		case c == '\f':
			w.buf = append(w.buf, `\f`...)
		case c == '\n':
			w.buf = append(w.buf, `\n`...)
		case c == '\r':
			w.buf = append(w.buf, `\r`...)
		case c == '\t':
			w.buf = append(w.buf, `\t`...)
		default:
			w.buf = append(w.buf, `\u00`...)
			w.buf = append(w.buf, hex[c>>4], hex[c&15])
		}
	}
	w.buf = append(w.buf, '"')
}
