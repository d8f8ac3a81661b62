package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/layout"
	"holdfast/internal/config"
	"holdfast/internal/print"
)

// layoutsVerb are the flags of `layouts`.
type layoutsVerb struct {
	*options
	output string
}

func layoutsCommand(o *options) *cobra.Command {
	l := &layoutsVerb{options: o}
	c := &cobra.Command{
		Use: "layouts [check FILE | suggest]", GroupID: look, Args: arguments(0, 2), ValidArgsFunction: completeLayouts,
		Short: "list the layouts, check one, or see which fit a server",
		Long: "List the layouts in use, with the number of keys of the server that each matches in a bounded sample. With check FILE: what a layout " +
			"file would make of the server's keys, row by row. With suggest: the presets that fit the server's keys.",
		RunE: l.layouts,
	}
	c.Flags().StringVarP(&l.output, "output", "o", "table", "table, json, jsonl or csv")
	o.serverFlags(c)
	o.readingFlags(c)
	return c
}

func completeLayouts(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch {
	case len(args) == 0:
		return []string{"check", "suggest"}, cobra.ShellCompDirectiveNoFileComp
	case len(args) == 1 && args[0] == "check":
		return nil, cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func (l *layoutsVerb) layouts(cmd *cobra.Command, args []string) error {
	format, err := print.ParseFormat(l.output)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	to := print.Printer{Format: format, Out: cmd.OutOrStdout()}
	switch {
	case len(args) == 0:
		return l.list(cmd.Context(), to)
	case args[0] == "check" && len(args) == 2:
		return l.check(cmd.Context(), to, args[1])
	case args[0] == "suggest" && len(args) == 1:
		return l.suggest(cmd.Context(), to)
	}
	return fmt.Errorf("%w: holdfast layouts, layouts check FILE, or layouts suggest", errUsage)
}

// list prints the layouts in use and what of the server's keys each matches.
func (l *layoutsVerb) list(ctx context.Context, to print.Printer) error {
	return l.with(ctx, func(c *core.Core) error {
		found, err := c.Layouts.Survey(ctx, c.Conn, l.pause(ctx))
		if err != nil {
			return fmt.Errorf("layouts on %s: %w", c.Conn.Place(), err)
		}
		out, err := to.Begin("layout", "view", "keys", "sample_complete", "checked", "from", "about", "templates", "acl")
		if err != nil {
			return err
		}
		err = out.Rows(func(yield func(print.Row) bool) {
			for _, u := range c.Layouts.All() {
				if !yield(print.Row{Values: []any{u.Name, u.View, int64(found.Found[u.Name].Keys), found.Whole, checkedBy(u), u.File, u.About, strings.Join(u.Keys, " "), u.Watch}}) {
					return
				}
			}
		})
		return cmp.Or(err, out.End())
	})
}

// checkedBy says how the facts of a layout are known.
func checkedBy(u layout.Use) string {
	switch {
	case !u.Preset:
		return "own"
	case u.Checked == "run":
		return "with the library"
	}
	return "from facts"
}

// check prints what a layout file would make of the server's keys. What is wrong with the file is the error.
func (l *layoutsVerb) check(ctx context.Context, to print.Printer, path string) error {
	specs, err := config.ReadLayouts(ctx, path)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	kept := l.conf.LayoutErrors
	l.conf.LayoutErrors = nil
	defer func() { l.conf.LayoutErrors = kept }()
	return l.withLayouts(ctx, specs, func(c *core.Core, set *layout.Set) error {
		found, err := set.Survey(ctx, c.Conn, l.pause(ctx))
		if err != nil {
			return fmt.Errorf("layouts on %s: %w", c.Conn.Place(), err)
		}
		out, err := to.Begin("layout", "row", "column", "value", "problem")
		if err != nil {
			return err
		}
		var rows []print.Row
		for _, u := range set.All() {
			read, err := set.Read(ctx, c.Conn, u.Name, found.Found[u.Name].IDs)
			if err != nil {
				return err
			}
			for _, r := range read {
				rows = append(rows, checked(u.Name, r)...)
			}
			if found.Found[u.Name].Keys == 0 {
				rows = append(rows, print.Row{Values: []any{u.Name, nil, nil, nil, noKeys(found)}})
			}
		}
		for _, key := range found.Near {
			rows = append(rows, print.Row{Values: []any{nil, key, nil, nil, "begins like a key of a layout, but no template matches it"}})
		}
		err = out.Rows(func(yield func(print.Row) bool) {
			for _, r := range rows {
				if !yield(r) {
					return
				}
			}
		})
		return cmp.Or(err, out.End())
	})
}

// checked is a row as it was read, a line for each column that has a value.
func checked(name string, r layout.Read) (rows []print.Row) {
	if r.Problem != nil {
		return []print.Row{{Values: []any{name, r.ID, nil, nil, r.Problem.Error()}}}
	}
	for _, v := range r.Columns {
		switch value := v.Value.(type) {
		case error:
			rows = append(rows, print.Row{Values: []any{name, r.ID, v.Name, nil, "not known: " + value.Error()}})
		case string:
			if value != "" {
				rows = append(rows, print.Row{Values: []any{name, r.ID, v.Name, value, nil}})
			}
		case time.Time:
			if !value.IsZero() {
				rows = append(rows, print.Row{Values: []any{name, r.ID, v.Name, value.Format(time.RFC3339Nano), nil}})
			}
		default:
			rows = append(rows, print.Row{Values: []any{name, r.ID, v.Name, fmt.Sprint(value), nil}})
		}
	}
	return rows
}

func noKeys(s layout.Survey) string {
	if s.Whole {
		return "no key of the server matches"
	}
	return fmt.Sprintf("none of the %d keys that were looked at matches", s.Keys)
}

// suggest prints the presets that fit the server's keys.
func (l *layoutsVerb) suggest(ctx context.Context, to print.Printer) error {
	return l.withLayouts(ctx, layout.Presets(), func(c *core.Core, set *layout.Set) error {
		found, err := set.Survey(ctx, c.Conn, l.pause(ctx))
		if err != nil {
			return fmt.Errorf("layouts on %s: %w", c.Conn.Place(), err)
		}
		out, err := to.Begin("layout", "view", "keys", "fits", "about", "example")
		if err != nil {
			return err
		}
		var rows []print.Row
		for _, u := range set.All() {
			f := found.Found[u.Name]
			if f.Keys == 0 {
				continue
			}
			read, err := set.Read(ctx, c.Conn, u.Name, f.IDs)
			if err != nil {
				return err
			}
			good, example := 0, f.IDs[0]
			for _, r := range read {
				if r.Problem == nil {
					good++
					example = r.ID
				}
			}
			rows = append(rows, print.Row{Values: []any{u.Name, u.View, int64(f.Keys), fmt.Sprintf("%d of %d rows", good, len(read)), u.About, example}})
		}
		if err := out.Rows(func(yield func(print.Row) bool) {
			for _, r := range rows {
				if !yield(r) {
					return
				}
			}
		}); err != nil {
			return err
		}
		if len(rows) == 0 {
			fmt.Fprintf(l.stderr, "holdfast: no preset fits: %s\n", noKeys(found))
		}
		return out.End()
	})
}

// withLayouts opens the core with some layouts alone.
func (l *layoutsVerb) withLayouts(ctx context.Context, specs []layout.Spec, use func(*core.Core, *layout.Set) error) error {
	return l.with(ctx, func(c *core.Core) error {
		_, set, errs := layout.Compile(c.Conn, c.Primitives(), specs)
		if len(errs) > 0 {
			return fmt.Errorf("%w: %w", errUsage, errors.Join(errs...))
		}
		return use(c, set)
	})
}

// pause keeps a walk through the keyspace within --scan-budget.
func (o *options) pause(ctx context.Context) func() {
	if o.scanBudget <= 0 {
		return func() {}
	}
	return func() {
		select {
		case <-time.After(time.Second / time.Duration(o.scanBudget)):
		case <-ctx.Done():
		}
	}
}
