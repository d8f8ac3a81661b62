package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/themes"
)

// pane is an overlay that shows scrolled text: help, the command log, an error in full.
type pane struct {
	title string
	text  func(th themes.Theme, w int) []string // drawn anew each time, so that a log moves
	s     scroller
}

func (p *pane) scope() keymap.Scope { return keymap.Pager }

func (p *pane) act(a keymap.Action) (tea.Cmd, verdict) {
	switch {
	case p.s.act(a):
	case a == keymap.Close || a == keymap.Back:
		return nil, shut
	}
	return nil, stay
}

func (p *pane) typed(tea.Msg) tea.Cmd { return nil }

func (p *pane) draw(th themes.Theme, w, h int) (string, string) {
	lines := p.text(th, w)
	shown := p.s.view(lines, min(h, len(lines)))
	title := p.title
	if len(lines) > len(shown) {
		title += " (up/down scroll)"
	}
	return title, strings.Join(shown, "\n")
}
