package tui

import (
	"slices"

	"holdfast/keymap"
	"holdfast/tui/view"
)

// What the key hints offer: nothing that would only be refused because of where the operator is.

// offered are the actions of the view that could be done to a row here, the one that keys act on or another, or to none.
func (m *Model) offered() []view.Action {
	v, _ := m.subject()
	noRow := m.table().Rows.Len() == 0
	if m.detail != nil {
		r := m.target()
		noRow = r == nil || r.Problem() != nil
	}
	bad := m.unreadable()
	if !noRow && bad == nil {
		return v.Actions
	}
	var out []view.Action
	if bad != nil {
		out = append(out, view.Action{ID: keymap.Delete, Label: "delete"})
	}
	for _, a := range v.Actions {
		if a.NoRow && (m.detail == nil || !m.detail.Gone) {
			out = append(out, a)
		}
	}
	return out
}

// maxAsked is how many rows are asked for a hint: it is drawn with every frame.
const maxAsked = 100

// dimmed tells a hint whose action is disabled.
func (m *Model) dimmed(a keymap.Action) bool {
	return !m.overlays.Holds() && len(m.table().Marks) <= maxAsked && m.disabled(a) != ""
}

// ways are the actions that lead on from a table or a detail pane, the most needed first.
func (m *Model) ways() []keymap.Action {
	d := m.detail
	switch {
	case d == nil:
		all := []keymap.Action{keymap.OpenDetail, keymap.Help, keymap.Filter, keymap.OpenPalette, keymap.Sort, keymap.Mark, keymap.Quit, keymap.SetColumns, keymap.Wide}
		return slices.DeleteFunc(all, m.idleHere)
	case d.Search != nil:
		return []keymap.Action{keymap.NextMatch, keymap.PrevMatch, keymap.Back, keymap.Help, keymap.FindText}
	}
	out := []keymap.Action{keymap.Back}
	if d.Gone && m.jobs.CanUndo() {
		out = append(out, keymap.Undo)
	}
	if len(d.Links) > 0 {
		out = append(out, keymap.FollowLink, keymap.NextLink)
	}
	out = append(out, keymap.Help, keymap.FindText)
	if d.Row != nil || d.Whole.Found {
		out = append(out, keymap.Copy)
	}
	return append(out, keymap.OpenPalette, keymap.CloseDetail)
}

// idleHere tells the actions of a table that would do nothing to this one.
func (m *Model) idleHere(a keymap.Action) bool {
	t := m.table()
	switch a {
	case keymap.OpenDetail:
		return m.disabled(a) != ""
	case keymap.Filter:
		return t.Rows.All() == 0
	case keymap.Sort:
		return t.Rows.Len() == 0 || m.disabled(a) != ""
	case keymap.Mark:
		bulk := func(a view.Action) bool { return a.Bulk }
		return t.Rows.Len() == 0 || !slices.ContainsFunc(t.View.Actions, bulk)
	case keymap.SetColumns, keymap.Wide:
		return t.Rows.Len() == 0
	}
	return false
}

// points tells whether the table has its pointer: keys act on the row of an open detail, and where the table has that no
// more, a pointer would be on another one.
func (m *Model) points() bool { return m.detail == nil || !m.detail.Gone && !m.detail.Strayed }
