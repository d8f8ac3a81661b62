package cli

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/internal/print"
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

func printNamed(ctx context.Context, c *core.Core, named string, to print.Printer) error {
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

func printPairs(ctx context.Context, rows *redisdb.Rows, db string, to print.Printer) error {
	v, _ := views.Below("kv")
	out, err := to.Begin(v.FieldNames()...)
	if err != nil {
		return err
	}
	err = rows.EachPage(ctx, db, func(page []redisdb.Entry) error {
		return out.Rows(func(yield func(print.Row) bool) {
			for _, e := range page {
				if !yield(print.Row{Values: v.Values(pairRow(db, e), tui.Clock{})}) {
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
	d, err := c.Live.Inspect(ctx, "keys", id)
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
		return errMissing
	}
	v, _ := views.Below("kv")
	return to.Whole(v.FieldNames(), print.Row{Values: v.Values(pairRow(db, found[0]), tui.Clock{})}, d, unread)
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
		for _, db := range asPrinted(named[:i]) {
			for _, key := range asPrinted(named[i+1:]) {
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

// asPrinted are the names that `get` can have printed as a text: the text itself, what it is base64 of, and what its
// escapes stand for.
func asPrinted(text string) []string {
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
