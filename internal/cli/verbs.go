package cli

import (
	"holdfast/internal/text"

	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/files"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/demo"
	"holdfast/tui"
	"holdfast/views"
)

// demo runs the dashboard on an embedded Redis with a live workload.
func (o options) demo(ctx context.Context, _ []string, _ io.Writer) error {
	d, err := demo.Start(ctx, demo.Options{Seed: o.seed})
	if err != nil {
		return err
	}
	defer d.Close()
	o.urls = []string{d.URL}
	keys, err := o.startable()
	if err != nil {
		return err
	}
	if err := redirectLog(o.logFile); err != nil {
		return err
	}
	st, err := o.session(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	_, err = st.show(ctx, keys, "demo on "+d.URL, "")
	return err
}

// connections prints their names.
func (o options) connections(_ context.Context, _ []string, stdout io.Writer) error {
	for _, name := range o.conf.Names() {
		if _, err := fmt.Fprintln(stdout, name); err != nil {
			return err
		}
	}
	return nil
}

// get prints a view, or one row of it whole.
func (o options) get(ctx context.Context, args []string, stdout io.Writer) error {
	if args[0] == "kv" && len(args) == 2 {
		return o.getPairs(ctx, args[1], stdout)
	}
	v, err := viewNamed(args[0])
	if err != nil {
		return err
	}
	to, err := o.printer(stdout)
	if err != nil {
		return err
	}
	if v.Kind == "" && len(args) == 2 {
		return fmt.Errorf("%w: %s has no single rows", errUsage, v.Name)
	}
	return o.with(ctx, func(c *core.Core) error {
		var feeds []live.Feed
		for _, feed := range c.Feeds() {
			if v.Kind == "" || feed.Kind == v.Kind || slices.Contains(v.Others, feed.Kind) {
				feeds = append(feeds, feed)
			}
		}
		m := live.New(c.Conn, feeds, live.Options{}) // one for all repetitions, as later readings cost less than the first
		return o.repeat(ctx, to, func() error {
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

func (o options) printer(stdout io.Writer) (views.Printer, error) {
	format, err := views.ParseFormat(o.output)
	if err != nil {
		return views.Printer{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	return views.Printer{Format: format, Out: stdout, Raw: o.raw}, nil
}

// repeat prints once, or with --watch until it is stopped. Once something was printed, a server that is away or a row that
// is gone is told on standard error, and it goes on.
func (o options) repeat(ctx context.Context, to views.Printer, print func() error) error {
	var told string
	for first := true; ; {
		err := print()
		away := errors.Is(err, errPartial) || !first && (conn.Unreachable(err) || errors.Is(err, errMissing))
		switch {
		case o.watch && ctx.Err() != nil:
			return nil // it was to go on until it is stopped
		case !o.watch, err != nil && !away:
			return err
		case err != nil:
			if says := text.Clean(withoutSecrets(err.Error())); says != told {
				told = says
				fmt.Fprintf(o.stderr, "holdfast: %s; trying again every %v\n", says, o.refresh)
			}
		case told != "":
			told = ""
			fmt.Fprintln(o.stderr, "holdfast: the server answers again")
		}
		first = false
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.refresh):
		}
		if to.Format == views.Table && err == nil {
			fmt.Fprintln(to.Out) // between two of them
		}
	}
}

func viewNamed(name string) (views.View, error) {
	v, ok := views.Named(name)
	if !ok {
		return v, fmt.Errorf("%w: unknown view %q: one of %s", errUsage, name, views.Names())
	}
	return v, nil
}

func getAll(ctx context.Context, c *core.Core, m *live.Model, v views.View, to views.Printer) error {
	snap, err := m.ReadAll(ctx)
	if err != nil {
		return err
	}
	table, lost := snap.Table(v.Kind), missingRows(snap, v.Kind)
	if lost != nil && table.Len() == 0 && len(snap.Down) == 0 {
		return cmp.Or(table.Err, lost)
	}
	rows := live.Rows(table)
	if v.Rows != nil {
		rows = v.Rows(snap, nil)
	}
	now := time.Now()
	err = v.Print(to, rows, tui.Clock{Now: now, Server: snap.ServerNow(now), Others: snap}, func(id string) string { return c.Live.Keys(v.Kind, id)[0] })
	return cmp.Or(err, lost)
}

// errPartial is of a view that was printed without all of its rows. It is not a transport error: a part of the server answered.
var errPartial = errors.New("rows are missing")

// othersAnswer tells whether err is of one master of a cluster, while others may have what is looked for.
func othersAnswer(ctx context.Context, c *core.Core, err error) bool {
	return c.Conn.Mode == conn.Cluster && ctx.Err() == nil && conn.Unreachable(err)
}

// partly is the end of a `get` that printed what it found, while a master with another row of that name may be away.
func partly(away error) error {
	if away == nil || errors.Is(away, errPartial) {
		return away
	}
	return fmt.Errorf("%w: %w", errPartial, away)
}

// missingRows says which rows of a kind a reading has left out, and why.
func missingRows(snap *live.Snapshot, kind live.Kind) error {
	var why []string
	if err := snap.Table(kind).Err; err != nil {
		why = append(why, err.Error())
	} else {
		for _, d := range snap.Down {
			why = append(why, strings.TrimSpace(fmt.Sprintf("%s %v", d.Addr, d.Err)))
		}
	}
	if n := snap.Server.Uncovered; n > 0 && len(why) == 0 {
		why = append(why, fmt.Sprintf("no master serves %d of 16384 hash slots", n))
	}
	if len(why) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", errPartial, strings.Join(why, "; "))
}

func getOne(ctx context.Context, c *core.Core, v views.View, to views.Printer, key string) error {
	row, away := find(ctx, c, v.Kind, key)
	if row == nil {
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
		return missing(key)
	}
	if d.Size > 0 {
		return tooLarge(key, d)
	}
	now := time.Now()
	return cmp.Or(v.PrintOne(to, row, c.Live.Keys(v.Kind, row.ID())[0], d, unread, tui.Clock{Now: now, Server: now}), away)
}

// find reads the row that key names: by its ID, or by the plain names that the ID escapes. With errPartial it is the first
// on the masters that answer.
func find(ctx context.Context, c *core.Core, kind live.Kind, key string) (live.Row, error) {
	ids := []string{key, conn.Escape(key)}
	if first, rest, ok := strings.Cut(key, ":"); ok {
		ids = append(ids, conn.Escape(first)+":"+conn.Escape(rest))
	}
	var bad live.Row
	var away error
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		row, err := readSettled(ctx, c, kind, id)
		if othersAnswer(ctx, c, err) {
			away = err
			continue
		}
		if err != nil {
			return nil, err
		}
		if row != nil && row.Problem() == nil {
			return row, partly(away)
		}
		if bad == nil {
			bad = row
		}
	}
	if bad == nil {
		return nil, cmp.Or(away, missing(key))
	}
	return bad, partly(away)
}

// readSettled reads a row. One of several keys that comes or goes between two of its readings looks broken for that
// moment: it is looked at again before it counts as that.
func readSettled(ctx context.Context, c *core.Core, kind live.Kind, id string) (row live.Row, err error) {
	for range 3 {
		row, err = c.Live.ReadRow(ctx, kind, id)
		if err != nil || row == nil || row.Problem() == nil || errors.Is(row.Problem(), conn.ErrTooLarge) {
			break
		}
	}
	return row, err
}

var errMissing = errors.New("not found")

func missing(key string) error { return fmt.Errorf("%q: %w", key, errMissing) }

// with opens the core that the flags describe for one verb.
func (o options) with(ctx context.Context, use func(*core.Core) error) error {
	if err := redirectLog(o.logFile); err != nil {
		return err
	}
	c, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Conn.Reach(ctx); err != nil {
		return err
	}
	return use(c)
}

// act carries out the action that plan makes and prints what scripts want to know of it, also of one that got halfway.
func (o options) act(ctx context.Context, stdout io.Writer, plan func(*core.Core, *operate.Operator) (operate.Action, error)) error {
	return o.with(ctx, func(c *core.Core) (err error) {
		op, err := o.operator(c)
		if err != nil {
			return err
		}
		defer op.Close()
		action, err := plan(c, op)
		if err != nil {
			return err
		}
		out, err := op.Do(ctx, action)
		for _, line := range out.Data {
			if _, e := fmt.Fprintln(stdout, line); e != nil && err == nil {
				err = fmt.Errorf("%s: it is done, but its result could not be printed: %w", action.Verb, e)
			}
		}
		return err
	})
}

func (o options) flush(ctx context.Context, args []string, stdout io.Writer) error {
	return o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
		return op.FlushStore(args[0]), nil
	})
}

func (o options) bump(ctx context.Context, args []string, stdout io.Writer) error {
	return o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
		return op.BumpGeneration(args[0], args[1]), nil
	})
}

func (o options) lock(ctx context.Context, args []string, stdout io.Writer) error {
	if o.ttl <= 0 {
		return fmt.Errorf("%w: lock needs --ttl above 0, such as --ttl 30s", errUsage)
	}
	return o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
		take, err := op.TakeLock(args[0], "", o.ttl)
		if err == nil && take.Warning != "" && !o.yes && !op.ReadOnly() {
			err = fmt.Errorf("lock %q: %w: %s; to take it anyway, add --yes", args[0], errUnusual, take.Warning)
		}
		return take, err
	})
}

// errUnusual refuses what may be a mistake.
var errUnusual = conn.Precondition("not taken")

func (o options) unlock(ctx context.Context, args []string, stdout io.Writer) error {
	if o.token == "" {
		return fmt.Errorf("%w: unlock needs --token, as `holdfast get locks` shows it", errUsage)
	}
	return o.act(ctx, stdout, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
		return op.ReleaseLock(args[0], o.token, 0), nil
	})
}

func (o options) edit(ctx context.Context, args []string, stdout io.Writer) error {
	kind, name := live.Kind("keys"), findPair // of `edit kv`: a pair, not a database
	if args[0] != "kv" {
		v, err := viewNamed(args[0])
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(v.Actions, func(a tui.Action) bool { return a.Edit }) {
			return fmt.Errorf("%w: %s cannot be edited", errUsage, v.Name)
		}
		kind, name = v.Kind, func(ctx context.Context, c *core.Core, key string) (string, error) {
			row, err := find(ctx, c, v.Kind, key)
			if err != nil {
				return key, err
			}
			return row.ID(), nil
		}
	}
	if o.file == "" {
		return fmt.Errorf("%w: edit needs --file", errUsage)
	}
	text, err := readDocument(ctx, o.file)
	if err != nil {
		return fmt.Errorf("--file: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 && !o.empty {
		return fmt.Errorf("edit %s: --file %s: %w", args[1], o.file, errEmpty)
	}
	return o.act(ctx, stdout, func(c *core.Core, op *operate.Operator) (operate.Action, error) {
		id, err := name(ctx, c, args[1])
		if conn.Unreachable(err) || errors.Is(err, errAmbiguous) && !op.ReadOnly() {
			return operate.Action{}, err
		} // of what is not there, the action tells: a read-only operator refuses first
		return op.Save(kind, id, string(text))
	})
}

// errEmpty refuses what may have been cut off.
var errEmpty = conn.Precondition("the text is empty; to save it anyway, add --allow-empty")

// maxDocument is what a Redis value can hold.
const maxDocument = 512 << 20

func readDocument(ctx context.Context, path string) ([]byte, error) {
	if path == "-" {
		return files.ReadAll(ctx, os.Stdin, maxDocument)
	}
	return files.Read(ctx, path, maxDocument)
}
