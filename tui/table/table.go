// Package table is the windowed table of one view: its columns, rows, cells, marks, order and filter. It is told what to
// show and draws it; where the operator goes from there is the frame's.
package table

import (
	"context"
	"slices"
	"time"

	"holdfast/core/live"
	"holdfast/tui/view"
)

// Table is the windowed table of one view. Only the rows in its window are ever drawn. Cursor and marks are kept by the
// identity of rows, so they stay where they are whatever a refresh brings.
type Table struct {
	View      *view.View
	all       []view.Column // those of the view, and the changes of its kind behind them
	slots     []slot        // the same as the operator has them, the first one first
	wide      bool          // each at its full width
	seen      activity
	Rows      *Arranged
	Order     order               // as asked; rows.order until it is arranged
	arranging order               // that is being arranged, if stop is set
	stop      context.CancelFunc  // ends that early
	Rest      time.Time           // when rows that only became newer may be arranged again
	Cursor    string              // ID of the row under the cursor
	At        int                 // its place, kept when the row is gone
	held      bool                // somebody has put the cursor there
	Blind     bool                // it is not shown
	Top       int                 // first row in the window
	asked     int                 // what it was before another height moved it
	Marks     map[string]struct{} // IDs
	Hidden    int                 // marks that the filter hides
	anchor    string              // ID of the row that was marked last, where a range begins
	Shift     int                 // visible columns scrolled away to the left, after the first
	spoke     []bool              // columns that say something of a row that was drawn
	drew      bool                // rows were drawn
	wants     []int               // cells that each column could use; they only grow, so that a refresh does not make columns jump
	width     int
	height    int // rows in the window, without the titles

	Titled []Zone   // the titles as drawn last, by column
	Drawn  []string // IDs of the rows drawn last
}

func New(v *view.View) *Table {
	t := &Table{View: v, Rows: &Arranged{}, Order: order{Column: -1}, Marks: map[string]struct{}{}, seen: activity{}}
	t.all = slices.Clone(v.Columns)
	if v.Kind != "" {
		t.all = append(t.all, t.seen.column())
	}
	t.wants, t.spoke = make([]int, len(t.all)), make([]bool, len(t.all))
	t.Choose(nil)
	return t
}

func (t *Table) Resize(width, height int) {
	if width != t.width {
		clear(t.wants)
		clear(t.spoke)
		t.drew = false
	}
	t.width, t.height = width, max(height, 1)
	t.Top = t.asked // so that a window that was small for a moment is what it was
	t.scroll()
}

// Show takes in newly arranged rows and keeps the cursor on its row. If the row is gone, the cursor takes its place; if
// another filter hides it, the first row. While the first rows come in, a cursor that nobody has moved stays at the first.
func (t *Table) Show(a *Arranged) {
	was, isTable := t.Rows.Rows.(*live.Table)
	loading := !t.held && (t.Rows.Rows == nil || isTable && !was.Complete)
	filtered := a.order.Filter.Text != t.Rows.order.Filter.Text
	t.Rows, t.Hidden = a, 0
	for id := range t.Marks {
		if _, ok := a.indexOf(id); !ok {
			delete(t.Marks, id)
		} else if _, ok := a.Find(id); !ok {
			t.Hidden++
		}
	}
	if loading {
		t.put(0)
		return
	}
	if at, ok := a.Find(t.Cursor); ok {
		asked := t.asked + at - t.At
		t.Top += at - t.At // the row stays on its line
		t.put(at)
		t.asked = asked
		return
	}
	if filtered {
		t.put(0)
		return
	}
	t.put(t.At)
}

// MoveTo is put for the operator.
func (t *Table) MoveTo(at int) {
	t.held = true
	t.put(at)
}

// put sets the cursor on the row at a place, as near as there is one.
func (t *Table) put(at int) {
	t.At = max(0, min(at, t.Rows.Len()-1))
	t.Cursor = ""
	if t.Rows.Len() > 0 {
		t.Cursor = t.Rows.At(t.At).ID()
	}
	t.scroll()
	t.asked = t.Top
}

// scroll keeps the cursor in the window and the window in the rows.
func (t *Table) scroll() {
	t.Top = min(t.Top, t.At)
	t.Top = max(t.Top, t.At-t.height+1)
	t.Top = max(0, min(t.Top, t.Rows.Len()-t.height))
}

// Selected is the row under the cursor; nil if there is none.
func (t *Table) Selected() live.Row {
	if t.At < t.Rows.Len() {
		return t.Rows.At(t.At)
	}
	return nil
}

// Window lists the IDs of the rows on the screen.
func (t *Table) Window() []string {
	ids := make([]string, 0, t.height)
	for i := t.Top; i < min(t.Top+t.height, t.Rows.Len()); i++ {
		ids = append(ids, t.Rows.At(i).ID())
	}
	return ids
}

// Watch notes how the rows on its screen change, whether another view is open or not.
func (t *Table) Watch(s *live.Snapshot, now time.Time) {
	source := s.Table(t.View.Kind)
	rows := make([]live.Row, 0, t.height)
	for _, id := range t.Window() {
		if r, ok := source.Get(id); ok {
			rows = append(rows, r)
		}
	}
	t.seen.note(rows, source.Recent, source.Whole, now)
}

// Watches tells whether it has seen any rows.
func (t *Table) Watches() bool { return len(t.seen) > 0 }

// changed tells which rows changed in the last moments.
func (t *Table) changed(s view.Lookup, now time.Time) map[string]bool {
	hot := map[string]bool{}
	if s == nil {
		return hot
	}
	for _, c := range slices.Backward(s.Table(t.View.Kind).Recent) {
		if now.Sub(c.At) >= changedFor {
			break
		}
		hot[c.ID] = true
	}
	return hot
}

// changedFor is how long a row shows that it changed.
const changedFor = 2 * time.Second
