package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/overlay"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// jump is the prompt that leads the cursor to the first row that begins with what is typed.
type jump struct {
	table   *table.Table
	from    string // ID of the row that it began at
	at, top int    // where that stood
	text    string // as typed so far
	missing bool   // no row begins with it
	looking bool   // through the rows, off the UI's goroutine
	open    bool   // the prompt has the keys
	entered bool   // the prompt is closed, and what it looks for is still wanted
	cursor  string // ID of the row that the cursor was on then
}

// jumpedMsg is what a look through the rows gave.
type jumpedMsg struct {
	j    *jump
	text string
	id   string // empty: no row begins with the text
}

func (m *Model) startJump() tea.Cmd {
	t := m.table()
	j := &jump{table: t, from: t.Cursor, at: t.At, top: t.Top, open: true}
	m.jump = j
	m.openPrompt(overlay.NewPrompt(overlay.Prompt{
		Label: " jump to ", Keys: keymap.Input, Wrong: j.complaint,
		Changed: func(typed string) tea.Cmd { return m.jumpTo(j, typed) },
		Decide:  func(a keymap.Action) (func() tea.Cmd, bool) { return nil, m.jumpAct(j, a) },
	}, ""))
	return nil
}

// jumpAct takes the keys of the prompt.
func (m *Model) jumpAct(j *jump, a keymap.Action) (shut bool) {
	switch a {
	case keymap.Accept:
		j.open, j.entered, j.cursor = false, true, j.table.Cursor
	case keymap.Cancel:
		j.open = false
		j.back()
		m.focus()
	}
	return !j.open
}

// back leads to where the jump began.
func (j *jump) back() {
	at, ok := j.table.Rows.Find(j.from)
	if !ok {
		at = j.at
	}
	j.table.Top = j.top + at - j.at
	j.table.MoveTo(at)
}

// jumpTo goes to the first row that begins with a text. Where the rows come in the order of their names that is found at
// once; else all of them may have to be looked at, which takes a while with a million.
func (m *Model) jumpTo(j *jump, text string) tea.Cmd {
	j.text = text
	if text == "" {
		j.missing = false
		j.back()
		m.focus()
		return nil
	}
	rows, view := j.table.Rows, j.table.View
	if id, ok := rows.StartingWith(view, text); ok {
		m.land(j, id)
		return nil
	}
	if j.looking {
		return nil // jumped comes back and sees that there is more to do
	}
	j.looking = true
	at := m.clock()
	return func() tea.Msg { return jumpedMsg{j, text, rows.Look(view, text, at)} }
}

// jumped takes in what a look gave, unless somebody went on elsewhere.
func (m *Model) jumped(msg jumpedMsg) tea.Cmd {
	j := msg.j
	j.looking = false
	left := !j.open && !(j.entered && m.table() == j.table && j.table.Cursor == j.cursor)
	switch {
	case left:
	case msg.text != j.text:
		return m.jumpTo(j, j.text)
	default:
		m.land(j, msg.id)
	}
	return nil
}

// land moves the cursor to a row; without one it stays and the prompt says so.
func (m *Model) land(j *jump, id string) {
	at, ok := j.table.Rows.Find(id)
	if j.missing = !ok; ok {
		j.table.MoveTo(at)
		m.focus()
	} else if j.entered {
		m.say(j.complaint(), view.Plain)
	}
}

// complaint says that nothing was found; empty while something was.
func (j *jump) complaint() string {
	if !j.missing {
		return ""
	}
	return fmt.Sprintf(`no row begins with "%s"`, text.Line(j.text))
}
