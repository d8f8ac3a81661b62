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
}

// arranged is a sequence of rows in the order of the screen. It never changes.
type arranged struct {
	rows  live.Rows
	order order
	perm  []int32 // places in rows; nil: all, as they come
	place []int32 // the inverse: where a row of rows stands, -1 where it is filtered out; nil with perm
}

func (a *arranged) Len() int {
	if a.perm != nil {
		return len(a.perm)
	}
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
	if a.rows == nil || id == "" {
		return 0, false
	}
	i, ok := indexOf(a.rows, id)
	if !ok || a.perm == nil {
		return i, ok
	}
	at := a.place[i]
	return int(at), at >= 0
}

func indexOf(rows live.Rows, id string) (int, bool) {
	if t, ok := rows.(*live.Table); ok {
		return t.Index(id)
	}
	for i := range rows.Len() {
		if rows.At(i).ID() == id {
			return i, true
		}
	}
	return 0, false
}

// arrange filters and sorts. It is the one place where work grows with the rows, so it runs off the UI's goroutine.
func arrange(rows live.Rows, columns []Column, o order, at Clock) *arranged {
	a := &arranged{rows: rows, order: o}
	sorted := o.column >= 0 && o.column < len(columns) && columns[o.column].Compare != nil
	if o.filter.empty() && !sorted && !o.descending {
		return a
	}
	a.perm = make([]int32, 0, rows.Len())
	for i := range rows.Len() {
		if o.filter.empty() || o.filter.keeps(rows.At(i), columns, at) {
			a.perm = append(a.perm, int32(i))
		}
	}
	if sorted {
		compare := columns[o.column].Compare
		slices.SortStableFunc(a.perm, func(x, y int32) int {
			c := compare(rows.At(int(x)), rows.At(int(y)))
			if o.descending {
				return -c
			}
			return c
		})
	} else if o.descending {
		slices.Reverse(a.perm)
	}
	a.place = make([]int32, rows.Len())
	for i := range a.place {
		a.place[i] = -1
	}
	for at, i := range a.perm {
		a.place[i] = int32(at)
	}
	return a
}
