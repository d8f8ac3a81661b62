package tui

import (
	"strings"

	"holdfast/internal/text"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// What stands below the table of a view on a large screen.

// The least of a body that has room for more than the table, and the part of it that stands below.
const (
	footFrom = 36 // lines
	footPart = 3
)

// footHeight is how many lines stand below the table of a view. It hangs on the size of the screen alone, so that rows
// that come and go do not move them.
func (m *Model) footHeight(v *view.View) int {
	body := m.height - frameLines
	if v.Foot == nil || m.width < table.SplitFrom || body < footFrom {
		return 0
	}
	return body / footPart
}

// below draws what stands there, exactly height lines.
func (m *Model) below(height int) []string {
	out := make([]string, height)
	if height > 0 && !m.unread() {
		for i, l := range m.view().Foot(m.snap, m.width-table.Gutter, height) {
			out[i] = text.Cut(strings.Repeat(" ", table.Gutter)+m.theme.Text.Render(l), m.width)
		}
	}
	return out
}
