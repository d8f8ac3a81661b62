package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/term"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/tui"
	"holdfast/views"
)

// getPairs prints the pairs of a KV database, page by page: a database need not fit into memory.
func (o options) getPairs(ctx context.Context, db string, stdout io.Writer) error {
	to, err := o.printer(stdout)
	if err != nil {
		return err
	}
	return o.with(ctx, func(c *core.Core) error {
		return o.repeat(ctx, to, func() error {
			if err := printPairs(ctx, c.KVRows, db, to); err != nil {
				return fmt.Errorf("get kv %q from %s: %w", db, c.Conn.Addr, err)
			}
			return nil
		})
	})
}

func printPairs(ctx context.Context, rows *redisdb.Rows, db string, to views.Printer) error {
	switch read, err := rows.Read(ctx, []string{conn.Escape(db)}); {
	case err != nil:
		return err
	case db == "" || len(read) == 0:
		return errMissing
	case read[0].Problem() != nil:
		return read[0].Problem()
	}
	p := pager{view: pairView(db), to: to}
	if err := rows.EachPage(ctx, db, func(page []redisdb.Entry) error { return p.print(pairs(page)) }); err != nil {
		return err
	}
	return p.end()
}

// pair is a row of `get kv DB`.
type pair struct{ redisdb.Entry }

func (pair) ID() string     { return "" }
func (pair) Problem() error { return nil }

type pairs []redisdb.Entry

func (p pairs) Len() int          { return len(p) }
func (p pairs) At(i int) live.Row { return pair{p[i]} }

func pairView(db string) views.View {
	field := func(name string, value func(redisdb.Entry) any) views.Field {
		return views.Field{Name: name, Value: func(r live.Row, _ tui.Clock) any { return value(r.(pair).Entry) }}
	}
	return views.View{View: &tui.View{Name: "kv"}, Fields: []views.Field{
		field("database", func(redisdb.Entry) any { return db }),
		field("key", func(e redisdb.Entry) any { return e.Key }),
		field("bytes", func(e redisdb.Entry) any { return int64(e.Bytes) }),
		field("expires", func(e redisdb.Entry) any { return e.Expires }),
		field("value", func(e redisdb.Entry) any { return e.Value }),
	}}
}

// pager prints the pages of a view as if they were printed at once; only the columns of a table are aligned page by page.
type pager struct {
	view    views.View
	to      views.Printer
	printed bool // the head was
	rows    bool // some were
}

func (p *pager) print(rows live.Rows) error {
	if p.printed && rows.Len() == 0 {
		return nil
	}
	var page bytes.Buffer
	one := p.to
	one.Out = &page
	if err := p.view.Print(one, rows, tui.Clock{}, nil); err != nil {
		return err
	}
	text := page.Bytes()
	switch p.to.Format {
	case views.JSON: // "[", one object a line, "]"; the array stays open for the next page
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("]\n")), []byte("\n"))
		if p.printed {
			text = bytes.TrimPrefix(text, []byte("["))
		}
		if p.rows {
			text = append([]byte(","), text...)
		}
	case views.Table, views.CSV:
		if p.printed {
			_, text, _ = bytes.Cut(text, []byte("\n"))
		}
		if f, ok := p.to.Out.(interface{ Fd() uintptr }); ok && p.to.Format == views.CSV && term.IsTerminal(f.Fd()) {
			text = []byte(tui.CleanLines(string(text)))
		}
	}
	p.printed, p.rows = true, p.rows || rows.Len() > 0
	_, err := p.to.Out.Write(text)
	return err
}

func (p *pager) end() (err error) {
	switch {
	case p.to.Format != views.JSON:
	case p.rows:
		_, err = io.WriteString(p.to.Out, "\n]\n")
	default:
		_, err = io.WriteString(p.to.Out, "]\n")
	}
	return err
}

// errAmbiguous: several pairs can be meant.
var errAmbiguous = errors.New("more than one pair can be meant")

// findPair returns the ID of the pair that is named by it, DB:KEY with both names escaped, or by the plain names if only
// one pair can be meant.
func findPair(ctx context.Context, c *core.Core, named string) (string, error) {
	there := func(db, key string) (bool, error) {
		if db == "" || key == "" {
			return false, nil
		}
		found, err := c.KVRows.ListKeys(ctx, db, []byte(key), nil, 1) // the first with this prefix
		return len(found) == 1 && string(found[0].Key) == key, err
	}
	first, rest, _ := strings.Cut(named, ":")
	db, bad := conn.Unescape(first)
	key, worse := conn.Unescape(rest)
	if bad == nil && worse == nil {
		if ok, err := there(db, key); ok || err != nil {
			return named, err
		}
	}
	var meant []string
	for i := range len(named) {
		if named[i] != ':' {
			continue
		}
		ok, err := there(named[:i], named[i+1:])
		if err != nil {
			return named, err
		}
		if ok {
			meant = append(meant, conn.Escape(named[:i])+":"+conn.Escape(named[i+1:]))
		}
	}
	switch len(meant) {
	case 0:
		return named, missing(named)
	case 1:
		return meant[0], nil
	}
	return named, fmt.Errorf("%q: %w: write %s", named, errAmbiguous, strings.Join(meant, " or "))
}
