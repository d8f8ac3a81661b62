package tui

import (
	"strings"

	"holdfast/internal/text"
)

// unsaid is the end of a text that does not fit on the line of the row under the cursor, for rows that have no detail
// where it would stand in full; empty if nothing is missing.
func (m *Model) unsaid() string {
	t := m.table()
	r := t.selected()
	if m.detail != nil || r == nil || r.Problem() != nil || t.view.Span == nil || t.view.Open == nil {
		return ""
	}
	says, _, ok := t.span(r, m.clock())
	_, widths := t.columns()
	room := t.width - gutter - widths[0] - 2 // the gaps before and behind it
	if !ok || text.Width(says) <= room {
		return ""
	}
	said := text.Fit(says, room, false)
	said = said[:len(said)-len("…")] // its last cell, and a blank where half a character had no room
	for said != "" && !strings.HasPrefix(says, said) {
		said = said[:len(said)-1]
	}
	return m.theme.Muted.Render(text.Cut(" …"+says[len(said):], m.width))
}
