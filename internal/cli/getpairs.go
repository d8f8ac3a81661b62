package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui"
	"holdfast/views"
)

// getPairs prints the pairs of a KV database, page by page: a database need not fit into memory. Where named is no
// database it is DB:KEY, one pair of one.
func (g *getVerb) getPairs(cmd *cobra.Command, named string) error {
	ctx := cmd.Context()
	to, err := g.printer(cmd)
	if err != nil {
		return err
	}
	return g.with(ctx, func(c *core.Core) error {
		return g.repeat(ctx, to, func() error {
			if err := printNamed(ctx, c, named, to); err != nil {
				return fmt.Errorf("get kv %q from %s: %w", named, c.Conn.Place(), err)
			}
			return nil
		})
	})
}

func printNamed(ctx context.Context, c *core.Core, named string, to views.Printer) error {
	if named == "" {
		return errMissing
	}
	dbs := []string{named}
	if plain, err := conn.Unescape(named); err == nil && plain != named {
		dbs = append(dbs, plain)
	}
	var away error // of a master that may have what is named, too
	for _, db := range dbs {
		switch read, err := c.Live.ReadRow(ctx, "kv", conn.Escape(db)); {
		case othersAnswer(ctx, c, err):
			away = err
		case err != nil:
			return err
		case read.None():
		case read.Bad():
			return read.Problem()
		default:
			return cmp.Or(printPairs(ctx, c.KVRows, db, to), partly(away))
		}
	}
	id, err := findPair(ctx, c, named)
	if errors.Is(err, errPartial) {
		away, err = cmp.Or(away, err), nil
	}
	if err != nil {
		if errors.Is(err, errMissing) {
			return cmp.Or(away, err)
		}
		return err
	}
	return cmp.Or(printPair(ctx, c, id, to), partly(away))
}

func printPairs(ctx context.Context, rows *redisdb.Rows, db string, to views.Printer) error {
	p := pager{view: pairView(db), to: to}
	if err := rows.EachPage(ctx, db, func(page []redisdb.Entry) error { return p.print(pairs(page)) }); err != nil {
		return err
	}
	if err := p.print(pairs(nil)); err != nil { // the head, where there was no page
		return err
	}
	return p.end()
}

// printPair prints the pair with an ID whole.
func printPair(ctx context.Context, c *core.Core, id string, to views.Printer) error {
	escaped, name, _ := strings.Cut(id, ":")
	db, bad := conn.Unescape(escaped)
	key, worse := conn.Unescape(name)
	if err := cmp.Or(bad, worse); err != nil {
		return err
	}
	d, err := c.Live.Inspect(ctx, "keys", id)
	if err != nil {
		return err
	}
	if d.Size > 0 { // before its value is read
		return tooLarge(name, d)
	}
	found, err := c.KVRows.ListKeys(ctx, db, []byte(key), nil, 1) // the first with this prefix
	if err != nil {
		return err
	}
	if len(found) == 0 || string(found[0].Key) != key || !d.Found {
		return errMissing
	}
	now := time.Now()
	return pairView(db).PrintOne(to, pair{found[0]}, c.Live.Keys("keys", id)[0], d, nil, tui.Clock{Now: now, Server: now})
}

func tooLarge(key string, d live.Detail) error {
	return fmt.Errorf("%q: its content has %d bytes, above the limit of %d", key, d.Size, live.MaxInspect)
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
		field("value", func(e redisdb.Entry) any {
			if e.LeftOut {
				return fmt.Errorf("left out: %d bytes, above the limit of %d for lists of pairs", e.Bytes, redisdb.MaxEachPage)
			}
			return e.Value
		}),
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
	out := page.Bytes()
	switch p.to.Format {
	case views.JSON: // "[", one object a line, "]"; the array stays open for the next page
		out = bytes.TrimSuffix(bytes.TrimSuffix(out, []byte("]\n")), []byte("\n"))
		if p.printed {
			out = bytes.TrimPrefix(out, []byte("["))
		}
		if p.rows {
			out = append([]byte(","), out...)
		}
	case views.Table, views.CSV:
		if p.printed {
			_, out, _ = bytes.Cut(out, []byte("\n"))
		}
		if f, ok := p.to.Out.(interface{ Fd() uintptr }); ok && p.to.Format == views.CSV && term.IsTerminal(f.Fd()) {
			out = []byte(text.CleanLines(string(out)))
		}
	}
	p.printed, p.rows = true, p.rows || rows.Len() > 0
	_, err := p.to.Out.Write(out)
	return err
}

func (p *pager) end() (err error) {
	if !p.printed { // there was no page
		if err := p.print(pairs{}); err != nil {
			return err
		}
	}
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

// findPair returns the ID of the pair that is named by it, DB:KEY with both names escaped, or by the names as they are
// printed, if only one pair can be meant. With errPartial it is the only one on the masters that answer.
func findPair(ctx context.Context, c *core.Core, named string) (string, error) {
	there := func(db, key string) (bool, error) {
		if db == "" || key == "" {
			return false, nil
		}
		found, err := c.Live.ReadRow(ctx, "keys", conn.Escape(db)+":"+conn.Escape(key)) // and not more of its value than a row has
		return !found.None(), err
	}
	first, rest, _ := strings.Cut(named, ":")
	db, bad := conn.Unescape(first)
	key, worse := conn.Unescape(rest)
	var away error
	if bad == nil && worse == nil {
		switch ok, err := there(db, key); {
		case othersAnswer(ctx, c, err):
			away = err
		case ok || err != nil:
			return named, err
		}
	}
	var meant []string
	for i := range len(named) {
		if named[i] != ':' {
			continue
		}
		for _, db := range printed(named[:i]) {
			for _, key := range printed(named[i+1:]) {
				id := conn.Escape(db) + ":" + conn.Escape(key)
				if slices.Contains(meant, id) {
					continue
				}
				switch ok, err := there(db, key); {
				case othersAnswer(ctx, c, err):
					away = err
				case err != nil:
					return named, err
				case ok:
					meant = append(meant, id)
				}
			}
		}
	}
	switch len(meant) {
	case 0:
		return named, cmp.Or(away, missing(named))
	case 1:
		return meant[0], partly(away)
	}
	return named, fmt.Errorf("%q: %w: write %s", named, errAmbiguous, strings.Join(meant, " or "))
}

// printed are the names that `get` can have printed as a text: the text itself, what it is base64 of, and what its
// escapes stand for.
func printed(text string) []string {
	names := []string{text}
	if encoded, is := strings.CutPrefix(text, "base64:"); is {
		if raw, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			names = append(names, string(raw))
		}
	}
	if strings.Contains(text, `\`) {
		if raw, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`); err == nil {
			names = append(names, raw)
		}
	}
	return names
}
