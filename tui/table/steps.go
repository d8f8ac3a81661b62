package table

import "holdfast/keymap"

// Act moves the cursor, the window or a mark.
func (t *Table) Act(a keymap.Action) {
	switch a {
	case keymap.Up:
		t.MoveTo(t.At - 1)
	case keymap.Down:
		t.MoveTo(t.At + 1)
	case keymap.PageUp:
		t.MoveTo(t.At - t.height)
	case keymap.PageDown:
		t.MoveTo(t.At + t.height)
	case keymap.HalfPageUp:
		t.MoveTo(t.At - max(1, t.height/2))
	case keymap.HalfPageDown:
		t.MoveTo(t.At + max(1, t.height/2))
	case keymap.Top:
		t.MoveTo(0)
	case keymap.Bottom:
		t.MoveTo(t.Rows.Len() - 1)
	case keymap.Left:
		t.slide(-1)
	case keymap.Right:
		t.slide(1)
	case keymap.Mark:
		t.toggleMark()
	case keymap.ClearMarks:
		t.ClearMarks()
	case keymap.Wide:
		t.wide, t.Shift = !t.wide, 0
	}
}
