package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"charm.land/bubbles/v2/textarea"
	"github.com/aymanbagabas/go-udiff"

	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/themes"
)

// editor is the inline editor, for terminals without $EDITOR.
type editor struct {
	doc  operate.Document
	area textarea.Model
}

func newEditor(doc operate.Document, text string) *editor {
	area := textarea.New()
	area.ShowLineNumbers = false
	area.CharLimit = 0
	area.SetValue(text)
	area.Focus()
	return &editor{doc, area}
}

func (e *editor) scope() keymap.Scope { return keymap.Editor }

func (e *editor) act(a keymap.Action) (tea.Cmd, verdict) {
	switch a {
	case keymap.Save:
		doc, text := e.doc, e.area.Value()
		return func() tea.Msg { return editedMsg{doc, text, nil} }, shut
	case keymap.Leave:
		return nil, shut
	}
	return nil, stay
}

func (e *editor) typed(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	e.area, cmd = e.area.Update(msg)
	return cmd
}

func (e *editor) draw(th themes.Theme, w, h int) (string, string) {
	e.area.SetWidth(w)
	e.area.SetHeight(max(3, min(h-2, e.area.LineCount()+2)))
	return "edit " + Clean(e.doc.ID) + ": ctrl+s saves, esc leaves without saving", e.area.View()
}

// conflict shows a document that changed under the editor: what the operator wrote against what is there now.
type conflict struct {
	theirs operate.Document
	mine   string
	again  func() tea.Cmd
	drop   bool // "drop" is selected
	s      scroller
}

func (c *conflict) scope() keymap.Scope { return keymap.Confirm }

func (c *conflict) act(a keymap.Action) (tea.Cmd, verdict) {
	switch a {
	case keymap.NextButton, keymap.PrevButton:
		c.drop = !c.drop
	case keymap.Press:
		if c.drop {
			return nil, shut
		}
		return c.again(), shut
	case keymap.No:
		return nil, shut
	default:
		c.s.act(a)
	}
	return nil, stay
}

func (c *conflict) typed(tea.Msg) tea.Cmd { return nil }

func (c *conflict) draw(th themes.Theme, w, h int) (string, string) {
	var lines []string
	for l := range strings.Lines(udiff.Unified("on the server now", "yours", c.theirs.Text(), c.mine)) {
		l = CleanLines(strings.TrimRight(l, "\n"))
		style := th.Text
		switch {
		case strings.HasPrefix(l, "+"):
			style = th.Good
		case strings.HasPrefix(l, "-"):
			style = th.Bad
		}
		lines = append(lines, style.Render(cut(l, w)))
	}
	if len(lines) == 0 {
		lines = []string{"The server already holds what you wrote."}
	}
	again, drop := th.ButtonFocus, th.Button
	againText, dropText := "> edit yours again, on what is there now <", "  drop yours  "
	if c.drop {
		again, drop = th.Button, th.ButtonFocus
		againText, dropText = "  edit yours again, on what is there now  ", "> drop yours <"
	}
	head := "It was changed meanwhile, so nothing was written. - is on the server now, + is yours."
	out := append(wrap(head, w), "")
	out = append(out, c.s.view(lines, max(1, min(len(lines), h-4)))...)
	out = append(out, "", again.Render(againText)+"  "+drop.Render(dropText))
	return "conflict on " + Clean(c.theirs.ID), strings.Join(out, "\n")
}

// retry says why an edited text cannot be saved and leads back to it.
type retry struct {
	err   error
	again func() tea.Cmd
}

func (r *retry) scope() keymap.Scope { return keymap.Confirm }

func (r *retry) act(a keymap.Action) (tea.Cmd, verdict) {
	switch a {
	case keymap.Press, keymap.Yes:
		return r.again(), shut
	case keymap.No:
		return nil, shut
	}
	return nil, stay
}

func (r *retry) typed(tea.Msg) tea.Cmd { return nil }

func (r *retry) draw(th themes.Theme, w, _ int) (string, string) {
	lines := styled(th.Bad, wrap(Clean(r.err.Error()), w))
	return "cannot be saved", strings.Join(append(lines, "", "enter goes back to your text, esc drops it"), "\n")
}
