package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/themes"
)

func textPane(title, text string) *pane {
	return &pane{title: title, text: func(th themes.Theme, w int) []string {
		var lines []string
		for l := range strings.SplitSeq(CleanLines(text), "\n") {
			lines = append(lines, wrap(l, w)...)
		}
		return lines
	}}
}

// helpPane lists the keys that count where the operator is, from the same data that binds them.
func (m *Model) helpPane() overlay {
	scope, view := m.scope(), m.view()
	return &pane{title: "Keys of " + view.Title, text: func(th themes.Theme, w int) []string {
		var lines []string
		for _, group := range m.Keys.Help(scope) {
			lines = append(lines, th.Title.Render(group.Title))
			for _, e := range group.Entries {
				if n := e.Action.View(); n > 1 {
					continue // said once for all
				} else if n == 1 {
					e.Keys, e.Help = []string{"1-9"}, "go to the view of that number"
				}
				if e.Scope == keymap.Row && m.viewAction(e.Action) == nil {
					continue // not for this view
				}
				lines = append(lines, th.Key.Render(fit(strings.Join(e.Keys, " "), 16, false))+" "+th.Text.Render(cut(e.Help, w-17)))
			}
			lines = append(lines, "")
		}
		return append(lines,
			th.Title.Render("Filter"),
			"word            its letters in order within a cell (fuzzy)",
			"!word           no cell contains it",
			"~expr           regular expression",
			"column:...      any of these in one column, as in status:running",
			"",
			th.Title.Render("Rows"),
			">  cursor    *  marked    ~  changed a moment ago    !  cannot be read",
		)
	}}
}

// palette offers every view and every action that fits the row.
func (m *Model) palette() overlay {
	var choices []choice
	for i, v := range m.Views {
		choices = append(choices, choice{v.Title, "view " + fmt.Sprint(i+1), func() tea.Cmd { return m.switchTo(i) }})
	}
	for _, e := range m.Keys.Actions(m.scope()) {
		if e.Scope == keymap.Move || e.Action.View() > 0 || e.Scope == keymap.Row && m.viewAction(e.Action) == nil {
			continue
		}
		choices = append(choices, choice{e.Label, strings.Join(e.Keys, " ") + "  " + e.Help, func() tea.Cmd { return m.act(e.Action) }})
	}
	return newPicker("Go to a view or do something", choices)
}

// commandLog shows every Redis command that was sent, as one would type it: first those that may have changed something.
func (m *Model) commandLog() overlay {
	return &pane{title: "Commands sent", text: func(th themes.Theme, w int) []string {
		entries := m.Conn.Log.Last()
		slices.Reverse(entries)
		lines := []string{th.Title.Render("Those that may change something, newest first")}
		reads := []string{"", th.Title.Render("Those that only read, newest first")}
		for _, e := range entries {
			text := fmt.Sprintf("%s %7s  %s", e.At.Format("15:04:05.000"), e.Took.Round(10*time.Microsecond), Clean(e.Text))
			if e.Err != "" {
				text += "  -> " + Clean(e.Err)
			}
			if e.Reads {
				reads = append(reads, cut(text, w))
			} else {
				lines = append(lines, cut(text, w))
			}
		}
		if len(lines) == 1 {
			lines = append(lines, th.Muted.Render("none so far"))
		}
		return append(lines, reads...)
	}}
}
