package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Whatever comes in a heap.

// stormy is a dashboard whose time stands still unless the test moves it, and which counts its drawings.
type stormy struct {
	*Model
	t     *testing.T
	now   time.Time
	drawn int
	last  string
}

func storm(t *testing.T, w, h int) *stormy {
	s := &stormy{Model: many(t, 20_000, w, h), t: t, now: time.Now()}
	s.Now = func() time.Time { return s.now }
	s.pace.after = func(time.Duration) <-chan time.Time {
		due := make(chan time.Time, 1)
		due <- time.Time{}
		return due
	}
	s.last = s.View().Content
	return s
}

// send does what Bubble Tea does with a message, but for the commands: those that follow a key at once are returned.
func (s *stormy) send(msg tea.Msg) tea.Cmd {
	_, cmd := s.Update(msg)
	if now := s.View().Content; now != s.last {
		s.drawn++
		s.last = now
	}
	return cmd
}

func (s *stormy) shows(text string) {
	s.t.Helper()
	if screen := ansi.Strip(s.last); !strings.Contains(screen, text) {
		s.t.Errorf("%q is not on the screen:\n%s", text, screen)
	}
}

func TestTenThousandKeysAtOnce(t *testing.T) {
	s := storm(t, 80, 24)
	var draw []tea.Cmd
	for range 10_000 {
		if cmd := s.send(tea.KeyPressMsg{Code: tea.KeyDown}); cmd != nil {
			draw = append(draw, cmd)
		}
	}
	if s.drawn != 1 || len(draw) != 1 {
		t.Fatalf("%d frames and %d more to come, want the first and one", s.drawn, len(draw))
	}
	s.shows("> agent-0000001 ") // the first one was answered at once
	s.now = s.now.Add(frameEvery)
	s.send(draw[0]())
	s.shows("> agent-0010000 ")
	s.shows("row 10,001 of 20,000")

	// A key after the storm is answered at once again.
	s.now = s.now.Add(frameEvery)
	s.send(tea.KeyPressMsg{Code: tea.KeyUp})
	s.shows("> agent-0009999 ")
}

// What comes from the server is not kept back by keys, nor keys by it.
func TestDataAmongKeys(t *testing.T) {
	s := storm(t, 80, 24)
	s.send(tea.KeyPressMsg{Code: tea.KeyDown})
	draw := s.send(tea.KeyPressMsg{Code: tea.KeyDown})
	s.shows("> agent-0000001 ")
	s.send(snapshotMsg{s.snap})
	s.shows("> agent-0000002 ")
	s.now = s.now.Add(frameEvery)
	s.send(draw())
	s.send(snapshotMsg{s.snap})
	s.now = s.now.Add(frameEvery)
	s.send(tea.KeyPressMsg{Code: tea.KeyDown})
	s.shows("> agent-0000003 ")
}

func TestManyKeysIntoAFilter(t *testing.T) {
	s := storm(t, 80, 24)
	s.send(tea.KeyPressMsg{Code: '/', Text: "/"})
	text := strings.Repeat("agent", 400) + "z"
	for _, r := range text {
		s.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	if got := s.table().Order.Filter.Text; got != text {
		t.Errorf("%d of %d characters arrived", len(got), len(text))
	}
	s.now = s.now.Add(frameEvery)
	s.send(drawMsg{})
	s.shows("agentz ")
}

func TestResizeStorm(t *testing.T) {
	s := storm(t, 80, 24)
	s.send(tea.KeyPressMsg{Code: tea.KeyEnd})
	s.now = s.now.Add(frameEvery)
	sizes := 2_000
	if testing.Short() {
		sizes = 200
	}
	for i := range sizes {
		w, h := i*37%230, i*13%70
		s.send(tea.WindowSizeMsg{Width: w, Height: h})
		if lines := strings.Count(s.last, "\n") + 1; lines != max(h, 1) {
			t.Fatalf("%dx%d: %d lines", w, h, lines)
		}
	}
	s.send(tea.WindowSizeMsg{Width: 100, Height: 30})
	s.shows("> agent-0019999 ")
	if got := strings.Count(s.last, "\n"); got != 29 {
		t.Errorf("%d line ends", got)
	}
}
