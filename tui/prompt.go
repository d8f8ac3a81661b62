package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/themes"
)

// prompt is a line to type in: a filter, the beginning of a row, a text to look for.
type prompt struct {
	mute
	input   *field
	label   string
	keys    keymap.Scope
	offers  func() []keymap.Action // beside taking and leaving it
	wrong   func() string          // with what was typed; empty: nothing
	changed func(text string) tea.Cmd
	decide  func(keymap.Action) (next func() tea.Cmd, shut bool)
}

func newPrompt(p prompt, text string) *prompt {
	p.input = newField(text)
	p.input.focused = true
	return &p
}

func (p *prompt) scope() keymap.Scope { return p.keys }

func (p *prompt) hints() []hint {
	out := hintsOf(keymap.Accept, keymap.Cancel)
	if p.offers != nil {
		out = append(out, hintsOf(p.offers()...)...)
	}
	return out
}

func (p *prompt) act(a keymap.Action) (func() tea.Cmd, bool) { return p.decide(a) }

func (p *prompt) beside() (func() tea.Cmd, bool) { return p.decide(keymap.Accept) }

func (p *prompt) inline() bool { return true }

func (p *prompt) intake() intake { return p.input.intake() }

func (p *prompt) typed(msg tea.Msg) tea.Cmd {
	before := p.input.text
	if p.input.take(msg); p.input.text == before {
		return nil
	}
	return p.changed(p.input.text)
}

func (p *prompt) draw(th themes.Theme, w, _ int) (string, []string) {
	p.input.width = w / 2
	line, wrong := th.Key.Render(p.label)+p.input.view(), p.wrong()
	if wrong != "" {
		line = th.Key.Render(p.label) + strings.TrimRight(p.input.view(), " ") + "  " + th.Bad.Render(wrong)
	}
	return "", []string{line}
}
