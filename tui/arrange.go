package tui

import (
	"context"
	"iter"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/live/rows"
	"holdfast/tui/view"
)

// order says how the rows of a view are to be shown.
type order struct {
	filter     filter
	column     int // sorted by; -1: by ID, as the rows come
	descending bool
	within     string // only rows whose IDs start with it
}

// natural tells the order in which the rows come: nothing has to be done for it.
func (o order) natural() bool { return o.filter.empty() && o.column < 0 && !o.descending }

// partial tells that rows of the view may be left out.
func (o order) partial() bool { return !o.filter.empty() || o.within != "" }

func (o order) same(other order) bool {
	return o.filter.text == other.filter.text && o.column == other.column && o.descending == other.descending && o.within == other.within
}

// arranged is a sequence of rows in the order of the screen. It never changes.
type arranged struct {
	of    *live.Snapshot
	rows  live.Rows // before filter and order
	order order
	shown live.Rows // nil: all rows, as they come
	whole bool      // all rows were looked at, and need not be for the next snapshot
}

func (a *arranged) Len() int {
	if a.shown != nil {
		return a.shown.Len()
	}
	return a.all()
}

// all is how many rows there are before the filter.
func (a *arranged) all() int {
	if a.rows == nil {
		return 0
	}
	return a.rows.Len()
}

func (a *arranged) At(i int) live.Row {
	if a.shown != nil {
		return a.shown.At(i)
	}
	return a.rows.At(i)
}

// find tells where a row stands.
func (a *arranged) find(id string) (int, bool) {
	if a.shown != nil {
		return indexOf(a.shown, id)
	}
	return a.indexOf(id)
}

// indexOf tells where a row stands in the rows before filter and order.
func (a *arranged) indexOf(id string) (int, bool) {
	if a.rows == nil {
		return 0, false
	}
	return indexOf(a.rows, id)
}

func indexOf(rows live.Rows, id string) (int, bool) {
	if id == "" {
		return 0, false
	}
	if indexed, ok := rows.(interface{ Index(id string) (int, bool) }); ok {
		return indexed.Index(id)
	}
	for i := range rows.Len() { // rows that a view derives are few
		if rows.At(i).ID() == id {
			return i, true
		}
	}
	return 0, false
}

// ordered are the rows of a table that a filter kept, in the chosen order.
type ordered struct{ *rows.Order }

func (o ordered) At(i int) live.Row { return o.Row(i) }

// chosen are rows that a view derived and a filter kept.
type chosen []live.Row

func (c chosen) Len() int          { return len(c) }
func (c chosen) At(i int) live.Row { return c[i] }

// arrange filters and sorts the rows of a view. What was arranged last is brought up to date by what changed since; only
// a new filter or order looks at all rows, so it runs off the UI's goroutine. It ends early, with nil, when the context does.
func arrange(ctx context.Context, v *view.View, snap *live.Snapshot, o order, at view.Clock, last *arranged) *arranged {
	a := &arranged{of: snap, rows: rowsOf(v, snap, o, last.rows), order: o}
	if o.natural() {
		return a
	}
	now, isTable := a.rows.(*live.Table)
	if !isTable {
		a.shown = o.choose(v, a.rows, at)
		return a
	}
	key, own := o.key(v, snap)
	if shown, known := last.shown.(ordered); known && own && o.same(last.order) && shown.Table().Schema == now.Schema {
		a.shown = ordered{shown.Follow(&now.Table)}
		return a
	}
	spec := rows.Spec{Key: key, Descending: o.descending}
	if !o.filter.empty() {
		spec.Keep = func(r kind.Row) bool { return o.filter.keeps(r, v.Columns, at) }
	}
	shown, err := rows.Arrange(ctx, &now.Table, spec)
	if err != nil {
		return nil
	}
	a.shown, a.whole = ordered{shown}, own
	return a
}

// choose filters rows that a view derived; their order stays, or is reversed.
func (o order) choose(v *view.View, rows live.Rows, at view.Clock) (kept chosen) {
	for i := range rows.Len() {
		if o.descending {
			i = rows.Len() - 1 - i
		}
		if r := rows.At(i); o.filter.empty() || o.filter.keeps(r, v.Columns, at) {
			kept = append(kept, r)
		}
	}
	return kept
}

// key is what the chosen column orders rows by; nil: nothing. It is their own if nothing but the rows themselves decides,
// so that an order holds for later rows, too.
func (o order) key(v *view.View, snap *live.Snapshot) (key func([]byte, kind.Row) []byte, own bool) {
	if o.column < 0 || o.column >= len(v.Columns) {
		return nil, true
	}
	c := v.Columns[o.column]
	if c.KeyIn != nil {
		return c.KeyIn(snap), false
	}
	return c.Key, true
}

// each are rows with their places.
func each(rows live.Rows) iter.Seq2[int, live.Row] {
	return func(yield func(int, live.Row) bool) {
		if t, ok := rows.(*live.Table); ok {
			for i, r := range t.All(0) {
				if !yield(i, r) {
					return
				}
			}
			return
		}
		for i := range rows.Len() {
			if !yield(i, rows.At(i)) {
				return
			}
		}
	}
}

// rowsOf are the rows of a view in a snapshot; last are those it had before, or nil.
func rowsOf(v *view.View, snap *live.Snapshot, o order, last live.Rows) live.Rows {
	if v.Rows != nil {
		return v.Rows(snap, last)
	}
	if o.within != "" {
		return snap.Table(v.Kind).Within(o.within)
	}
	return snap.Table(v.Kind)
}
