package table

import (
	"fmt"

	"holdfast/tui/overlay"
)

// Listed are the columns of a table for the list in which they are chosen.
type Listed struct{ *Table }

func (c Listed) Title() string { return c.View.Title }

func (c Listed) Toggle(at int) { c.toggleColumn(at) }

func (c Listed) MoveColumn(at, by int) int { return c.moveColumn(at, by) }

func (c Listed) Widen(at, by int) { c.resizeColumn(at, by) }

func (c Listed) Reset() { c.Choose(nil) }

func (c Listed) Slots() (out []overlay.Slot) {
	for i, s := range c.slots {
		slot := overlay.Slot{Title: c.all[s.column].Title, Shown: i == 0 || c.visible(s)}
		switch {
		case s.width > 0:
			slot.Hint = fmt.Sprintf("%d cells", s.width)
		case i == 0:
			slot.Hint = "always shown"
		case !slot.Shown && !s.hidden && !c.speaks(s.column):
			slot.Hint = "where rows have it"
		case !slot.Shown && !s.hidden:
			slot.Hint = fmt.Sprintf("from %d cells on", SplitFrom)
		}
		out = append(out, slot)
	}
	return out
}
