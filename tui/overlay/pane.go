package overlay

import (
	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// pane is an overlay that shows scrolled text: help, the command log, an error in full.
type pane struct {
	mute
	title string
	text  func(th themes.Theme, w int) (n int, line func(i int) string) // asked anew each time, so that a log moves
	log   bool                                                          // whoever sees its end goes on seeing it
	end   bool                                                          // its end is to be shown
	held  string                                                        // how to go on with a log that stands still
	s     Scroller
}

func listed(lines []string) (int, func(i int) string) {
	return len(lines), func(i int) string { return lines[i] }
}

// NewText shows a text in full, of any bytes.
func NewText(title, says string) *pane {
	return &pane{title: title, text: func(_ themes.Theme, w int) (int, func(int) string) {
		return listed(text.Wrap(text.CleanLines(says), w))
	}}
}

func (p *pane) scope() keymap.Scope { return keymap.Pager }

func (p *pane) hints() []Hint {
	return HintsOf(keymap.Close, keymap.PageDown, keymap.PageUp)
}

func (p *pane) act(a keymap.Action) (func() tea.Cmd, bool) {
	if p.s.Act(a) {
		p.end = p.log && p.s.atEnd()
	}
	return nil, a == keymap.Close
}

func (p *pane) beside() (func() tea.Cmd, bool) { return nil, true }

func (p *pane) draw(th themes.Theme, w, h int) (string, []string) {
	n, line := p.text(th, w)
	if p.end {
		p.s.Asked = n
	}
	title := p.title
	if p.log && !p.end {
		title += ", held: " + p.held
	}
	title, shown := p.s.above(title, make([]string, n), nil, h)
	for i := range shown {
		shown[i] = line(p.s.Top + i)
	}
	return title, shown
}
