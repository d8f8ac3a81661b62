// Package tui is the frame of the dashboard: the root model, the windowed table, the detail pane, overlays, toasts and
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
)

// Config is what a dashboard is made of. All fields but Mouse, Note, Start, Now and those of the filters are needed.
type Config struct {
	Views    []*View
	Live     *live.Model
	Operator *operate.Operator
	Conn     *conn.Conn
	Keys     *keymap.Map
	Theme    func(isDark bool) themes.Theme
	Mouse    bool             // clicks and the wheel are ours until the operator says otherwise
	Start    string           // name of the first view
	Note     string           // shown in the header, such as the address of a demo
	Now      func() time.Time // default time.Now

	// The last filters of each view by its name, newest first, from one run to the next; nil: they end with this one.
	// Both may take their time, and may be called at once.
	LoadFilters func() (map[string][]string, error)
	KeepFilters func(view string, newest []string) error
}

// Run shows the dashboard until the operator quits or ctx ends. The reading of the server ends with it.
func Run(ctx context.Context, c Config, opts ...tea.ProgramOption) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Live.Run(ctx) // ends with ctx; what goes wrong before is in the snapshots
	}()
	// What a key does waits for Bubble Tea's next look at the frame: at its usual 60 a second that alone can take 16 ms.
	p := tea.NewProgram(New(ctx, c), append([]tea.ProgramOption{tea.WithFPS(120)}, opts...)...)
	stop := context.AfterFunc(ctx, p.Quit) // a hangup reaches us as the end of ctx alone
	_, err := p.Run()
	stop()
	cancel()
	<-done
	return err
}
