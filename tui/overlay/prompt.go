package overlay

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/themes"
)

// Prompt is a line to type in: a filter, the beginning of a row, a text to look for.
type Prompt struct {
	mute
	input   *field
	Label   string
	Keys    keymap.Scope
	Offers  func() []keymap.Action // beside taking and leaving it
	Wrong   func() string          // with what was typed; empty: nothing
	Changed func(text string) tea.Cmd
	Decide  func(keymap.Action) (next func() tea.Cmd, shut bool)
}

// NewPrompt opens a prompt with a text in it.
func NewPrompt(p Prompt, text string) *Prompt {
	p.input = newField(text)
	p.input.focused = true
	return &p
}

// Text is what stands in it.
func (p *Prompt) Text() string { return p.input.text }

// Set puts a text in the place of that.
func (p *Prompt) Set(text string) { p.input.set(text) }

func (p *Prompt) scope() keymap.Scope { return p.Keys }

func (p *Prompt) hints() []Hint {
	out := HintsOf(keymap.Accept, keymap.Cancel)
	if p.Offers != nil {
		out = append(out, HintsOf(p.Offers()...)...)
	}
	return out
}

func (p *Prompt) act(a keymap.Action) (func() tea.Cmd, bool) { return p.Decide(a) }

func (p *Prompt) beside() (func() tea.Cmd, bool) { return p.Decide(keymap.Accept) }

func (p *Prompt) inline() bool { return true }

func (p *Prompt) intake() intake { return p.input.intake() }

func (p *Prompt) typed(msg tea.Msg) tea.Cmd {
	before := p.input.text
	if p.input.take(msg); p.input.text == before {
		return nil
	}
	return p.Changed(p.input.text)
}

func (p *Prompt) draw(th themes.Theme, w, _ int) (string, []string) {
	p.input.width = w / 2
	line, wrong := th.Key.Render(p.Label)+p.input.view(), p.Wrong()
	if wrong != "" {
		line = th.Key.Render(p.Label) + strings.TrimRight(p.input.view(), " ") + "  " + th.Bad.Render(wrong)
	}
	return "", []string{line}
}
