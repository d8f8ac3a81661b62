package table

import (
	"cmp"
	"slices"
	"strings"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// The columns of a table: which ones, in which order, how wide, and which of them fit.

// slot is one column as the operator has it.
type slot struct {
	column int  // its place among all columns of the table
	hidden bool // not wanted
	asked  bool // wanted even where there is little room
	width  int  // in cells; 0: as its text needs
}

// Widths in cells.
const (
	Gutter        = 2 // the cursor and the mark of a row
	maxColumn     = 40
	minColumn     = 4
	stillReadable = 16 // of a wide column that makes room for others
)

// SplitFrom is how wide a screen is, in cells, that has room for a detail beside the table, or for the changes of rows.
const SplitFrom = 120

// Choose shows the columns with these titles in this order, the first one of the view always and first; none: all of
// them, as the view has them. Titles that the view does not know change nothing.
func (t *Table) Choose(titles []string) {
	t.slots, t.Shift = nil, 0
	add := func(c int, s slot) {
		if !slices.ContainsFunc(t.slots, func(have slot) bool { return have.column == c }) {
			s.column = c
			t.slots = append(t.slots, s)
		}
	}
	add(0, slot{})
	for _, title := range titles {
		if c := slices.IndexFunc(t.all, func(c view.Column) bool { return strings.EqualFold(c.Title, title) }); c >= 0 {
			add(c, slot{asked: true})
		}
	}
	hidden := len(t.slots) > 1 // else nothing was chosen
	for c := range t.all {
		add(c, slot{hidden: hidden})
	}
}

// Likes takes over how another table of the same view shows its columns.
func (t *Table) Likes(other *Table) { t.slots, t.wide = slices.Clone(other.slots), other.wide }

// visible tells whether a column is to be shown where there is room. The changes are the first to go.
func (t *Table) visible(s slot) bool {
	return !s.hidden && (s.asked || t.speaks(s.column) && (s.column < len(t.View.Columns) || t.width >= SplitFrom))
}

// speaks tells whether a column says something of a row that was drawn since the table is as wide as it is.
func (t *Table) speaks(column int) bool {
	c := t.all[column]
	return c.For == nil || t.spoke[column] || c.Usual && !t.drew
}

// hear notes which columns say something of a row. Once they do they stay, so that the others do not jump.
func (t *Table) hear(r live.Row) {
	t.drew = true
	for i, c := range t.all {
		if c.For != nil && !t.spoke[i] {
			t.spoke[i] = c.For(r)
		}
	}
}

// mixed tells whether columns are shown that say something of some rows alone.
func (t *Table) mixed() bool { return slices.Contains(t.spoke, true) }

// wanted are the visible columns in their order, less those scrolled away.
func (t *Table) wanted() []slot {
	var out []slot
	for _, s := range t.slots {
		if t.visible(s) {
			out = append(out, s)
		}
	}
	return slices.Delete(out, 1, 1+min(t.Shift, len(out)-1))
}

// slide scrolls the columns after the first, as far as there are hidden ones.
func (t *Table) slide(by int) {
	if by > 0 && !t.More() {
		return
	}
	t.Shift = max(0, t.Shift+by)
}

// More tells whether columns do not fit on the right.
func (t *Table) More() bool {
	shown, _ := t.columns()
	return len(shown) < len(t.wanted())
}

// measure notes how wide each column could be: as its title and the cells of the window.
func (t *Table) measure(cells [][]string) {
	for c, col := range t.all {
		want := text.Width(col.Title) + 1 // the sort mark
		for _, row := range cells {
			want = max(want, text.Width(row[c]))
		}
		t.wants[c] = max(t.wants[c], want)
	}
}

// columns chooses those that fit, the first one always, and gives each its width. Wide ones are narrowed if all fit then,
// but in the wide mode: there, what does not fit whole is scrolled to.
func (t *Table) columns() (shown, widths []int) {
	room, wanted := t.width-Gutter, t.wanted()
	most := t.narrowed(wanted, room)
	for t.mixed() && most == text.MaxLine && len(wanted) > 2 && !t.wide { // the first columns rather than the first ones whole
		wanted = wanted[:len(wanted)-1]
		most = t.narrowed(wanted, room)
	}
	for n, s := range wanted {
		usual := t.usual(s)
		w := min(usual, room-1)
		if s.width == 0 {
			w = min(w, most)
		}
		if n == 0 && len(t.all) > 1 {
			w = min(w, max(stillReadable, room*2/3))
		}
		if n > 0 && w < min(minColumn, usual) || n > 1 && t.wide && w < usual {
			break
		}
		shown, widths = append(shown, s.column), append(widths, max(w, 0))
		room -= w + 1
	}
	for n, c := range shown {
		if t.all[c].Grow && wanted[n].width == 0 {
			widths[n] += max(0, min(room, t.wants[c]-widths[n]))
			break
		}
	}
	return shown, widths
}

// usual is the width of a column where there is room.
func (t *Table) usual(s slot) int {
	switch {
	case s.width > 0:
		return s.width
	case t.wide:
		return t.wants[s.column]
	}
	return min(t.wants[s.column], cmp.Or(t.all[s.column].Max, maxColumn))
}

// narrowed is the greatest width with which all columns fit into the room; a great one if there is none.
func (t *Table) narrowed(wanted []slot, room int) int {
	for most := maxColumn; most >= stillReadable && !t.wide; most-- {
		sum := 0
		for _, s := range wanted {
			w := t.usual(s)
			if s.width == 0 {
				w = min(w, most)
			}
			sum += w + 1
		}
		if sum <= room {
			return most
		}
	}
	return text.MaxLine
}

// moveColumn puts the column at a place of the order one place on; the first one stays. It returns where it is then.
func (t *Table) moveColumn(at, by int) int {
	to := at + by
	if at < 1 || to < 1 || to >= len(t.slots) {
		return at
	}
	t.slots[at], t.slots[to] = t.slots[to], t.slots[at]
	return to
}

// toggleColumn hides or shows a column; the first one stays.
func (t *Table) toggleColumn(at int) {
	if at < 1 {
		return
	}
	s := &t.slots[at]
	s.hidden = t.visible(*s)
	s.asked, t.Shift = !s.hidden, 0
}

// resizeColumn makes a column wider or narrower than it is now.
func (t *Table) resizeColumn(at, by int) {
	s := &t.slots[at]
	now := cmp.Or(s.width, t.usual(*s))
	shown, widths := t.columns()
	if n := slices.Index(shown, s.column); n >= 0 && s.width == 0 {
		now = widths[n]
	}
	s.width = max(minColumn, min(now+by, t.width-Gutter-1))
}
