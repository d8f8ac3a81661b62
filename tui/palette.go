package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/keymap"
	"holdfast/tui/frame"
	"holdfast/tui/overlay"
)

// touchAll remembers rows that were acted on, as far as it is known where they stand.
func (m *Model) touchAll(name kind.Name, ids []string) {
	for i, v := range m.Views {
		if v.Kind != name || v.Kind == "" {
			continue
		}
		for _, id := range ids[max(0, len(ids)-maxRecent):] {
			within := m.tabs[i].Order.Within
			if v.Parent == "" || within != "" && strings.HasPrefix(id, within) {
				m.places.touch(place{tab: i, within: within, id: id})
			}
		}
		return
	}
}

// palette offers every view, what can be done here and now, the rows and filters that were used last, and at its end
// what cannot be done, with the reason.
func (m *Model) palette() overlay.Layer {
	var choices []overlay.Choice
	for i, at := range m.tops {
		choices = append(choices, overlay.Choice{Label: m.Views[at].Title, Hint: strings.TrimSpace("view " + frame.Number(i)), Pick: func() tea.Cmd { return m.switchTo(i) }})
	}
	can, cannot := m.available()
	choices = append(choices, can...)
	for _, p := range m.places.recent {
		v := m.Views[p.tab]
		choices = append(choices, overlay.Choice{Label: p.id, Hint: "recent row of " + v.Name, Pick: func() tea.Cmd {
			m.leave()
			return m.restore(p)
		}})
	}
	for _, text := range m.recall.used[m.view().Name] {
		choices = append(choices, overlay.Choice{Label: "filter: " + text, Hint: "used before in " + m.view().Name, Pick: func() tea.Cmd { return m.filterBy(text) }})
	}
	if m.detail == nil || m.split() {
		for _, c := range m.orders() {
			choices = append(choices, overlay.Choice{Label: "sort by " + c.Label, Hint: c.Hint, Pick: c.Pick})
		}
	}
	choices = append(choices, m.connectChoices()...)
	return overlay.NewPicker("Go to a view or do something", append(choices, cannot...))
}

// available are the actions that the operator can choose here, and those that would only say why not.
func (m *Model) available() (can, cannot []overlay.Choice) {
	for _, e := range m.Keys.Actions(m.scope()) {
		switch {
		case e.Scope == keymap.Always, e.Scope == keymap.Move, e.Action.View() > 0, e.Action == keymap.OpenPalette:
			continue
		}
		label := e.Label
		if a := m.viewAction(e.Action); a != nil {
			label = a.Label // in the view's words
		}
		c := overlay.Choice{Label: label, Hint: strings.Join(e.Keys, " ") + "  " + e.Help, Pick: func() tea.Cmd { return m.act(e.Action) }}
		if why := m.disabled(e.Action); why != "" {
			c.Hint = "not now: " + why
			cannot = append(cannot, c)
			continue
		}
		can = append(can, c)
	}
	return can, cannot
}

// helpGroups are the keys that count where the operator is, from the same data that binds them.
func (m *Model) helpGroups() (out []keymap.Group) {
	for _, group := range m.Keys.Help(m.scope()) {
		if group.Entries = m.forView(group.Entries); len(group.Entries) > 0 {
			out = append(out, group)
		}
	}
	return out
}

// forView leaves out what the view does not do, and says in one line how to reach the views.
func (m *Model) forView(entries []keymap.Binding) []keymap.Binding {
	var out []keymap.Binding
	var views []string
	for _, e := range entries {
		switch n := e.Action.View(); {
		case n > len(m.tops) || m.never(e.Action) != "":
		case n > 0:
			views = append(views, e.Keys[0])
		default:
			out = append(out, e)
		}
	}
	if n := len(views); n > 0 {
		out = append(out, keymap.Binding{Keys: []string{views[0], "…", views[n-1]}, Help: "go to the view with that number"})
	}
	return out
}
