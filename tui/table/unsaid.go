package table

import (
	"strings"

	"holdfast/internal/text"
	"holdfast/tui/view"
)

// Unsaid is the end of a text that does not fit on the line of the row under the cursor, for rows that have no detail
// where it would stand in full; empty if nothing is missing.
func (t *Table) Unsaid(at view.Clock) string {
	r := t.Selected()
	if r == nil || r.Problem() != nil || t.View.Span == nil || t.View.Open == nil {
		return ""
	}
	says, _, ok := t.span(r, at)
	_, widths := t.columns()
	room := t.width - Gutter - widths[0] - 2 // the gaps before and behind it
	if !ok || text.Width(says) <= room {
		return ""
	}
	said := text.Fit(says, room, false)
	said = said[:len(said)-len("…")] // its last cell, and a blank where half a character had no room
	for said != "" && !strings.HasPrefix(says, said) {
		said = said[:len(said)-1]
	}
	return says[len(said):]
}
