package tui

import (
	"context"
	"slices"
	"time"

	"holdfast/core/live"
	"holdfast/tui/view"
)

// table is the windowed table of one view. Only the rows in its window are ever drawn. Cursor and marks are kept by the
// identity of rows, so they stay where they are whatever a refresh brings.
type table struct {
	view      *view.View
	all       []view.Column // those of the view, and the changes of its kind behind them
	slots     []slot        // the same as the operator has them, the first one first
	wide      bool          // each at its full width
	seen      activity
	rows      *arranged
	order     order               // as asked; rows.order until it is arranged
	arranging order               // that is being arranged, if stop is set
	stop      context.CancelFunc  // ends that early
	rest      time.Time           // when rows that only became newer may be arranged again
	cursor    string              // ID of the row under the cursor
	at        int                 // its place, kept when the row is gone
	held      bool                // somebody has put the cursor there
	blind     bool                // it is not shown
	top       int                 // first row in the window
	asked     int                 // what it was before another height moved it
	marks     map[string]struct{} // IDs
	hidden    int                 // marks that the filter hides
	anchor    string              // ID of the row that was marked last, where a range begins
	shift     int                 // visible columns scrolled away to the left, after the first
	wants     []int               // cells that each column could use; they only grow, so that a refresh does not make columns jump
	width     int
	height    int // rows in the window, without the titles

	titled []zone   // the titles as drawn last, by column
	drawn  []string // IDs of the rows drawn last
}

func newTable(v *view.View) *table {
	t := &table{view: v, rows: &arranged{}, order: order{column: -1}, marks: map[string]struct{}{}, seen: activity{}}
	t.all = slices.Clone(v.Columns)
	if v.Kind != "" {
		t.all = append(t.all, t.seen.column())
	}
	t.wants = make([]int, len(t.all))
	t.choose(nil)
	return t
}

func (t *table) resize(width, height int) {
	if width != t.width {
		clear(t.wants)
	}
	t.width, t.height = width, max(height, 1)
	t.top = t.asked // so that a window that was small for a moment is what it was
	t.scroll()
}

// show takes in newly arranged rows and keeps the cursor on its row. If the row is gone, the cursor takes its place; if
// another filter hides it, the first row. While the first rows come in, a cursor that nobody has moved stays at the first.
func (t *table) show(a *arranged) {
	was, isTable := t.rows.rows.(*live.Table)
	loading := !t.held && (t.rows.rows == nil || isTable && !was.Complete)
	filtered := a.order.filter.text != t.rows.order.filter.text
	t.rows, t.hidden = a, 0
	for id := range t.marks {
		if _, ok := a.indexOf(id); !ok {
			delete(t.marks, id)
		} else if _, ok := a.find(id); !ok {
			t.hidden++
		}
	}
	if loading {
		t.put(0)
		return
	}
	if at, ok := a.find(t.cursor); ok {
		asked := t.asked + at - t.at
		t.top += at - t.at // the row stays on its line
		t.put(at)
		t.asked = asked
		return
	}
	if filtered {
		t.put(0)
		return
	}
	t.put(t.at)
}

// moveTo is put for the operator.
func (t *table) moveTo(at int) {
	t.held = true
	t.put(at)
}

// put sets the cursor on the row at a place, as near as there is one.
func (t *table) put(at int) {
	t.at = max(0, min(at, t.rows.Len()-1))
	t.cursor = ""
	if t.rows.Len() > 0 {
		t.cursor = t.rows.At(t.at).ID()
	}
	t.scroll()
	t.asked = t.top
}

// scroll keeps the cursor in the window and the window in the rows.
func (t *table) scroll() {
	t.top = min(t.top, t.at)
	t.top = max(t.top, t.at-t.height+1)
	t.top = max(0, min(t.top, t.rows.Len()-t.height))
}

// selected is the row under the cursor; nil if there is none.
func (t *table) selected() live.Row {
	if t.at < t.rows.Len() {
		return t.rows.At(t.at)
	}
	return nil
}

// window lists the IDs of the rows on the screen.
func (t *table) window() []string {
	ids := make([]string, 0, t.height)
	for i := t.top; i < min(t.top+t.height, t.rows.Len()); i++ {
		ids = append(ids, t.rows.At(i).ID())
	}
	return ids
}

// watch notes how the rows on its screen change, whether another view is open or not.
func (t *table) watch(s *live.Snapshot, now time.Time) {
	source := s.Table(t.view.Kind)
	rows := make([]live.Row, 0, t.height)
	for _, id := range t.window() {
		if r, ok := source.Get(id); ok {
			rows = append(rows, r)
		}
	}
	t.seen.note(rows, source.Recent, source.Whole, now)
}

// changed tells which rows changed in the last moments.
func (t *table) changed(s view.Lookup, now time.Time) map[string]bool {
	hot := map[string]bool{}
	if s == nil {
		return hot
	}
	for _, c := range slices.Backward(s.Table(t.view.Kind).Recent) {
		if now.Sub(c.At) >= changedFor {
			break
		}
		hot[c.ID] = true
	}
	return hot
}

// changedFor is how long a row shows that it changed.
const changedFor = 2 * time.Second
