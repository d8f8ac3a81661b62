package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// place is where an entry or the head of a table stands in a file.
type place struct {
	path         []string // its table's name and its own
	table        bool     // a table's head, without a value
	line, column int
}

func (p place) name() string { return p.path[len(p.path)-1] }

// lineError is what is wrong in a file, and where.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

func (e *lineError) Unwrap() error { return e.err }

func (p place) wrong(format string, args ...any) error {
	return &lineError{p.line, fmt.Errorf("%s: %w", strings.Join(p.path, "."), fmt.Errorf(format, args...))}
}

// places are those of a file, in its order. Decoding into a struct forgets them, and the errors name them.
type places []place

func locate(text []byte) (places, error) {
	if err := toml.Unmarshal(text, &map[string]any{}); err != nil { // also what the parser below does not see: an entry twice
		if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, _ := decode.Position()
			return nil, &lineError{line, errors.New(strings.TrimPrefix(decode.Error(), "toml: "))}
		}
		return nil, err
	}
	var p unstable.Parser
	p.Reset(text)
	r := locator{p: &p}
	var table []string
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.KeyValue:
			r.entry(table, e)
		case unstable.Table, unstable.ArrayTable:
			table = r.add(nil, e, e.Kind == unstable.Table)
		}
	}
	return r.found, p.Error()
}

type locator struct {
	p     *unstable.Parser
	found places
}

func (r *locator) add(table []string, n *unstable.Node, isTable bool) (path []string) {
	at := place{path: slices.Clone(table), table: isTable}
	for k := n.Key(); k.Next(); {
		if start := r.p.Shape(k.Node().Raw).Start; at.line == 0 {
			at.line, at.column = start.Line, start.Column
		}
		at.path = append(at.path, string(k.Node().Data))
	}
	r.found = append(r.found, at)
	return at.path
}

func (r *locator) entry(table []string, n *unstable.Node) {
	inline := n.Value().Kind == unstable.InlineTable
	path := r.add(table, n, inline)
	if !inline {
		return
	}
	for c := n.Value().Children(); c.Next(); {
		r.entry(path, c.Node())
	}
}

// at is what stands at a position, or began before it.
func (all places) at(line, column int) place {
	i, here := slices.BinarySearchFunc(all, place{line: line, column: column}, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	if !here {
		i--
	}
	return all[max(i, 0)]
}

// first is the first entry of a table, or the head of the table or the entry itself.
func (all places) first(path ...string) place {
	for _, p := range all {
		if len(p.path) >= len(path) && slices.Equal(p.path[:len(path)], path) {
			return place{path: path, line: p.line}
		}
	}
	return place{path: path, line: 1}
}
