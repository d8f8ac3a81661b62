package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"charm.land/bubbles/v2/textarea"
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
	area.MoveToBegin()
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
	return "edit " + Clean(e.doc.ID), e.area.View()
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
