package tui

import (
	"fmt"
	"strings"
	"time"

	"holdfast/core/conn"
	"holdfast/keymap"
	"holdfast/themes"
)

const helpKeys = 14 // cells for the keys of an action

// helpPane lists the keys that count where the operator is, from the same data that binds them.
func (m *Model) helpPane() overlay {
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
				for _, part := range wrap(e.Help, w-helpKeys-1) {
					lines = append(lines, th.Key.Render(fit(keys, helpKeys, false))+" "+th.Text.Render(part))
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
			lines = append(lines, styled(th.Text, wrap(l, w))...)
		}
		lines = append(lines, th.Title.Render("Signs before a row"))
		for _, l := range []string{
			">  under the cursor",
			"*  marked",
			"~  changed a moment ago",
			"!  cannot be read; of a marked row it stands before the reason",
		} {
			lines = append(lines, styled(th.Text, wrap(l, w))...)
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
		out = append(out, keymap.Binding{Keys: []string{views[0], "…", views[n-1]}, Help: "go to the view of that number"})
	}
	return out
}

// commandLog shows every Redis command that was sent, as one would type it. It stands still while somebody reads in it.
func (m *Model) commandLog() overlay {
	p := &pane{title: "Commands sent", log: true, end: true, held: m.keyName(keymap.Bottom) + " goes on"}
	var entries []conn.Entry
	p.text = func(th themes.Theme, w int) (int, func(int) string) {
		if p.end {
			entries = m.Conn.Log.Last()
		}
		return len(entries), func(i int) string {
			e := entries[i]
			when := fmt.Sprintf("%s %7s  ", e.At.Format("15:04:05.000"), e.Took.Round(10*time.Microsecond))
			text, style := cleanStart(e.Text), th.Text
			switch {
			case e.Err != "":
				text, style = text+"  -> "+cleanStart(e.Err), th.Bad
			case e.Reads:
				style = th.Muted
			}
			return th.Muted.Render(when) + style.Render(cut(text, w-textWidth(when)))
		}
	}
	return p
}
