package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"charm.land/bubbles/v2/textarea"

	"holdfast/keymap"
	"holdfast/themes"
)

// editor is the inline editor, for terminals without $EDITOR.
type editor struct {
	draft       draft // as opened
	save, leave func(draft) tea.Cmd
	area        textarea.Model
}

// mostEdited is how many lines the inline editor takes: it draws all of them at each key.
const mostEdited = 1000

// newEditor opens a draft, or says why it cannot: the text must come out of it as it went in.
func newEditor(d draft, save, leave func(draft) tea.Cmd) (e *editor, why string) {
	if n := strings.Count(d.text, "\n"); n > mostEdited {
		return nil, fmt.Sprintf("a text of %d lines is too long for the editor of the dashboard", n)
	}
	area := textarea.New()
	area.ShowLineNumbers = false
	area.Prompt = ""
	area.CharLimit, area.MaxHeight = 0, 0
	area.KeyMap.Paste.SetEnabled(false) // as in newInput
	area.KeyMap.CopySelection.SetEnabled(false)
	styles := area.Styles()
	styles.Cursor.Blink, styles.Cursor.Color = false, nil
	styles.Focused = textarea.StyleState{}
	area.SetStyles(styles)
	area.SetValue(d.text)
	area.MoveToBegin()
	area.Focus()
	if area.Value() != d.text || CleanLines(d.text) != d.text {
		return nil, "the text has tabs or invisible characters, which the editor of the dashboard would not keep"
	}
	return &editor{d, save, leave, area}, ""
}

func (e *editor) scope() keymap.Scope { return keymap.Editor }

func (e *editor) hints() []keymap.Action { return []keymap.Action{keymap.Save, keymap.Leave} }

func (e *editor) act(a keymap.Action) (func() tea.Cmd, bool) {
	d := draft{e.draft.doc, e.area.Value()}
	switch a {
	case keymap.Save:
		return func() tea.Cmd { return e.save(d) }, true
	case keymap.Leave:
		return func() tea.Cmd { return e.leave(d) }, true
	}
	return nil, false
}

func (e *editor) typed(msg tea.Msg) (cmd tea.Cmd) {
	switch typed := msg.(type) {
	case tea.PasteMsg:
		typed.Content = CleanLines(typed.Content)
		msg = typed
	case tea.KeyPressMsg:
		typed.Text = Clean(typed.Text)
		msg = typed
	}
	e.area, cmd = e.area.Update(msg)
	return cmd
}

func (e *editor) draw(_ themes.Theme, w, h int) (string, []string) {
	e.area.SetWidth(w)
	e.area.SetHeight(max(1, min(h, e.area.LineCount()+1)))
	return "edit " + cleanStart(e.draft.doc.ID), lines(e.area.View())
}
