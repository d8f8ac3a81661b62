package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/anykey"
	"holdfast/core/kind"
	"holdfast/internal/cli/internal/lookup"
	"holdfast/internal/print"
	"holdfast/tui/view"
	"holdfast/views"
)

// defaultKeys is how many keys are listed unless --limit says otherwise.
const defaultKeys = 10_000

var errKeysNeed = fmt.Errorf(`%w: get keys PREFIX lists the keys that begin so ("": all); get keys --key KEY prints what one holds`, errUsage)

// getKeys lists any keys under a prefix, or prints what one key holds; both as they are read, so that neither has to fit into
// memory.
func (g *getVerb) getKeys(cmd *cobra.Command, prefixes []string) error {
	one := cmd.Flags().Changed("key")
	if one == (len(prefixes) == 1) || one && cmd.Flags().Changed("limit") {
		return errKeysNeed
	}
	if g.limit < 0 {
		return fmt.Errorf("%w: --limit %d: 0 or more", errUsage, g.limit)
	}
	to, err := g.printer(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	return g.with(ctx, func(c *core.Core) error {
		return g.repeat(ctx, to, func() error {
			var err error
			if one {
				err = printContent(ctx, c.AnyKeys, g.key, to)
			} else {
				err = g.printKeys(ctx, c.AnyKeys, prefixes[0], to)
			}
			if err != nil {
				return fmt.Errorf("get keys from %s: %w", c.Conn.Place(), err)
			}
			return nil
		})
	})
}

func (g *getVerb) printKeys(ctx context.Context, keys *anykey.Rows, prefix string, to print.Printer) error {
	v, _ := views.All().OfKind(anykey.Keys)
	list, err := keys.List(ctx, prefix)
	if err != nil {
		return err
	}
	out, err := to.Begin(v.FieldNames()...)
	if err != nil {
		return err
	}
	wait, left := g.pause(ctx), g.limit
	for !list.Done() && (left > 0 || g.limit == 0) {
		rows, err := list.Next(ctx, wait)
		if err != nil {
			return err
		}
		if g.limit > 0 {
			rows = rows[:min(left, len(rows))]
			left -= len(rows)
		}
		if err := printRows(out, v, rows); err != nil {
			return err
		}
	}
	if err := out.End(); err != nil {
		return err
	}
	if !list.Done() || g.limit > 0 && list.Found() > g.limit {
		fmt.Fprintf(g.stderr, "holdfast: not all keys were listed: %d were, the limit; name a longer prefix, or raise --limit (0: none)\n", g.limit)
	}
	return lookup.Partly(list.Away())
}

func printRows(out *print.Stream, v views.View, rows []kind.Row) error {
	now := time.Now()
	at := view.Clock{Now: now, Server: now}
	return out.Rows(func(yield func(print.Row) bool) {
		for _, r := range rows {
			if !yield(printed(v, r, at, func(id string) string { return id })) {
				return
			}
		}
	})
}

// contentFields are what is printed of each element of a type.
var contentFields = map[string][]string{
	"string": {"value"}, "hash": {"field", "value"}, "list": {"index", "value"}, "set": {"member"}, "zset": {"member", "score"}, "stream": {"id", "fields"},
}

// printContent prints what a key holds, a row for each element.
func printContent(ctx context.Context, keys *anykey.Rows, key string, to print.Printer) error {
	page, err := keys.Page(ctx, key, "", anykey.Whole)
	if err != nil {
		return err
	}
	if page.Type == "none" {
		return lookup.Missing(key)
	}
	if page.Type == "string" && page.Next != "" {
		return printString(ctx, keys, page, to)
	}
	out, err := to.Begin(contentFields[page.Type]...)
	if err != nil {
		return err
	}
	for typ := page.Type; ; {
		err := out.Rows(func(yield func(print.Row) bool) {
			if typ == "string" {
				yield(print.Row{Values: []any{[]byte(page.Value)}})
			}
			for i, e := range page.Elements {
				if !yield(print.Row{Values: elementRow(typ, page.From+int64(i), e)}) {
					return
				}
			}
		})
		if err != nil {
			return err
		}
		if page.Next == "" {
			return out.End()
		}
		if page, err = keys.Page(ctx, key, page.Next, anykey.Whole); err != nil {
			return err
		}
		if page.Type != typ {
			return fmt.Errorf("%q: %w", key, errChanging)
		}
	}
}

var errChanging = errors.New("it became something else while it was read")

// printString prints a string that is longer than a page.
func printString(ctx context.Context, keys *anykey.Rows, page anykey.Page, to print.Printer) error {
	value := []byte(page.Value)
	for page.Next != "" {
		var err error
		if page, err = keys.Page(ctx, page.Key, page.Next, anykey.Whole); err != nil {
			return err
		}
		value = append(value, page.Value...)
	}
	out, err := to.Begin("value")
	if err != nil {
		return err
	}
	err = out.Rows(func(yield func(print.Row) bool) { yield(print.Row{Values: []any{value}}) })
	if err != nil {
		return err
	}
	return out.End()
}

// elementRow is an element as it is printed; what is cut ends in how long it is.
func elementRow(typ string, at int64, e anykey.Element) []any {
	switch typ {
	case "hash":
		return []any{whole(e.Name), whole(e.Value)}
	case "list":
		return []any{at, whole(e.Value)}
	case "set":
		return []any{whole(e.Name)}
	case "zset":
		return []any{whole(e.Name), whole(e.Value)}
	}
	return []any{whole(e.Name), string(e.FieldsJSON())}
}

// whole is a text, or why it is not printed.
func whole(t anykey.Text) any {
	if t.Cut() {
		return fmt.Errorf("left out: %d bytes, above the limit of %d for one element", t.Bytes, anykey.Whole.Cut)
	}
	return []byte(t.Begin)
}
