package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/overlay"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// The filter line and the choice of an order.

// startFilter gives the keys to the filter line.
func (m *Model) startFilter() tea.Cmd {
	m.recall.err, m.recall.at = nil, -1
	p := overlay.NewPrompt(overlay.Prompt{Label: " /", Keys: keymap.Line}, m.table().Order.Filter.Text)
	p.Offers = func() []keymap.Action {
		if len(m.recall.used[m.view().Name]) == 0 {
			return nil
		}
		return []keymap.Action{keymap.OlderFilter, keymap.NewerFilter}
	}
	p.Wrong = func() string {
		if m.recall.err == nil {
			return ""
		}
		return text.Line(m.recall.err.Error())
	}
	p.Changed = func(typed string) tea.Cmd {
		m.recall.at = -1
		return m.setFilter(typed)
	}
	p.Decide = func(a keymap.Action) (func() tea.Cmd, bool) { return m.filterAct(a, p) }
	m.openPrompt(p)
	return m.uncover()
}

// uncover closes a detail that covers the table.
func (m *Model) uncover() tea.Cmd {
	if m.detail == nil || m.split() {
		return nil
	}
	m.detail, m.places.trail = nil, nil
	return m.layout()
}

// filterAct takes the keys of the filter line. A wrong pattern keeps it open.
func (m *Model) filterAct(a keymap.Action, p *overlay.Prompt) (next func() tea.Cmd, shut bool) {
	switch {
	case a == keymap.Accept && m.recall.err == nil:
		return func() tea.Cmd { return m.useFilter(p.Text()) }, true
	case a == keymap.OlderFilter || a == keymap.NewerFilter:
		return func() tea.Cmd { return m.recallFilter(a, p) }, false
	case a == keymap.Cancel:
		return func() tea.Cmd { return m.setFilter("") }, true
	}
	return nil, false
}

// setFilter filters the active table. A pattern that is not complete yet leaves the rows as they are and says why.
func (m *Model) setFilter(text string) tea.Cmd {
	t := m.table()
	f, err := table.ParseFilter(text, t.View.Columns)
	if m.recall.err = err; err != nil {
		return nil
	}
	t.Order.Filter = f
	return m.arrange()
}

// chooseOrder lists the columns.
func (m *Model) chooseOrder() tea.Cmd {
	choices := m.orders()
	if choices == nil {
		m.say(m.disabled(keymap.Sort), view.Plain)
		return nil
	}
	m.overlays.Push(overlay.NewPicker("Sort "+m.view().Title+" by", choices))
	return nil
}

// orders are the columns to sort by; choosing the sorted one again reverses it.
func (m *Model) orders() (choices []overlay.Choice) {
	t := m.table()
	for i, c := range t.View.Columns {
		if !c.Sortable() {
			continue
		}
		hint := ""
		if i == t.Order.Column {
			hint = "sorted by this: choose again to reverse"
		}
		choices = append(choices, overlay.Choice{Label: c.Title, Hint: hint, Pick: func() tea.Cmd { return m.sortBy(i) }})
	}
	if choices != nil && (t.Order.Column >= 0 || t.Order.Descending) {
		choices = append(choices, overlay.Choice{Label: "none", Hint: "as they come", Pick: func() tea.Cmd {
			t.Order.Column, t.Order.Descending = -1, false
			return m.arrange()
		}})
	}
	return choices
}

// sortBy sorts by a column, or reverses the order if it is sorted by it already.
func (m *Model) sortBy(column int) tea.Cmd {
	t := m.table()
	if c := t.View.Columns[column]; !c.Sortable() {
		why := t.View.Name + " has a fixed order"
		if slices.ContainsFunc(t.View.Columns, view.Column.Sortable) {
			why = "cannot sort by " + c.Title
		}
		m.say(why, view.Plain)
		return nil
	}
	t.Order.Descending = column == t.Order.Column && !t.Order.Descending
	t.Order.Column = column
	return m.arrange()
}
