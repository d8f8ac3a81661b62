package tui

import (
	"context"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
)

// paced is a dashboard whose waits end when the test says so.
type paced struct {
	*Model
	t     *testing.T
	waits chan time.Duration // what was asked for
	due   chan time.Time     // ends a wait
	msgs  chan tea.Msg       // what the poller brought
}

func pacing(t *testing.T) *paced {
	p := &paced{Model: many(t, 3, 80, 24), t: t, waits: make(chan time.Duration, 9), due: make(chan time.Time), msgs: make(chan tea.Msg, 9)}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	p.ctx = ctx
	p.pace.after = func(d time.Duration) <-chan time.Time { p.waits <- d; return p.due }
	<-p.Live.Changed() // what was read to fill it
	return p
}

// poll starts the command that waits for the next snapshot.
func (p *paced) poll(every time.Duration) {
	p.t.Helper()
	cmd := p.awaitChange()
	go func() { p.msgs <- cmd() }()
	if got := <-p.waits; got != every {
		p.t.Fatalf("the next snapshot waits %v, want %v", got, every)
	}
}

// change makes the live model publish something.
func (p *paced) change() *live.Snapshot {
	p.t.Helper()
	if _, err := p.Live.ReadAll(context.Background()); err != nil {
		p.t.Fatal(err)
	}
	return p.Live.Snapshot()
}

// newest takes what the poller brings and fails unless that is the newest snapshot.
func (p *paced) newest(want *live.Snapshot) {
	p.t.Helper()
	if got := (<-p.msgs).(snapshotMsg).snap; got != want {
		p.t.Errorf("an old snapshot was shown")
	}
}

func TestSnapshotsOfOneFrameBecomeOne(t *testing.T) {
	p := pacing(t)
	p.poll(16 * time.Millisecond)
	p.change()
	p.change()
	last := p.change()
	p.due <- time.Time{}
	p.newest(last)
	select {
	case <-p.Live.Changed():
		t.Error("what was shown would be shown again")
	default:
	}
}

func TestNobodyLooks(t *testing.T) {
	p := pacing(t)
	p.route(tea.BlurMsg{})
	p.route(tea.BlurMsg{})
	p.poll(time.Second)
	last := p.change()
	p.route(tea.FocusMsg{}) // shows it without the second being over
	p.newest(last)
	p.poll(16 * time.Millisecond)
	p.due <- time.Time{}
	p.newest(p.change())

	p.route(tea.FocusMsg{})
	p.poll(16 * time.Millisecond)
	p.due <- time.Time{}
	p.route(tea.BlurMsg{})
	p.newest(p.change()) // the one that was awaited by then
	p.poll(time.Second)
	p.route(tea.KeyPressMsg{Code: tea.KeyDown}) // somebody is there
	p.newest(p.change())
	p.poll(16 * time.Millisecond)
}

func TestFocusIsAskedFor(t *testing.T) {
	if !many(t, 3, 80, 24).View().ReportFocus {
		t.Error("the terminal is not asked to say when it loses the focus")
	}
}

// Commands that other packages make are not guarded by them.
func TestAPanicInOneCommandOfABatchIsAMessage(t *testing.T) {
	fine := func() tea.Msg { return clockMsg{} }
	bad := func() tea.Msg { panic("went wrong") }
	panics := 0
	for _, cmd := range guard(tea.Batch(fine, tea.Batch(fine, bad)))().(tea.BatchMsg) {
		var all tea.BatchMsg
		if inner, ok := cmd().(tea.BatchMsg); ok {
			all = inner
		}
		for _, cmd := range all {
			if _, ok := cmd().(panicMsg); ok {
				panics++
			}
		}
	}
	if panics != 1 {
		t.Errorf("%d messages tell of the panic, want 1", panics)
	}
}
