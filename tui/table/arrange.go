package table

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
	Filter     filter
	Column     int // sorted by; -1: by ID, as the rows come
	Descending bool
	Within     string // only rows whose IDs start with it
}

// natural tells the order in which the rows come: nothing has to be done for it.
func (o order) natural() bool { return o.Filter.Empty() && o.Column < 0 && !o.Descending }

// Partial tells that rows of the view may be left out.
func (o order) Partial() bool { return !o.Filter.Empty() || o.Within != "" }

func (o order) same(other order) bool {
	return o.Filter.Text == other.Filter.Text && o.Column == other.Column && o.Descending == other.Descending && o.Within == other.Within
}

// Arranged is a sequence of rows in the order of the screen. It never changes.
type Arranged struct {
	of    *live.Snapshot
	Rows  live.Rows // before filter and order
	order order
	shown live.Rows // nil: all rows, as they come
	Whole bool      // all rows were looked at, and need not be for the next snapshot
}

func (a *Arranged) Len() int {
	if a.shown != nil {
		return a.shown.Len()
	}
	return a.All()
}

// All is how many rows there are before the filter.
func (a *Arranged) All() int {
	if a.Rows == nil {
		return 0
	}
	return a.Rows.Len()
}

func (a *Arranged) At(i int) live.Row {
	if a.shown != nil {
		return a.shown.At(i)
	}
	return a.Rows.At(i)
}

// Find tells where a row stands.
func (a *Arranged) Find(id string) (int, bool) {
	if a.shown != nil {
		return indexOf(a.shown, id)
	}
	return a.indexOf(id)
}

// indexOf tells where a row stands in the rows before filter and order.
func (a *Arranged) indexOf(id string) (int, bool) {
	if a.Rows == nil {
		return 0, false
	}
	return indexOf(a.Rows, id)
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
func arrange(ctx context.Context, v *view.View, snap *live.Snapshot, o order, at view.Clock, last *Arranged) *Arranged {
	a := &Arranged{of: snap, Rows: rowsOf(v, snap, o, last.Rows), order: o}
	if o.natural() {
		return a
	}
	now, isTable := a.Rows.(*live.Table)
	if !isTable {
		a.shown = o.choose(v, a.Rows, at)
		return a
	}
	key, own := o.key(v, snap)
	if shown, known := last.shown.(ordered); known && own && o.same(last.order) && shown.Table().Schema == now.Schema {
		a.shown = ordered{shown.Follow(&now.Table)}
		return a
	}
	spec := rows.Spec{Key: key, Descending: o.Descending}
	if !o.Filter.Empty() {
		spec.Keep = func(r kind.Row) bool { return o.Filter.keeps(r, v.Columns, at) }
	}
	shown, err := rows.Arrange(ctx, &now.Table, spec)
	if err != nil {
		return nil
	}
	a.shown, a.Whole = ordered{shown}, own
	return a
}

// choose filters rows that a view derived; their order stays, or is reversed.
func (o order) choose(v *view.View, rows live.Rows, at view.Clock) (kept chosen) {
	for i := range rows.Len() {
		if o.Descending {
			i = rows.Len() - 1 - i
		}
		if r := rows.At(i); o.Filter.Empty() || o.Filter.keeps(r, v.Columns, at) {
			kept = append(kept, r)
		}
	}
	return kept
}

// key is what the chosen column orders rows by; nil: nothing. It is their own if nothing but the rows themselves decides,
// so that an order holds for later rows, too.
func (o order) key(v *view.View, snap *live.Snapshot) (key func([]byte, kind.Row) []byte, own bool) {
	if o.Column < 0 || o.Column >= len(v.Columns) {
		return nil, true
	}
	c := v.Columns[o.Column]
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
	if o.Within != "" {
		return snap.Table(v.Kind).Within(o.Within)
	}
	return snap.Table(v.Kind)
}

// AsTheyCome are the rows of a snapshot where nothing has to be done for the order; ok is false where it has.
func (t *Table) AsTheyCome(snap *live.Snapshot) (a *Arranged, ok bool) {
	if t.View.Rows != nil || !t.Order.natural() {
		return nil, false
	}
	return &Arranged{of: snap, Rows: rowsOf(t.View, snap, t.Order, nil), order: t.Order}, true
}

// Start begins to arrange the rows of a snapshot: the function does it, off the UI's goroutine, and gives nil if it was
// given up.
func (t *Table) Start(ctx context.Context, snap *live.Snapshot, at view.Clock) func() *Arranged {
	ctx, stop := context.WithCancel(ctx)
	t.arranging, t.stop = t.Order, stop
	o, last := t.Order, t.Rows
	return func() *Arranged {
		defer stop()
		return arrange(ctx, t.View, snap, o, at, last)
	}
}

// GiveUp ends what was started early if nobody wants it any more.
func (t *Table) GiveUp() {
	if t.stop != nil && !t.arranging.same(t.Order) {
		t.stop()
	}
}

// IsWanted tells whether rows are arranged in the order that is asked for.
func (t *Table) IsWanted(a *Arranged) bool { return a != nil && t.Order.same(a.order) }

// UpTo tells whether the rows are those of a snapshot.
func (t *Table) UpTo(snap *live.Snapshot) bool { return t.Rows.of == snap }
