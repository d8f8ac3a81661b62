package cli

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// item is one entry of a TOML file with its place.
type item struct {
	path  []string // its table's name and its own
	value any      // string, int64, bool, []string; nil: of another type
	table bool     // a table's head, without a value
	line  int
}

func (i item) name() string { return i.path[len(i.path)-1] }

// lineError is what is wrong in a file, and where.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

func (e *lineError) Unwrap() error { return e.err }

func (i item) wrong(format string, args ...any) error {
	return &lineError{i.line, fmt.Errorf("%s: %w", strings.Join(i.path, "."), fmt.Errorf(format, args...))}
}

// readItems reads a TOML file in its order. Decoding into a struct would forget the lines, which the errors have to name.
func readItems(text []byte) ([]item, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return nil, &lineError{1, errors.New("the file is in UTF-16: save it as UTF-8")}
	}
	if err := toml.Unmarshal(text, &map[string]any{}); err != nil { // also what the parser below does not see: an entry twice
		if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, _ := decode.Position()
			return nil, &lineError{line, errors.New(strings.TrimPrefix(decode.Error(), "toml: "))}
		}
		return nil, err
	}
	var p unstable.Parser
	p.Reset(text)
	r := itemReader{p: &p}
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind == unstable.KeyValue {
			r.entry(table, e)
			continue
		}
		if e.Kind != unstable.Table && e.Kind != unstable.ArrayTable {
			continue
		}
		line := 0
		table, line = r.key(nil, e)
		r.items = append(r.items, item{path: table, table: e.Kind == unstable.Table, line: line})
	}
	return r.items, p.Error()
}

type itemReader struct {
	p     *unstable.Parser
	items []item
}

func (r *itemReader) key(table []string, n *unstable.Node) (path []string, line int) {
	path = slices.Clone(table)
	for k := n.Key(); k.Next(); {
		path = append(path, string(k.Node().Data))
		line = r.p.Shape(k.Node().Raw).Start.Line
	}
	return path, line
}

func (r *itemReader) entry(table []string, n *unstable.Node) {
	path, line := r.key(table, n)
	if n.Value().Kind != unstable.InlineTable {
		r.items = append(r.items, item{path: path, value: valueOf(n.Value()), line: line})
		return
	}
	r.items = append(r.items, item{path: path, table: true, line: line})
	for c := n.Value().Children(); c.Next(); {
		r.entry(path, c.Node())
	}
}

func valueOf(n *unstable.Node) any {
	text := string(n.Data)
	switch n.Kind {
	case unstable.String:
		return text
	case unstable.Bool:
		return text == "true"
	case unstable.Integer:
		if v, err := strconv.ParseInt(text, 0, 64); err == nil {
			return v
		}
	case unstable.Array:
		list := []string{}
		for c := n.Children(); c.Next(); {
			if c.Node().Kind == unstable.Comment {
				continue
			}
			s, ok := valueOf(c.Node()).(string)
			if !ok {
				return nil
			}
			list = append(list, s)
		}
		return list
	}
	return nil
}
