package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/tui"
	"holdfast/views"
)

// get prints a view, or one row of it whole.
func (o options) get(ctx context.Context, args []string, stdout io.Writer) error {
	v, ok := views.Named(args[0])
	if !ok {
		return fmt.Errorf("%w: unknown view %q: one of %s", errUsage, args[0], views.Names())
	}
	format, err := views.ParseFormat(o.output)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return o.with(ctx, func(c *core.Core) error {
		for {
			if len(args) == 2 {
				err = getOne(ctx, c, v, format, args[1], stdout)
			} else {
				err = getAll(ctx, c, v, format, stdout)
			}
			if err != nil || !o.watch {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(o.refresh):
			}
		}
	})
}

func getAll(ctx context.Context, c *core.Core, v views.View, f views.Format, stdout io.Writer) error {
	var feeds []live.Feed
	for _, feed := range c.Feeds() {
		if v.Kind == "" || feed.Kind == v.Kind {
			feeds = append(feeds, feed)
		}
	}
	snap, err := live.New(c.Conn, feeds, live.Options{}).ReadAll(ctx)
	if err != nil {
		return fmt.Errorf("get %s from %s: %w", v.Name, c.Conn.Addr, err)
	}
	rows := live.Rows(snap.Table(v.Kind))
	if v.Rows != nil {
		rows = v.Rows(snap)
	}
	now := time.Now()
	return v.Print(stdout, f, rows, tui.Clock{Now: now, Server: snap.ServerNow(now)}, func(id string) string { return c.Live.Keys(v.Kind, id)[0] })
}

// getOne prints one row, named as the view names it: by its ID, or by the plain text of a name that the ID escapes.
func getOne(ctx context.Context, c *core.Core, v views.View, f views.Format, key string, stdout io.Writer) error {
	for _, id := range []string{key, conn.Escape(key)} {
		row, err := c.Live.ReadRow(ctx, v.Kind, id)
		if err != nil {
			return err
		}
		if row == nil {
			continue
		}
		if err := row.Problem(); err != nil {
			return err
		}
		d, err := c.Live.Inspect(ctx, v.Kind, id)
		if err != nil {
			return err
		}
		now := time.Now()
		return v.PrintOne(stdout, f, row, d, tui.Clock{Now: now, Server: now})
	}
	return fmt.Errorf("get %s %q: not found", v.Name, key)
}

// with opens the core that the flags describe for one verb.
func (o options) with(ctx context.Context, use func(*core.Core) error) error {
	if err := redirectLog(o.logFile); err != nil {
		return err
	}
	c, err := o.open()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Conn.Reach(ctx); err != nil {
		return err
	}
	return use(c)
}

// act carries out the actions that plan makes, one after the other, and prints what scripts want to know of each.
func (o options) act(ctx context.Context, stdout io.Writer, plan func(*core.Core, *operate.Operator) ([]operate.Action, error)) error {
	return o.with(ctx, func(c *core.Core) error {
		op, err := o.operator(c)
		if err != nil {
			return err
		}
		defer op.Close()
		actions, err := plan(c, op)
		if err != nil {
			return err
		}
		for _, a := range actions {
			out, err := op.Do(ctx, a)
			if err != nil {
				return err
			}
			if len(out.Data) > 0 {
				fmt.Fprintln(stdout, tui.Clean(strings.Join(out.Data, " ")))
			}
		}
		return nil
	})
}

func (o options) flush(ctx context.Context, args []string, stdout io.Writer) error {
	return o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) ([]operate.Action, error) {
		return op.FlushStore(ctx, args[0])
	})
}

func (o options) bump(ctx context.Context, args []string, stdout io.Writer) error {
	return o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) ([]operate.Action, error) {
		return []operate.Action{op.BumpGeneration(args[0], args[1])}, nil
	})
}

func (o options) lock(ctx context.Context, args []string, stdout io.Writer) error {
	if o.ttl <= 0 {
		return fmt.Errorf("%w: lock needs --ttl above 0, such as --ttl 30s", errUsage)
	}
	return o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) ([]operate.Action, error) {
		a, err := op.TakeLock(args[0], o.ttl)
		return []operate.Action{a}, err
	})
}

func (o options) unlock(ctx context.Context, args []string, stdout io.Writer) error {
	if o.token == "" {
		return fmt.Errorf("%w: unlock needs --token, as `holdfast get locks` shows it", errUsage)
	}
	return o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) ([]operate.Action, error) {
		return []operate.Action{op.ReleaseLock(args[0], o.token, 0)}, nil
	})
}

func (o options) edit(ctx context.Context, args []string, stdout io.Writer) error {
	v, ok := views.Named(args[0])
	if !ok {
		return fmt.Errorf("%w: unknown view %q: one of %s", errUsage, args[0], views.Names())
	}
	if o.file == "" {
		return fmt.Errorf("%w: edit needs --file", errUsage)
	}
	text, err := readFile(o.file)
	if err != nil {
		return err
	}
	err = o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) ([]operate.Action, error) {
		doc, err := op.Load(ctx, v.Kind, args[1])
		if err != nil {
			return nil, err
		}
		a, err := op.Edit(doc, string(text))
		return []operate.Action{a}, err
	})
	if errors.Is(err, operate.ErrUnchanged) {
		return nil
	}
	return err
}

func readFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(path)
}
