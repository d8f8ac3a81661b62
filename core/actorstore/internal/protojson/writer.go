package protojson

import (
	"maps"
	"slices"
	"strconv"
)

// Writer builds one JSON object as protojson spells it, without white space: zero values are omitted, int64 stand in
// quotes, enums by name, maps sorted. Known members come first, in a fixed order, then the unknown ones as they were read.
type Writer struct{ Buf []byte }

func (w *Writer) Open()  { w.Buf = append(w.Buf, '{') }
func (w *Writer) Close() { w.Buf = append(w.Buf, '}') }

// Comma separates from the element before, if there is one.
func (w *Writer) Comma() {
	if last := w.Buf[len(w.Buf)-1]; last != '{' && last != '[' {
		w.Buf = append(w.Buf, ',')
	}
}

func (w *Writer) Key(name string) {
	w.Comma()
	w.Quote(name)
	w.Buf = append(w.Buf, ':')
}

func (w *Writer) Str(name, value string) {
	if value != "" {
		w.Key(name)
		w.Quote(value)
	}
}

func (w *Writer) Integer(name string, value int64) {
	if value != 0 {
		w.Key(name)
		w.Buf = append(w.Buf, '"')
		w.Buf = strconv.AppendInt(w.Buf, value, 10)
		w.Buf = append(w.Buf, '"')
	}
}

// Enum writes a name, or the digits of an unknown number as the number they are; zero is omitted by either spelling.
func (w *Writer) Enum(name, value, zero string) {
	switch {
	case value == "" || value == zero:
	case isNumber(value):
		n, _ := strconv.ParseInt(value, 10, 32) // spelled afresh: "+7" is no JSON
		w.Key(name)
		w.Buf = strconv.AppendInt(w.Buf, n, 10)
	default:
		w.Str(name, value)
	}
}

func (w *Writer) Strs(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.Key(name)
	w.Buf = append(w.Buf, '[')
	for _, v := range values {
		w.Comma()
		w.Quote(v)
	}
	w.Buf = append(w.Buf, ']')
}

func (w *Writer) Table(name string, values map[string]string) {
	if len(values) == 0 {
		return
	}
	w.Key(name)
	w.Open()
	for _, k := range slices.Sorted(maps.Keys(values)) {
		w.Key(k)
		w.Quote(values[k])
	}
	w.Close()
}

// Unknown appends members as they were read.
func (w *Writer) Unknown(members string) {
	if members != "" {
		w.Comma()
		w.Buf = append(w.Buf, members...)
	}
}

// Quote escapes what JSON demands and nothing else, as protojson does.
func (w *Writer) Quote(text string) {
	const hex = "0123456789abcdef"
	w.Buf = append(w.Buf, '"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= ' ' && c != '"' && c != '\\':
			w.Buf = append(w.Buf, c)
		case c == '"' || c == '\\':
			w.Buf = append(w.Buf, '\\', c)
		case c == '\b':
			w.Buf = append(w.Buf, `\b`...)
		case c == '\f':
			w.Buf = append(w.Buf, `\f`...)
		case c == '\n':
			w.Buf = append(w.Buf, `\n`...)
		case c == '\r':
			w.Buf = append(w.Buf, `\r`...)
		case c == '\t':
			w.Buf = append(w.Buf, `\t`...)
		default:
			w.Buf = append(w.Buf, `\u00`...)
			w.Buf = append(w.Buf, hex[c>>4], hex[c&15])
		}
	}
	w.Buf = append(w.Buf, '"')
}
