package tui

import (
	"iter"
	"slices"
	"strings"

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

// partial tells that rows of the view may be left out.
func (o order) partial() bool { return !o.filter.empty() || o.within != "" }

func (o order) same(other order) bool {
	return o.filter.text == other.filter.text && o.column == other.column && o.descending == other.descending && o.within == other.within
}

// arranged is a sequence of rows in the order of the screen. It never changes.
type arranged struct {
	of     *live.Snapshot
	rows   live.Rows
	order  order
	sorted *live.Sorted // nil: all rows, as they come
	whole  bool         // all rows were looked at, and need not be for the next snapshot
}

func (a *arranged) Len() int {
	if a.sorted != nil {
		return a.sorted.Len()
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
	if a.sorted != nil {
		return a.sorted.At(i)
	}
	return a.rows.At(i)
}

// find tells where a row stands.
func (a *arranged) find(id string) (int, bool) {
	i, ok := a.indexOf(id)
	if !ok || a.sorted == nil {
		return i, ok
	}
	return a.sorted.Find(a.rows.At(i))
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

// arrange filters and sorts the rows of a view. What was arranged last is brought up to date by what changed since; only
// a new filter or order looks at all rows, so it runs off the UI's goroutine.
func arrange(v *View, snap *live.Snapshot, o order, at Clock, last *arranged) *arranged {
	a := &arranged{of: snap, rows: rowsOf(v, snap, o, last.rows), order: o}
	if o.natural() {
		return a
	}
	now, isTable := a.rows.(*live.Table)
	was, wasTable := last.rows.(*live.Table)
	known := isTable && wasTable && last.sorted != nil && now.Kind == was.Kind
	by, own := o.by(v, snap)
	if known && own && o.same(last.order) {
		a.sorted = catchUp(last.sorted, was, now, func(r live.Row) bool {
			return strings.HasPrefix(r.ID(), o.within) && (o.filter.empty() || o.filter.keeps(r, v.Columns, at))
		})
		return a
	}
	from := a.rows
	if known && now.Rev == was.Rev && o.narrows(last.order) {
		from = last.sorted
	}
	var kept []live.Row
	if o.filter.empty() {
		kept = make([]live.Row, 0, from.Len())
	}
	for _, r := range each(from) {
		if o.filter.empty() || o.filter.keeps(r, v.Columns, at) {
			kept = append(kept, r)
		}
	}
	a.sorted = live.NewSorted(kept, o.compare(by, a.rows))
	a.whole = isTable && own
	return a
}

// catchUp makes the edits in an order of rows that lead from one table to a later one.
func catchUp(sorted *live.Sorted, was, now *live.Table, keeps func(live.Row) bool) *live.Sorted {
	var edits []live.Edit
	now.Since(was, func(before, after live.Row) {
		if before != nil {
			edits = append(edits, live.Edit{At: before})
		}
		if after != nil && keeps(after) {
			edits = append(edits, live.Edit{At: after, Row: after})
		}
	})
	return sorted.Apply(edits)
}

// by is how the chosen column compares rows; nil: not at all. It is their own if nothing but the rows themselves decides,
// so that an order holds for later rows, too.
func (o order) by(v *View, snap *live.Snapshot) (compare func(a, b live.Row) int, own bool) {
	if o.column < 0 || o.column >= len(v.Columns) {
		return nil, true
	}
	c := v.Columns[o.column]
	if c.CompareIn != nil {
		return c.CompareIn(snap), false
	}
	return c.Compare, true
}

// compare is the order as a total one: rows that it takes for the same stand as they come.
func (o order) compare(by func(a, b live.Row) int, rows live.Rows) func(a, b live.Row) int {
	as := func(a, b live.Row) int { return strings.Compare(a.ID(), b.ID()) }
	if _, ok := rows.(*live.Table); !ok {
		place := make(map[string]int, rows.Len())
		for i, r := range each(rows) {
			place[r.ID()] = i
		}
		as = func(a, b live.Row) int { return place[a.ID()] - place[b.ID()] }
	}
	sign := 1
	if o.descending {
		sign = -1
	}
	if by == nil {
		return func(a, b live.Row) int { return sign * as(a, b) }
	}
	return func(a, b live.Row) int {
		bad, worse := a.Problem() != nil, b.Problem() != nil
		switch {
		case bad && !worse: // last, whichever way: what their cells would say is not known
			return 1
		case worse && !bad:
			return -1
		case !bad:
			if c := by(a, b); c != 0 {
				return sign * c
			}
		}
		return as(a, b)
	}
}

// narrows tells that every row which o shows was shown by last, in the same order: a letter more was typed.
func (o order) narrows(last order) bool {
	plain := func(f filter) bool {
		return !slices.ContainsFunc(f.terms, func(t term) bool { return t.inverse }) && !strings.ContainsAny(f.text, "~:")
	}
	return o.column == last.column && o.descending == last.descending && o.within == last.within &&
		strings.HasPrefix(o.filter.text, last.filter.text) && plain(o.filter)
}

// each are rows with their places.
func each(rows live.Rows) iter.Seq2[int, live.Row] {
	if all, ok := rows.(interface {
		All(i int) iter.Seq2[int, live.Row]
	}); ok {
		return all.All(0)
	}
	return func(yield func(int, live.Row) bool) {
		for i := range rows.Len() {
			if !yield(i, rows.At(i)) {
				return
			}
		}
	}
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
