// Package tui is the frame of the dashboard: the root model, the windowed table, the detail pane, toasts and
// the poller. It knows no kind of row: views declare those. It reads from core/live alone and acts through core/operate
// alone; nothing in Update or View waits for either.
package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui/terminal"
	"holdfast/tui/view"
)

// Config is what a dashboard is made of. The first six fields are needed.
type Config struct {
	Views    []*view.View
	Live     *live.Model
	Operator *operate.Operator
	Conn     *conn.Conn
	Keys     *keymap.Map
	Theme    func(isDark bool) themes.Theme
	Mouse    bool             // clicks and the wheel are ours until the operator says otherwise
	Start    string           // name of the first view
	Warnings []string         // said at the start, such as layouts that are left out
	Note     string           // shown in the header, such as the address of a demo
	Now      func() time.Time // default time.Now

	// JSON is an object as one line of `holdfast get -o jsonl`; nil: none is copied.
	JSON func(names []string, values []any) ([]byte, error)

	// The last filters of each view by its name, newest first, from one run to the next; nil: they end with this one.
	// Both may take their time, and may be called at once.
	LoadFilters func() (map[string][]string, error)
	KeepFilters func(view string, newest []string) error

	Columns     map[string][]string // titles of the columns of a view in the order to show them; none: all
	Connections Connections
}

// frameRate is how often a second Bubble Tea looks for a frame to write, whether there is one or not; 120 is the most it takes.
// docs/benchmarks.md has what other rates cost.
const frameRate = 120

// Run shows the dashboard until the operator quits or ctx ends. The reading of the server ends with it. next is the
// connection that the operator left for; empty where nobody asked for another one.
func Run(ctx context.Context, c Config, opts ...tea.ProgramOption) (next string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Live.Run(ctx) // ends with ctx; what goes wrong before is in the snapshots
	}()
	m := New(ctx, c)
	// Signals reach us as the end of ctx alone: Bubble Tea's own handler waits for ever to tell of one if the program has
	// ended by then.
	p := tea.NewProgram(m, append([]tea.ProgramOption{tea.WithFPS(frameRate), tea.WithoutSignalHandler()}, opts...)...)
	defer terminal.WatchContinue(p)()
	stop := context.AfterFunc(ctx, p.Quit)
	_, err = p.Run()
	stop()
	cancel()
	<-done
	return m.leads, err
}
