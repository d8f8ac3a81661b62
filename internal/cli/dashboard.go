package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/charmbracelet/x/term"

	"holdfast/core"
	"holdfast/core/insight"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/cli/internal/memory"
	"holdfast/internal/config"
	"holdfast/internal/print"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui"
	"holdfast/views"
)

// dashboard shows one connection after the other, as the operator goes from one to the next.
func (o options) dashboard(ctx context.Context) error {
	keys, err := o.startable()
	if err != nil {
		return err
	}
	if err := redirectLog(o.logFile); err != nil {
		return err
	}
	filters := config.NewFilters()
	defer filters.Wait()
	var left *options // where the operator came from
	for why := ""; ; {
		s, err := o.session(ctx)
		if err != nil && left != nil && ctx.Err() == nil { // it answered a moment ago, and does not now
			why, o, left = withoutSecrets(err.Error()), *left, nil
			continue
		}
		if err != nil {
			return err
		}
		s.filters = filters
		next, err := s.show(ctx, keys, "", why)
		s.close()
		if err != nil || next == "" {
			return err
		}
		why, left = "", nil
		other, err := o.reconnect(ctx, next)
		if err == nil {
			keys, err = other.startable()
		}
		if err != nil {
			why = withoutSecrets(err.Error())
			continue
		}
		was := o
		o, left = other, &was
	}
}

// reconnect is the same command line with another connection. The file is read anew for it.
func (o options) reconnect(ctx context.Context, connection string) (options, error) {
	other, err := parse(ctx, connection, o.args, o.environ)
	other.stderr = o.stderr
	return other, err
}

// startable says what keeps a dashboard from starting, whatever the server. It makes the key map.
func (o options) startable() (*keymap.Map, error) {
	if err := o.checkView(o.view); err != nil {
		return nil, err
	}
	if _, err := o.conf.Themed(o.themeName(true), true); err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	if !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stdout.Fd()) {
		return nil, fmt.Errorf("%w: the dashboard needs a terminal; use `holdfast get VIEW` in scripts", errStart)
	}
	keys, err := keymap.New(o.conf.Keys)
	if err != nil { // it was checked as the file was read
		return nil, fmt.Errorf("%w: configuration %s: %w", errStart, o.conf.Path, err)
	}
	return keys, nil
}

// session is what a dashboard stands on: a server that has answered, and who acts there.
type session struct {
	o       options
	core    *core.Core
	op      *operate.Operator
	filters *config.Filters // nil: they end with the dashboard
}

func (o options) session(ctx context.Context) (*session, error) {
	c, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	op, err := o.operator(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	s := &session{o: o, core: c, op: op}
	if err := c.Conn.Reach(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	s.op.Close()
	s.core.Close()
}

// show runs the dashboard. next is the connection that the operator left for.
func (s *session) show(ctx context.Context, keys *keymap.Map, note, why string) (next string, err error) {
	o := s.o
	here := tui.Connections{Here: o.connection, Names: o.conf.Names(), Colour: o.conf.ColourOf(o.connection), Try: o.try, Why: why}
	if note != "" {
		here.Names = nil // a demo goes nowhere
	}
	if os.Getenv("GOGC") == "" {
		memory.Tune()
	}
	engine := insight.New(insight.Options{})
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go follow(ctx, engine, s.core.Live)
	d := tui.Config{
		Views: views.Of(views.Source{Layouts: s.core.Layouts, LeftOut: s.core.LayoutErrors, Findings: engine}).Frames(), Warnings: layoutWarnings(s.core), Live: s.core.Live, Operator: s.op, Conn: s.core.Conn, Keys: keys, Start: o.view, Note: note,
		Mouse: o.conf.Mouse, Columns: o.conf.Columns, Connections: here, JSON: print.Object,
		Theme: func(isDark bool) themes.Theme {
			t, _ := o.conf.Themed(o.themeName(isDark), isDark) // the name was checked as it started
			return t
		},
	}
	if s.filters != nil {
		d.LoadFilters, d.KeepFilters = s.filters.Load, s.filters.Save
	}
	return tui.Run(ctx, d)
}

// followEvery is how often the findings are brought up to date while no view shows them.
const followEvery = time.Second

// follow keeps the findings current, whatever view is open: some are known only to who saw it happen.
func follow(ctx context.Context, e *insight.Engine, m *live.Model) {
	t := time.NewTicker(followEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			e.Follow(m.Snapshot())
		}
	}
}

// layoutWarnings say which layouts are left out.
func layoutWarnings(c *core.Core) (out []string) {
	for _, err := range c.LayoutErrors {
		out = append(out, "layout left out: "+err.Error())
	}
	return out
}

// try tells whether a dashboard could start on another connection.
func (o options) try(ctx context.Context, name string) error {
	other, err := o.reconnect(ctx, name)
	if err == nil {
		_, err = other.startable()
	}
	if err != nil {
		return redacted(err)
	}
	s, err := other.session(ctx)
	if err != nil {
		return redacted(err)
	}
	s.close()
	return nil
}

// redacted is an error without secrets.
func redacted(err error) error { return fmt.Errorf("%s", withoutSecrets(err.Error())) }

func (o options) themeName(isDark bool) string {
	switch {
	case o.theme != "":
		return o.theme
	case isDark:
		return "dark"
	}
	return "light"
}
