package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"charm.land/bubbles/v2/textinput"
	"github.com/sahilm/fuzzy"

	"holdfast/keymap"
	"holdfast/themes"
)

// choice is one line of a picker.
type choice struct {
	label, hint string
	pick        func() tea.Cmd
}

// picker is an overlay to choose one of many by typing: the palette, the sort column.
type picker struct {
	title  string
	all    []choice
	shown  []choice
	at     int
	input  textinput.Model
	window scroller
}

func newPicker(title string, all []choice) *picker {
	p := &picker{title: title, all: all, shown: all, input: newInput("")}
	p.input.Placeholder = "type to narrow"
	p.input.Focus()
	return p
}

func newInput(value string) textinput.Model {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = 4096
	in.SetValue(value)
	in.CursorEnd()
	return in
}

func (p *picker) scope() keymap.Scope { return keymap.Palette }

func (p *picker) act(a keymap.Action) (tea.Cmd, verdict) {
	switch a {
	case keymap.PrevChoice:
		p.at--
	case keymap.NextChoice:
		p.at++
	case keymap.Accept:
		if p.at < len(p.shown) {
			return p.shown[p.at].pick(), shut
		}
	case keymap.Cancel:
		return nil, shut
	}
	p.at = max(0, min(p.at, len(p.shown)-1))
	return nil, stay
}

func (p *picker) typed(msg tea.Msg) tea.Cmd {
	before := p.input.Value()
	var cmd tea.Cmd
	p.input, cmd = p.input.Update(msg)
	if text := p.input.Value(); text != before {
		p.narrow(text)
	}
	return cmd
}

func (p *picker) narrow(text string) {
	p.at = 0
	p.shown = p.all
	if text == "" {
		return
	}
	labels := make([]string, len(p.all))
	for i, c := range p.all {
		labels[i] = c.label
	}
	p.shown = nil
	for _, m := range fuzzy.Find(text, labels) {
		p.shown = append(p.shown, p.all[m.Index])
	}
}

func (p *picker) draw(th themes.Theme, w, h int) (string, string) {
	wide := 0
	for _, c := range p.all {
		wide = max(wide, textWidth(c.label))
	}
	wide = min(wide, w/2)
	p.input.SetWidth(w - 4)
	lines := make([]string, len(p.shown))
	for i, c := range p.shown {
		label := fit(Clean(c.label), wide, false)
		if i == p.at {
			lines[i] = th.RowSelected.Render("> " + fit(label+"  "+c.hint, w-2, false))
		} else {
			lines[i] = "  " + th.Text.Render(label) + "  " + th.Muted.Render(cut(c.hint, w-wide-4))
		}
	}
	rows := max(1, min(h-2, max(len(p.all), 1)))
	p.window.height = rows
	p.window.top = max(min(p.window.top, p.at), p.at-rows+1)
	shown := p.window.view(lines, rows)
	if len(lines) == 0 {
		shown = []string{th.Muted.Render("nothing matches")}
	}
	for len(shown) < rows { // the box keeps its size while one types
		shown = append(shown[:len(shown):len(shown)], "")
	}
	return p.title, p.input.View() + "\n" + strings.Join(shown, "\n")
}
