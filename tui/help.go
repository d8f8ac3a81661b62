package tui

import (
	"strings"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

const helpKeys = 14 // cells for the keys of an action

// helpPane lists the keys that count where the operator is, from the same data that binds them.
func (m *Model) helpPane() layer {
	scope, view := m.scope(), m.view()
	return &pane{title: "Keys of " + view.Title, text: func(th themes.Theme, w int) (int, func(int) string) {
		var lines []string
		for _, group := range m.Keys.Help(scope) {
			entries := m.forView(group.Entries)
			if len(entries) == 0 {
				continue
			}
			lines = append(lines, th.Title.Render(group.Title))
			for _, e := range entries {
				keys := strings.Join(e.Keys, " ")
				for _, part := range text.Wrap(e.Help, w-helpKeys-1) {
					lines = append(lines, th.Key.Render(text.Fit(keys, helpKeys, false))+" "+th.Text.Render(part))
					keys = ""
				}
			}
			lines = append(lines, "")
		}
		lines = append(lines, th.Title.Render("Filter"))
		for _, l := range []string{
			"word      its letters in this order in a cell",
			"!word     no cell contains it",
			"~expr     regular expression",
			"status:…  any of these, in one column",
			"",
		} {
			lines = append(lines, text.Styled(th.Text, text.Wrap(l, w))...)
		}
		lines = append(lines, th.Title.Render("Signs before a row"))
		for _, l := range []string{
			">  under the cursor",
			"*  marked",
			"~  changed a moment ago",
			"!  unreadable; on a marked row, before the reason",
		} {
			lines = append(lines, text.Styled(th.Text, text.Wrap(l, w))...)
		}
		return listed(lines)
	}}
}

// forView leaves out what the view does not do, and says in one line how to reach the views.
func (m *Model) forView(entries []keymap.Binding) []keymap.Binding {
	var out []keymap.Binding
	var views []string
	for _, e := range entries {
		switch n := e.Action.View(); {
		case n > len(m.tops) || e.Scope == keymap.Row && m.viewAction(e.Action) == nil:
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
