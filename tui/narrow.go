package tui

import (
	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
)

// The filter line and the choice of an order.

// startFilter gives the keys to the filter line. A detail that covers the table makes room for it.
func (m *Model) startFilter() tea.Cmd {
	var cmd tea.Cmd
	if m.detail != nil && !m.split() {
		m.detail, m.trail = nil, nil
		cmd = m.layout()
	}
	m.filtering, m.filterErr = true, nil
	m.input.SetValue(m.table().order.filter.text)
	m.input.CursorEnd()
	return tea.Batch(cmd, m.input.Focus())
}

// filterAct takes the keys of the filter line. A wrong pattern keeps it open.
func (m *Model) filterAct(a keymap.Action) tea.Cmd {
	switch {
	case a == keymap.Accept && m.filterErr == nil:
		m.filtering = false
	case a == keymap.Cancel:
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

// chooseOrder lists the columns; choosing the sorted one again turns it round.
func (m *Model) chooseOrder() tea.Cmd {
	t := m.table()
	var choices []choice
	for i, c := range t.view.Columns {
		if c.Compare == nil && c.CompareIn == nil {
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
	if choices == nil {
		m.say(t.view.Name+" has an order of its own", Plain)
		return nil
	}
	if t.order.column >= 0 || t.order.descending {
		choices = append(choices, choice{"none", "as they come", func() tea.Cmd {
			t.order.column, t.order.descending = -1, false
			return m.arrange()
		}})
	}
	m.overlays.push(newPicker("Sort "+t.view.Title+" by", choices))
	return nil
}
