// Holdfast is a terminal dashboard for the coordination state that services keep in Redis. This package holds flags,
// configuration and wiring, and no logic.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/charmbracelet/x/term"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui"
	"holdfast/views"
)

// Exit codes; they are part of the command line's contract.
const (
	done        = 0
	failed      = 1
	wrongUsage  = 2
	refused     = 3
	unreachable = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errUsage marks errors of the command line itself.
var errUsage = errors.New("usage")

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	o, verb, rest, usage, err := parse(args, environ)
	if err == nil && o.help {
		fmt.Fprint(stdout, usage)
		return done
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errUsage, err)
	} else {
		err = o.dispatch(ctx, verb, rest, stdout)
	}
	switch {
	case err == nil:
		return done
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "holdfast: %s\n\n%s", tui.Clean(err.Error()), usage)
		return wrongUsage
	}
	fmt.Fprintf(stderr, "holdfast: %s\n", tui.Clean(err.Error()))
	switch {
	case errors.Is(err, conn.ErrPrecondition):
		return refused
	case conn.Unreachable(err):
		return unreachable
	case errors.Is(err, errNoTerminal):
		return wrongUsage
	}
	return failed
}

func (o options) dispatch(ctx context.Context, verb string, args []string, stdout io.Writer) error {
	verbs := map[string]struct {
		args string
		run  func(context.Context, []string, io.Writer) error
	}{
		"":        {"", o.dashboard},
		"demo":    {"", o.dashboard},
		"get":     {"VIEW [KEY]", o.get},
		"flush":   {"STORE", o.flush},
		"bump":    {"NAMESPACE KEY", o.bump},
		"lock":    {"KEY", o.lock},
		"unlock":  {"KEY", o.unlock},
		"edit":    {"VIEW KEY", o.edit},
		"version": {"", version},
	}
	v, ok := verbs[verb]
	if !ok {
		return fmt.Errorf("%w: unknown verb %q", errUsage, verb)
	}
	if least, most := arity(v.args); len(args) < least || len(args) > most {
		return fmt.Errorf("%w: holdfast %s %s takes %d to %d arguments, not %d", errUsage, verb, v.args, least, most, len(args))
	}
	return v.run(ctx, args, stdout)
}

// arity counts the words of a synopsis, those in brackets being optional.
func arity(synopsis string) (least, most int) {
	word := false
	for _, c := range synopsis + " " {
		switch {
		case c == '[':
			least--
		case c == ' ' && word:
			least++
			most++
		}
		word = c != ' '
	}
	return least, most
}

func version(_ context.Context, _ []string, stdout io.Writer) error {
	v, sum := "development", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				sum = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(stdout, "holdfast %s%s\n", v, sum)
	return err
}

var errNoTerminal = errors.New("the dashboard needs a terminal; use `holdfast get VIEW` in scripts")

func (o options) dashboard(ctx context.Context, _ []string, _ io.Writer) error {
	c, err := o.open()
	if err != nil {
		return err
	}
	defer c.Close()
	return o.show(ctx, c, "")
}

// show runs the dashboard on a core.
func (o options) show(ctx context.Context, c *core.Core, note string) error {
	if _, ok := views.Named(o.view); !ok {
		return fmt.Errorf("%w: unknown view %q: one of %s", errUsage, o.view, views.Names())
	}
	if _, err := themes.Named(o.themeName(true), true); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stdout.Fd()) {
		return errNoTerminal
	}
	cfg, err := loadConfig(o.config)
	if err != nil {
		return err
	}
	keys, err := keymap.New(cfg.overrides())
	if err != nil {
		return fmt.Errorf("%s: %w", cfg.path, err)
	}
	if err := redirectLog(o.logFile); err != nil {
		return err
	}
	op, err := o.operator(c)
	if err != nil {
		return err
	}
	defer op.Close()
	if err := c.Conn.Reach(ctx); err != nil {
		return err
	}
	return tui.Run(ctx, tui.Config{
		Views: views.Frames(), Live: c.Live, Operator: op, Conn: c.Conn, Keys: keys, Start: o.view, Note: note,
		Theme: func(isDark bool) themes.Theme {
			t, _ := themes.Named(o.themeName(isDark), isDark) // the name was checked above
			return t
		},
	})
}

func (o options) themeName(isDark bool) string {
	switch {
	case o.theme != "":
		return o.theme
	case isDark:
		return "dark"
	}
	return "light"
}
