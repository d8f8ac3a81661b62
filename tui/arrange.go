package tui

import (
	"slices"

	"holdfast/core/live"
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

func (o order) same(other order) bool {
	return o.filter.text == other.filter.text && o.column == other.column && o.descending == other.descending && o.within == other.within
}

// arranged is a sequence of rows in the order of the screen. It never changes.
type arranged struct {
	of    *live.Snapshot
	rows  live.Rows
	order order
	perm  []int32 // places in rows; nil: all, as they come
	place []int32 // the inverse: where a row of rows stands, -1 where it is filtered out; nil with perm
}

func (a *arranged) Len() int {
	if a.perm != nil {
		return len(a.perm)
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
	if a.perm != nil {
		i = int(a.perm[i])
	}
	return a.rows.At(i)
}

// find tells where a row stands.
func (a *arranged) find(id string) (int, bool) {
	i, ok := a.indexOf(id)
	if !ok || a.perm == nil {
		return i, ok
	}
	at := a.place[i]
	return int(at), at >= 0
}

// indexOf tells where a row stands in the rows before filter and order.
func (a *arranged) indexOf(id string) (int, bool) {
	if a.rows == nil || id == "" {
		return 0, false
	}
	if indexed, ok := a.rows.(interface{ Index(id string) (int, bool) }); ok {
		return indexed.Index(id)
	}
	for i := range a.rows.Len() { // rows that a view derives are few
		if a.rows.At(i).ID() == id {
			return i, true
		}
	}
	return 0, false
}

// arrange filters and sorts the rows of a view, from what was arranged last where that still holds. It is the one place
// where work grows with the rows, so it runs off the UI's goroutine.
func arrange(v *View, snap *live.Snapshot, o order, at Clock, last *arranged) *arranged {
	a := &arranged{of: snap, rows: rowsOf(v, snap, o, last.rows), order: o}
	sorted := o.column >= 0 && o.column < len(v.Columns) && v.Columns[o.column].Compare != nil
	if o.filter.empty() && !sorted && !o.descending {
		return a
	}
	if o.same(last.order) && sameRows(a.rows, last.rows) {
		a.perm, a.place = last.perm, last.place
		return a
	}
	n := a.rows.Len()
	a.perm = make([]int32, 0, n)
	for i := range n {
		if o.filter.empty() || o.filter.keeps(a.rows.At(i), v.Columns, at) {
			a.perm = append(a.perm, int32(i))
		}
	}
	if sorted {
		compare := v.Columns[o.column].Compare
		slices.SortStableFunc(a.perm, func(x, y int32) int {
			c := compareRows(compare, a.rows.At(int(x)), a.rows.At(int(y)))
			if o.descending {
				return -c
			}
			return c
		})
	} else if o.descending {
		slices.Reverse(a.perm)
	}
	a.place = make([]int32, n)
	for i := range a.place {
		a.place[i] = -1
	}
	for at, i := range a.perm {
		a.place[i] = int32(at)
	}
	return a
}

// compareRows puts rows that cannot be read after the others: what their cells would say is not known.
func compareRows(compare func(a, b live.Row) int, a, b live.Row) int {
	switch bad, worse := a.Problem() != nil, b.Problem() != nil; {
	case bad && worse:
		return 0
	case bad:
		return 1
	case worse:
		return -1
	}
	return compare(a, b)
}

// sameRows tells whether a later table has the very rows of an earlier one.
func sameRows(a, b live.Rows) bool {
	now, ok := a.(*live.Table)
	was, also := b.(*live.Table)
	return ok && also && now.Kind == was.Kind && now.Rev == was.Rev
}

// rowsOf are the rows of a view in a snapshot; last are those it had before, or nil.
func rowsOf(v *View, snap *live.Snapshot, o order, last live.Rows) live.Rows {
	if v.Rows != nil {
		return v.Rows(snap, last)
	}
	if o.within != "" {
		return snap.Table(v.Kind).Within(o.within)
	}
	return snap.Table(v.Kind)
}
