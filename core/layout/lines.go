package layout

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Error is what is wrong in a layout file, and where.
type Error struct {
	File string
	Line int
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s line %d: %v", e.File, e.Line, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// lines are where the entries of a file stand, by paths such as layout.0.columns.2.from. Decoding forgets them.
type lines map[string]int

// of is the line of an entry, or of what holds it.
func (l lines) of(path ...any) int {
	for n := len(path); n > 0; n-- {
		if line, ok := l[dotted(path[:n])]; ok {
			return line
		}
	}
	return 1
}

// path is the names on the way to an entry, without the places in arrays.
func (l lines) path(line int, name string) (names []string) {
	for path, at := range l {
		if at != line || path != name && !strings.HasSuffix(path, "."+name) {
			continue
		}
		for _, step := range strings.Split(path, ".") {
			if _, err := strconv.Atoi(step); err != nil {
				names = append(names, step)
			}
		}
		return names
	}
	return []string{name}
}

func dotted(path []any) string {
	texts := make([]string, len(path))
	for i, p := range path {
		texts[i] = fmt.Sprint(p)
	}
	return strings.Join(texts, ".")
}

// locate finds the lines of a file that was decoded without an error.
func locate(text []byte) lines {
	var p unstable.Parser
	p.Reset(text)
	l := locator{p: &p, found: lines{}, count: map[string]int{}}
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.KeyValue:
			l.entry(table, e)
		case unstable.ArrayTable:
			path := l.path("", e)
			n := l.count[path]
			l.count[path]++
			table = path + "." + strconv.Itoa(n)
			l.note(table, e)
		case unstable.Table:
			table = l.path("", e)
			l.note(table, e)
		}
	}
	return l.found
}

type locator struct {
	p     *unstable.Parser
	found lines
	count map[string]int // tables of each array
	line  int            // of the last key
}

// path is the name of an entry. A table below an array belongs to the array's last.
func (l *locator) path(table string, n *unstable.Node) string {
	path := table
	for k := n.Key(); k.Next(); {
		if count := l.count[path]; count > 0 && path != table {
			path += "." + strconv.Itoa(count-1)
		}
		if path != "" {
			path += "."
		}
		path += string(k.Node().Data)
		l.line = l.p.Shape(k.Node().Raw).Start.Line
	}
	return path
}

func (l *locator) note(path string, n *unstable.Node) {
	if _, known := l.found[path]; !known {
		l.found[path] = l.line
	}
}

func (l *locator) entry(table string, n *unstable.Node) {
	path := l.path(table, n)
	l.note(path, n)
	l.value(path, n.Value())
}

func (l *locator) value(path string, v *unstable.Node) {
	if v == nil {
		return
	}
	switch v.Kind {
	case unstable.InlineTable:
		for c := v.Children(); c.Next(); {
			l.entry(path, c.Node())
		}
	case unstable.Array:
		i := 0
		for c := v.Children(); c.Next(); i++ {
			at := path + "." + strconv.Itoa(i)
			if one := c.Node(); len(one.Data) > 0 && one.Raw.Length > 0 {
				l.found[at] = l.p.Shape(one.Raw).Start.Line
			}
			l.value(at, c.Node())
			if line, ok := l.firstBelow(at); ok && l.found[at] == 0 {
				l.found[at] = line
			}
		}
	}
}

// firstBelow is the line of the first entry of an inline table: the table itself has no place of its own.
func (l *locator) firstBelow(path string) (line int, ok bool) {
	for p, at := range l.found {
		if strings.HasPrefix(p, path+".") && (!ok || at < line) {
			line, ok = at, true
		}
	}
	return line, ok
}

// decode reads a file. What it does not know, or has another type, is an error that says where it stands and what may
// stand there.
func decode(name string, text []byte) (*File, lines, error) {
	wrong := func(line int, err error) error { return &Error{File: name, Line: line, Err: err} }
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	var f File
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&f)
	if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		line, _ := unknown.Errors[0].Position()
		key := unknown.Errors[0].Key() // without the inline tables on the way
		return nil, nil, wrong(line, unknownEntry(locate(text).path(line, key[len(key)-1])))
	}
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := bad.Position()
		return nil, nil, wrong(line, wrongValue(bad))
	}
	if err != nil {
		return nil, nil, wrong(1, err)
	}
	return &f, locate(text), nil
}
