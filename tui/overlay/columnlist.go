package overlay

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// Columns are those of a table, as the operator has them.
type Columns interface {
	Title() string // of what they are
	Slots() []Slot
	Toggle(at int)
	MoveColumn(at, by int) (to int)
	Widen(at, by int)
	Reset()
}

// Slot is one of them.
type Slot struct {
	Title, Hint string
	Shown       bool
}

// columnList is the layer in which the columns of a table are chosen, ordered and resized. The table beside it shows
// each step at once.
type columnList struct {
	mute
	of Columns
	at int
	s  Scroller
}

const resizeStep = 2 // cells

func (c *columnList) scope() keymap.Scope { return keymap.Columns }

func (c *columnList) hints() []Hint {
	return HintsOf(keymap.ShowColumn, keymap.ColumnBefore, keymap.ColumnAfter, keymap.ColumnWider, keymap.ColumnNarrow, keymap.ColumnsReset, keymap.ColumnsAccept)
}

func (c *columnList) act(a keymap.Action) (func() tea.Cmd, bool) {
	t := c.of
	switch a {
	case keymap.ShowColumn:
		t.Toggle(c.at)
	case keymap.ColumnBefore:
		c.at = t.MoveColumn(c.at, -1)
	case keymap.ColumnAfter:
		c.at = t.MoveColumn(c.at, 1)
	case keymap.ColumnWider:
		t.Widen(c.at, resizeStep)
	case keymap.ColumnNarrow:
		t.Widen(c.at, -resizeStep)
	case keymap.ColumnsReset:
		t.Reset()
	case keymap.ColumnsAccept:
		return nil, true
	case keymap.Up:
		c.at--
	case keymap.Down:
		c.at++
	case keymap.Top, keymap.PageUp:
		c.at = 0
	case keymap.Bottom, keymap.PageDown:
		c.at = len(t.Slots()) - 1
	}
	c.at = max(0, min(c.at, len(t.Slots())-1))
	return nil, false
}

func (c *columnList) draw(th themes.Theme, w, h int) (string, []string) {
	slots, wide := c.of.Slots(), 0
	for _, s := range slots {
		wide = max(wide, text.Width(s.Title))
	}
	lines := make([]string, len(slots))
	for i, s := range slots {
		sign := "[ ]"
		if s.Shown {
			sign = "[x]"
		}
		title := text.Fit(s.Title, wide, false)
		if i == c.at {
			lines[i] = th.RowSelected.Render(text.Fit(fmt.Sprintf("> %s %s  %s", sign, title, s.Hint), min(w, wide+24), false))
		} else {
			lines[i] = "  " + th.Text.Render(sign+" "+title) + "  " + th.Muted.Render(s.Hint)
		}
	}
	rows := max(1, min(h, len(lines)))
	c.s.Asked = max(min(c.s.Asked, c.at), c.at-rows+1)
	return c.s.above("Columns of "+c.of.Title(), lines, nil, rows)
}

// NewColumnList lists columns.
func NewColumnList(of Columns) *columnList { return &columnList{of: of} }
