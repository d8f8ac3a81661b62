package tui_test

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/redistest"
	"holdfast/tui"
)

// sheet shows the last text it was sent.
type sheet struct {
	text string
	soon func()
}

func (s *sheet) Init() tea.Cmd { return nil }

func (s *sheet) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if text, ok := msg.(string); ok {
		s.text = text
	}
	return s, nil
}

func (s *sheet) View() tea.View {
	s.soon()
	return tea.NewView(s.text)
}

// A frame reaches the terminal also after something stopped Bubble Tea from looking for frames, as an editor that ends at once may.
// It fails as well if Bubble Tea keeps its ticker elsewhere: then an idle dashboard costs three times as much.
func TestFramesAreWrittenThoughNobodyLooksForThem(t *testing.T) {
	var out output
	s := &sheet{}
	p := tea.NewProgram(s, tea.WithFPS(120), tea.WithInput(nil), tea.WithOutput(&out), tea.WithWindowSize(40, 10), tea.WithoutSignals())
	s.soon = tui.Cadence(p)
	done := make(chan error, 1)
	go func() { _, err := p.Run(); done <- err }()
	p.Send("first")
	redistest.Eventually(t, "the first frame is written", out.has("first"))
	ticker := tui.TickerOf(p)
	if ticker == nil {
		t.Fatal("the ticker of the renderer is not found")
	}
	ticker.Stop()
	p.Send("second")
	redistest.Eventually(t, "the frame after it is written", out.has("second"))
	p.Quit()
	must(t, <-done)
}
