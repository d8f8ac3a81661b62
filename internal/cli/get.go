package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/anykey"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/internal/cli/internal/lookup"
	"holdfast/internal/print"
	"holdfast/internal/text"
	"holdfast/tui/view"
	"holdfast/views"
)

// getVerb are the flags of `get`.
type getVerb struct {
	*options
	output     string
	watch, raw bool
	key        string
	limit      int
}

func getCommand(o *options) *cobra.Command {
	g := &getVerb{options: o}
	c := &cobra.Command{
		Use: "get VIEW [KEY]", GroupID: look, Args: arguments(1, 2), ValidArgsFunction: o.completeArgs(o.gettable, o.keysOf("")),
		Short: "print a view, or one row whole",
		Long: "Print a view, or one row whole; with kv DB the pairs of a KV database, with kv DB:KEY one pair. With keys PREFIX: any keys of the " +
			"server that begin so, of whatever type, at most --limit of them; with keys --key KEY what one key holds, a line for each element.",
		RunE: g.get,
	}
	f := c.Flags()
	f.StringVarP(&g.output, "output", "o", "table", "table, json, jsonl or csv")
	f.BoolVar(&g.watch, "watch", false, "repeat every --refresh")
	f.BoolVar(&g.raw, "raw", false, "in csv, do not put an apostrophe before cells that a spreadsheet would run as formulas")
	f.StringVar(&g.key, "key", "", "with keys: print what this key holds")
	f.IntVar(&g.limit, "limit", defaultKeys, "with keys PREFIX: how many keys are listed at most; 0: all")
	o.serverFlags(c)
	o.readingFlags(c)
	return c
}

// get prints a view, or one row of it whole.
func (g *getVerb) get(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	if args[0] == "kv" && len(args) == 2 {
		return g.getPairs(cmd, args[1])
	}
	if args[0] == string(anykey.Keys) {
		return g.getKeys(cmd, args[1:])
	}
	for _, flag := range []string{"key", "limit"} {
		if cmd.Flags().Changed(flag) {
			return fmt.Errorf("%w: --%s goes with get keys", errUsage, flag)
		}
	}
	if err := g.checkView(args[0]); err != nil {
		return err
	}
	to, err := g.printer(cmd)
	if err != nil {
		return err
	}
	if v, ok := views.All().Named(args[0]); ok && v.Kind == "" && len(args) == 2 {
		return fmt.Errorf("%w: %s has no single rows", errUsage, v.Name)
	}
	return g.with(ctx, func(c *core.Core) error {
		v, err := viewOf(c, args[0])
		if err != nil {
			return err
		}
		read := slices.DeleteFunc(c.Kinds(), func(k kind.Kind) bool {
			return v.Kind != "" && k.Name != v.Kind && !slices.Contains(v.Others, k.Name)
		})
		m := live.New(c.Conn, read, live.Options{}) // one for all repetitions, as later readings cost less than the first
		return g.repeat(ctx, to, func() error {
			if len(args) == 2 {
				err = getOne(ctx, c, v, to, args[1])
			} else {
				err = getAll(ctx, c, m, v, to)
			}
			if err != nil {
				return fmt.Errorf("get %s from %s: %w", v.Name, c.Conn.Place(), err)
			}
			return nil
		})
	})
}

func (g *getVerb) printer(cmd *cobra.Command) (print.Printer, error) {
	format, err := print.ParseFormat(g.output)
	if err != nil {
		return print.Printer{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	return print.Printer{Format: format, Out: cmd.OutOrStdout(), Raw: g.raw}, nil
}

// repeat prints once, or with --watch until it is stopped. Once something was printed, a server that is away or a row that
// is gone is told on standard error, and it goes on.
func (g *getVerb) repeat(ctx context.Context, to print.Printer, once func() error) error {
	var told string
	for first := true; ; {
		err := once()
		away := errors.Is(err, lookup.ErrPartial) || !first && (conn.Unreachable(err) || errors.Is(err, lookup.ErrMissing))
		switch {
		case g.watch && ctx.Err() != nil:
			return nil // it was to go on until it is stopped
		case !g.watch, err != nil && !away:
			return err
		case err != nil:
			if says := text.Clean(withoutSecrets(err.Error())); says != told {
				told = says
				fmt.Fprintf(g.stderr, "holdfast: %s; trying again every %v\n", says, g.refresh)
			}
		case told != "":
			told = ""
			fmt.Fprintln(g.stderr, "holdfast: the server answers again")
		}
		first = false
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(g.refresh):
		}
		if to.Format == print.Table && err == nil {
			fmt.Fprintln(to.Out) // between two of them
		}
	}
}

func getAll(ctx context.Context, c *core.Core, m *live.Model, v views.View, to print.Printer) error {
	snap, err := m.ReadAll(ctx)
	if err != nil {
		return err
	}
	table, lost := snap.Table(v.Kind), lookup.MissingRows(snap, v.Kind)
	if lost != nil && table.Len() == 0 && len(snap.Down) == 0 {
		return cmp.Or(table.Err, lost)
	}
	rows := live.Rows(table)
	if v.Rows != nil {
		rows = v.Rows(snap, nil)
	}
	now := time.Now()
	at := view.Clock{Now: now, Server: snap.ServerNow(now), Others: snap}
	return cmp.Or(printAll(to, v, rows, at, func(id string) string { return c.Live.Keys(v.Kind, id)[0] }), lost)
}

// printAll prints rows of a view; rawKey names the key of one that is unreadable.
func printAll(to print.Printer, v views.View, rows live.Rows, at view.Clock, rawKey func(id string) string) error {
	out, err := to.Begin(v.FieldNames()...)
	if err != nil {
		return err
	}
	err = out.Rows(func(yield func(print.Row) bool) {
		for i := range rows.Len() {
			if !yield(printed(v, rows.At(i), at, rawKey)) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return out.End()
}

// printed is a row of a view as it is printed.
func printed(v views.View, r live.Row, at view.Clock, rawKey func(id string) string) print.Row {
	if err := r.Problem(); err != nil {
		return print.Row{Key: rawKey(r.ID()), Problem: err}
	}
	return print.Row{Values: v.Values(r, at)}
}

func getOne(ctx context.Context, c *core.Core, v views.View, to print.Printer, key string) error {
	row, away := lookup.Row(ctx, c, v.Kind, key)
	if row.None() {
		return away
	}
	if err := row.Problem(); err != nil && !errors.Is(err, conn.ErrTooLarge) { // what is asked for by name is not too large
		return err
	}
	d, err := c.Live.Inspect(ctx, v.Kind, row.ID())
	var unread error
	if conn.Refused(err) && len(d.Keys) > 0 && row.Problem() == nil {
		d.Found, unread, err = true, err, nil
	}
	if err != nil {
		return err
	}
	if !d.Found || len(d.Keys) == 0 { // it went between the readings
		return lookup.Missing(key)
	}
	if d.Size > 0 {
		return tooLarge(key, d)
	}
	now := time.Now()
	shown := printed(v, row, view.Clock{Now: now, Server: now}, func(id string) string { return c.Live.Keys(v.Kind, id)[0] })
	return cmp.Or(to.Whole(v.FieldNames(), shown, d, unread), away)
}
