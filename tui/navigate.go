package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/keymap"
)

// act carries out an action of the table, the detail pane or the whole screen.
func (m *Model) act(a keymap.Action) tea.Cmd {
	if n := a.View(); n > 0 {
		return m.switchTo(n - 1)
	}
	switch a {
	case keymap.Quit:
		return tea.Quit
	case keymap.NextView:
		return m.switchTo((m.active + 1) % len(m.tabs))
	case keymap.PrevView:
		return m.switchTo((m.active + len(m.tabs) - 1) % len(m.tabs))
	case keymap.Help:
		m.overlays.push(m.helpPane())
	case keymap.OpenPalette:
		m.overlays.push(m.palette())
	case keymap.CommandLog:
		m.overlays.push(m.commandLog())
	case keymap.Refresh:
		m.Live.Refresh()
		if m.snap.State != live.Lost { // there the countdown says more
			m.say("reading again", Plain)
		}
	case keymap.Pause:
		on := !m.snap.Paused
		m.Live.Pause(on)
	case keymap.Undo:
		return m.undoLast()
	case keymap.Copy:
		return m.copy()
	case keymap.Back:
		return m.back()
	case keymap.OpenDetail, keymap.FollowLink:
		return m.enter()
	default:
		if v := m.viewAction(a); v != nil {
			return m.begin(v)
		}
		if m.detail != nil {
			m.detail.act(a)
			return nil
		}
		return m.tableAct(a)
	}
	return nil
}

// tableAct moves in the table or changes how it is shown.
func (m *Model) tableAct(a keymap.Action) tea.Cmd {
	t := m.table()
	switch a {
	case keymap.Up:
		t.moveTo(t.at - 1)
	case keymap.Down:
		t.moveTo(t.at + 1)
	case keymap.PageUp:
		t.moveTo(t.at - t.height)
	case keymap.PageDown:
		t.moveTo(t.at + t.height)
	case keymap.HalfPageUp:
		t.moveTo(t.at - t.height/2)
	case keymap.HalfPageDown:
		t.moveTo(t.at + t.height/2)
	case keymap.Top:
		t.moveTo(0)
	case keymap.Bottom:
		t.moveTo(t.rows.Len() - 1)
	case keymap.Left:
		t.slide(-1)
	case keymap.Right:
		t.slide(1)
	case keymap.Mark:
		t.toggleMark()
	case keymap.MarkAll:
		m.markAll()
	case keymap.ClearMarks:
		clear(t.marks)
	case keymap.Filter:
		m.filtering = true
		m.input.SetValue(t.order.filter.text)
		m.input.CursorEnd()
		return m.input.Focus()
	case keymap.Sort:
		m.overlays.push(m.sortPicker())
	case keymap.SortReverse:
		t.order.descending = !t.order.descending
		return m.arrange()
	default:
		b, _ := m.Keys.Binding(a)
		m.say(fmt.Sprintf("%s: not for %s", b.Label, t.view.Name), Plain)
	}
	return m.focus()
}

func (m *Model) switchTo(tab int) tea.Cmd {
	if tab < 0 || tab >= len(m.tabs) {
		m.say(fmt.Sprintf("there are %d views", len(m.tabs)), Plain)
		return nil
	}
	m.active, m.detail = tab, nil
	m.filterErr = nil
	m.layout()
	return m.arrange()
}

// back undoes the last step inward: the detail, then the marks, then the filter.
func (m *Model) back() tea.Cmd {
	t := m.table()
	switch {
	case m.detail != nil:
		m.detail = nil
		m.layout()
	case len(t.marks) > 0:
		clear(t.marks)
	case t.order.filter.text != "":
		return m.setFilter("")
	}
	return nil
}

// enter opens the row under the cursor, or follows the selected link of an open detail.
func (m *Model) enter() tea.Cmd {
	if m.detail != nil {
		if l, ok := m.detail.selectedLink(); ok {
			return m.open(l)
		}
		return nil
	}
	row := m.table().selected()
	if row == nil {
		return nil
	}
	if open := m.view().Open; open != nil {
		if l, ok := open(row); ok {
			return m.open(l)
		}
		return nil
	}
	return m.openDetail(m.view(), row.ID())
}

// markAll marks every row that is shown.
func (m *Model) markAll() {
	t := m.table()
	for i := range t.rows.Len() {
		t.marks[t.rows.At(i).ID()] = struct{}{}
	}
}

func (m *Model) copy() tea.Cmd {
	text := ""
	if m.detail != nil && m.detail.whole.Found {
		text = string(m.detail.whole.Body)
	} else if row := m.target(); row != nil {
		text = row.ID()
	}
	if text == "" {
		return nil
	}
	m.say("copied: "+text, Good)
	return tea.SetClipboard(text)
}

// target is the one row that an action is for: that of the open detail, else the one under the cursor.
func (m *Model) target() live.Row {
	if m.detail != nil {
		if m.detail.gone {
			return nil
		}
		return m.detail.row
	}
	return m.table().selected()
}

// filterAct takes the keys of the filter line.
func (m *Model) filterAct(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Accept:
		m.filtering = false
	case keymap.Cancel:
		m.filtering = false
		return m.setFilter("")
	}
	return nil
}

// setFilter filters the active table. A pattern that is not complete yet leaves the rows as they are and says why.
func (m *Model) setFilter(text string) tea.Cmd {
	t := m.table()
	f, err := parseFilter(text, t.view.Columns)
	if m.filterErr = err; err != nil {
		return nil
	}
	t.order.filter = f
	return m.arrange()
}

// sortPicker lists the columns; choosing the sorted one again turns it round.
func (m *Model) sortPicker() overlay {
	t := m.table()
	choices := []choice{}
	for i, c := range t.view.Columns {
		if c.Compare == nil {
			continue
		}
		hint := ""
		if i == t.order.column {
			hint = "sorted by this: choose again to turn it round"
		}
		choices = append(choices, choice{c.Title, hint, func() tea.Cmd {
			t.order.descending = i == t.order.column && !t.order.descending
			t.order.column = i
			return m.arrange()
		}})
	}
	return newPicker("Sort "+t.view.Title+" by", choices)
}
