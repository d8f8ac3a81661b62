package tui

import (
	"fmt"

	"holdfast/tui/overlay"
)

// listedColumns are the columns of a table for the list in which they are chosen.
type listedColumns struct{ *table }

func (c listedColumns) Title() string { return c.view.Title }

func (c listedColumns) Toggle(at int) { c.toggleColumn(at) }

func (c listedColumns) MoveColumn(at, by int) int { return c.moveColumn(at, by) }

func (c listedColumns) Widen(at, by int) { c.resizeColumn(at, by) }

func (c listedColumns) Reset() { c.choose(nil) }

func (c listedColumns) Slots() (out []overlay.Slot) {
	for i, s := range c.slots {
		slot := overlay.Slot{Title: c.all[s.column].Title, Shown: i == 0 || c.visible(s)}
		switch {
		case s.width > 0:
			slot.Hint = fmt.Sprintf("%d cells", s.width)
		case i == 0:
			slot.Hint = "always shown"
		case !slot.Shown && !s.hidden:
			slot.Hint = fmt.Sprintf("from %d cells on", splitFrom)
		}
		out = append(out, slot)
	}
	return out
}
