package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/internal/cli/internal/lookup"
	"holdfast/internal/print"
	"holdfast/tui/view"
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

func printNamed(ctx context.Context, c *core.Core, named string, to print.Printer) error {
	if named == "" {
		return lookup.ErrMissing
	}
	dbs := []string{named}
	if plain, err := conn.Unescape(named); err == nil && plain != named {
		dbs = append(dbs, plain)
	}
	var away error // of a master that may have what is named, too
	for _, db := range dbs {
		switch read, err := c.Live.ReadRow(ctx, "kv", conn.Escape(db)); {
		case lookup.OthersAnswer(ctx, c, err):
			away = err
		case err != nil:
			return err
		case read.None():
		case read.Bad():
			return read.Problem()
		default:
			return cmp.Or(printPairs(ctx, c.KVRows, db, to), lookup.Partly(away))
		}
	}
	id, err := lookup.Pair(ctx, c, named)
	if errors.Is(err, lookup.ErrPartial) {
		away, err = cmp.Or(away, err), nil
	}
	if err != nil {
		if errors.Is(err, lookup.ErrMissing) {
			return cmp.Or(away, err)
		}
		return err
	}
	return cmp.Or(printPair(ctx, c, id, to), lookup.Partly(away))
}

func printPairs(ctx context.Context, rows *redisdb.Rows, db string, to print.Printer) error {
	v, _ := views.All().Below("kv")
	out, err := to.Begin(v.FieldNames()...)
	if err != nil {
		return err
	}
	err = rows.EachPage(ctx, db, func(page []redisdb.Entry) error {
		return out.Rows(func(yield func(print.Row) bool) {
			for _, e := range page {
				if !yield(print.Row{Values: v.Values(pairRow(db, e), view.Clock{})}) {
					return
				}
			}
		})
	})
	if err != nil {
		return err
	}
	return out.End()
}

// printPair prints the pair with an ID whole.
func printPair(ctx context.Context, c *core.Core, id string, to print.Printer) error {
	escaped, name, _ := strings.Cut(id, ":")
	db, bad := conn.Unescape(escaped)
	key, worse := conn.Unescape(name)
	if err := cmp.Or(bad, worse); err != nil {
		return err
	}
	d, err := c.Live.Inspect(ctx, "pairs", id)
	var unread error
	if conn.Refused(err) && len(d.Keys) > 0 {
		d.Found, unread, err = true, err, nil
	}
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
		return lookup.ErrMissing
	}
	v, _ := views.All().Below("kv")
	return to.Whole(v.FieldNames(), print.Row{Values: v.Values(pairRow(db, found[0]), view.Clock{})}, d, unread)
}

func tooLarge(key string, d live.Detail) error {
	return fmt.Errorf("%q: its content has %d bytes, above the limit of %d", key, d.Size, live.MaxInspect)
}

// pairRow is a pair as a row of the view of pairs, with the whole value.
func pairRow(db string, e redisdb.Entry) kind.Row {
	c := redisdb.PairColumns
	return c.Key.Schema().One(conn.Escape(db)+":"+conn.Escape(string(e.Key)), func(b *kind.Builder) {
		c.Database.Set(b, db)
		c.Key.Set(b, string(e.Key))
		c.Bytes.Set(b, int64(e.Bytes))
		c.Expires.Set(b, e.Expires)
		c.Value.Set(b, e.Value)
		c.Bytes.Unknown(b, e.NoBytes)
		c.Expires.Unknown(b, e.NoExpires)
		c.Value.Unknown(b, e.NoValue)
		if e.LeftOut {
			c.Value.Unknown(b, fmt.Errorf("left out: %d bytes, above the limit of %d for lists of pairs", e.Bytes, redisdb.MaxEachPage))
		}
	})
}
