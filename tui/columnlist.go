package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// columnList is the overlay in which the columns of a table are chosen, ordered and resized. The table beside it shows
// each step at once.
type columnList struct {
	mute
	table *table
	at    int
	s     scroller
}

const resizeStep = 2 // cells

func (c *columnList) scope() keymap.Scope { return keymap.Columns }

func (c *columnList) hints() []hint {
	return hintsOf(keymap.ShowColumn, keymap.ColumnBefore, keymap.ColumnAfter, keymap.ColumnWider, keymap.ColumnNarrow, keymap.ColumnsReset, keymap.ColumnsAccept)
}

func (c *columnList) act(a keymap.Action) (func() tea.Cmd, bool) {
	t := c.table
	switch a {
	case keymap.ShowColumn:
		t.toggleColumn(c.at)
	case keymap.ColumnBefore:
		c.at = t.moveColumn(c.at, -1)
	case keymap.ColumnAfter:
		c.at = t.moveColumn(c.at, 1)
	case keymap.ColumnWider:
		t.resizeColumn(c.at, resizeStep)
	case keymap.ColumnNarrow:
		t.resizeColumn(c.at, -resizeStep)
	case keymap.ColumnsReset:
		t.choose(nil)
	case keymap.ColumnsAccept:
		return nil, true
	case keymap.Up:
		c.at--
	case keymap.Down:
		c.at++
	case keymap.Top, keymap.PageUp:
		c.at = 0
	case keymap.Bottom, keymap.PageDown:
		c.at = len(t.slots) - 1
	}
	c.at = max(0, min(c.at, len(t.slots)-1))
	return nil, false
}

func (c *columnList) draw(th themes.Theme, w, h int) (string, []string) {
	t := c.table
	wide := 0
	for _, col := range t.all {
		wide = max(wide, text.Width(col.Title))
	}
	lines := make([]string, len(t.slots))
	for i, s := range t.slots {
		sign, hint := "[ ]", ""
		switch {
		case i == 0:
			sign, hint = "[x]", "always shown"
		case t.visible(s):
			sign = "[x]"
		case !s.hidden:
			hint = fmt.Sprintf("from %d cells on", splitFrom)
		}
		if s.width > 0 {
			hint = fmt.Sprintf("%d cells", s.width)
		}
		title := text.Fit(t.all[s.column].Title, wide, false)
		if i == c.at {
			lines[i] = th.RowSelected.Render(text.Fit(fmt.Sprintf("> %s %s  %s", sign, title, hint), min(w, wide+24), false))
		} else {
			lines[i] = "  " + th.Text.Render(sign+" "+title) + "  " + th.Muted.Render(hint)
		}
	}
	rows := max(1, min(h, len(lines)))
	c.s.asked = max(min(c.s.asked, c.at), c.at-rows+1)
	return c.s.above("Columns of "+t.view.Title, lines, nil, rows)
}
