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
	"strings"
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

// errUsage marks errors of the command line itself, which are followed by the usage; errStart others that keep a
// dashboard from starting. Both end with wrongUsage.
var (
	errUsage = errors.New("usage")
	errStart = errors.New("cannot start")
)

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	o, verb, rest, usage, err := parse(args, environ)
	o.stderr = stderr
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", errUsage, err)
	case o.help:
		_, err = fmt.Fprint(stdout, usage)
	default:
		err = o.dispatch(ctx, verb, rest, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "holdfast: %s\n", tui.Clean(withoutSecrets(err.Error())))
	}
	switch {
	case err == nil:
		return done
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "\n%s", usage)
		return wrongUsage
	case errors.Is(err, errStart):
		return wrongUsage
	case errors.Is(err, conn.ErrPrecondition):
		return refused
	case conn.Unreachable(err):
		return unreachable
	}
	return failed
}

// withoutSecrets hides what stands where the user and password of a URL do, whoever put it into a message: a URL that
// was typed in the place of a verb is repeated as an unknown one.
func withoutSecrets(text string) string {
	from, to := strings.Index(text, "://"), strings.LastIndex(text, "@")
	if from < 0 || to < from {
		return text
	}
	return text[:from] + "://***" + text[to:]
}

// verb is one thing that the command does; args is the synopsis of its arguments.
type verb struct {
	name, args string
	run        func(options, context.Context, []string, io.Writer) error
}

// verbs is the registry of them; without a name stands the dashboard.
func verbs() []verb {
	return []verb{
		{"", "", options.dashboard},
		{"demo", "", options.demo},
		{"get", "VIEW [KEY]", options.get},
		{"flush", "STORE", options.flush},
		{"bump", "NAMESPACE KEY", options.bump},
		{"lock", "KEY", options.lock},
		{"unlock", "KEY", options.unlock},
		{"edit", "VIEW KEY", options.edit},
		{"backup", "DB FILE", options.backup},
		{"restore", "DB FILE", options.restore},
		{"replicate", "", options.replicate},
		{"version", "", options.version},
		{"completion", "SHELL", options.completion},
	}
}

func (o options) dispatch(ctx context.Context, name string, args []string, stdout io.Writer) error {
	for _, v := range verbs() {
		if v.name != name {
			continue
		}
		if least, most := arity(v.args); len(args) < least || len(args) > most {
			return fmt.Errorf("%w: %d arguments for: holdfast %s %s", errUsage, len(args), name, v.args)
		}
		return v.run(o, ctx, args, stdout)
	}
	return fmt.Errorf("%w: unknown verb %q", errUsage, name)
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

func (o options) version(_ context.Context, _ []string, stdout io.Writer) error {
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

func (o options) dashboard(ctx context.Context, _ []string, _ io.Writer) error {
	c, err := o.open()
	if err != nil {
		return err
	}
	defer c.Close()
	filters := newFilterFile()
	defer filters.rest()
	return o.show(ctx, c, tui.Config{LoadFilters: filters.load, KeepFilters: filters.save})
}

// show runs the dashboard on a core; d has what differs between one and another.
func (o options) show(ctx context.Context, c *core.Core, d tui.Config) error {
	if _, ok := views.Named(o.view); !ok {
		return fmt.Errorf("%w: unknown view %q: one of %s", errUsage, o.view, views.Names())
	}
	if _, err := themes.Named(o.themeName(true), true); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stdout.Fd()) {
		return fmt.Errorf("%w: the dashboard needs a terminal; use `holdfast get VIEW` in scripts", errStart)
	}
	cfg, err := loadConfig(o.config)
	if err != nil {
		return fmt.Errorf("%w: %w", errStart, err)
	}
	keys, err := keymap.New(cfg.overrides())
	if err != nil {
		return fmt.Errorf("%w: configuration %s: %w", errStart, cfg.path, err)
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
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(80) // of a million rows: what they take again as room for the collector would be above 300 MB
	}
	d.Views, d.Live, d.Operator, d.Conn, d.Keys, d.Start = views.Frames(), c.Live, op, c.Conn, keys, o.view
	d.Mouse = true
	d.Theme = func(isDark bool) themes.Theme {
		t, _ := themes.Named(o.themeName(isDark), isDark) // the name was checked above
		return t
	}
	return tui.Run(ctx, d)
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
