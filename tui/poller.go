package tui

import (
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
	drawMsg     struct{} // time to draw what keys did
)

// guard is the one wrapper through which all commands leave the dashboard: a panic in one, or in one of a batch, becomes a
// message instead of the end of the program.
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
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = guard(batch[i])
			}
		}
		return msg
	}
}

// next asks for the message after one from outside the keyboard: these come for as long as the dashboard runs.
func (m *Model) next(msg tea.Msg) tea.Cmd {
	switch msg.(type) {
	case snapshotMsg:
		return m.awaitChange()
	case clockMsg:
		return tick()
	}
	return nil
}

// How often snapshots are shown at most: as often as a terminal is drawn, or once in a while where nobody looks.
const (
	frameEvery  = 16 * time.Millisecond
	unseenEvery = time.Second
)

// awaitChange waits for the next snapshot, made when the last one was taken in. Those that come before it is time become
// one, so that a storm of changes costs no more than the screen can show; keys do not wait here.
func (m *Model) awaitChange() tea.Cmd {
	every, after, looked := frameEvery, m.pace.after, m.pace.unseen
	switch {
	case looked != nil:
		every = unseenEvery
	case m.unread():
		every = 0 // the first rows are not made to wait for what came before there were any
	}
	return func() tea.Msg {
		select {
		case <-after(every):
		case <-looked:
		case <-m.ctx.Done():
			return nil
		}
		select {
		case <-m.Live.Changed():
			return snapshotMsg{m.Live.Snapshot()}
		case <-m.ctx.Done():
			return nil
		}
	}
}

// clockEvery is how often ages and deadlines on the screen move at least.
const clockEvery = time.Second

func tick() tea.Cmd { return tea.Tick(clockEvery, func(t time.Time) tea.Msg { return clockMsg(t) }) }
