package tui

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
)

// Messages that arrive from outside the keyboard.
type (
	snapshotMsg struct{ snap *live.Snapshot }
	clockMsg    time.Time
	panicMsg    struct{ text string }
)

// guard is the one wrapper through which all commands are made: a panic in one becomes a message instead of the end of
// the program.
func guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = panicMsg{fmt.Sprintf("%v\n%s", r, debug.Stack())}
			}
		}()
		return cmd()
	}
}

// next asks for the message after one from outside the keyboard: these come for as long as the dashboard runs.
func (m *Model) next(msg tea.Msg) tea.Cmd {
	switch msg.(type) {
	case snapshotMsg:
		return awaitChange(m.ctx, m.Live)
	case clockMsg:
		return tick()
	}
	return nil
}

// awaitChange waits for the next snapshot. Those that come while one is taken in become one, so that a storm of changes
// costs no more than the screen can show.
func awaitChange(ctx context.Context, m *live.Model) tea.Cmd {
	return guard(func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-m.Changed():
			return snapshotMsg{m.Snapshot()}
		}
	})
}

// clockEvery is how often ages and deadlines on the screen move at least.
const clockEvery = time.Second

func tick() tea.Cmd { return tea.Tick(clockEvery, func(t time.Time) tea.Msg { return clockMsg(t) }) }
