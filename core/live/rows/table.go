package rows

import (
	"iter"
	"strings"

	"holdfast/core/kind"
)

// Table is rows of one kind in the order of their IDs, or the part of them whose IDs begin alike. It never changes.
type Table struct {
	Schema   *kind.Schema // nil for an unknown kind, which has no rows
	all      *Sorted
	within   string // what the IDs in the table begin with
	from, to int    // the part of all that is in the table
}

// NewTable is a table of rows of one schema, which come in any order.
func NewTable(schema *kind.Schema, rows ...kind.Row) Table {
	edits := make([]Edit, len(rows))
	for i, r := range rows {
		edits[i] = Edit{Key: r.ID(), Entry: r.Data()}
	}
	return TableOf(schema, (&Sorted{key: kind.IDOf}).Apply(edits))
}

// TableOf is a table of packed rows.
func TableOf(schema *kind.Schema, packed *Sorted) Table {
	return Table{Schema: schema, all: packed, to: packed.Len()}
}

// Packed are all the rows as they are stored, those that Within left out among them.
func (t *Table) Packed() *Sorted { return t.all }

// Len is the number of rows.
func (t *Table) Len() int { return t.to - t.from }

// Row returns the i-th row in the order of IDs.
func (t *Table) Row(i int) kind.Row { return t.Schema.At(t.all.At(t.from + i)) }

// All are the rows from the i-th on, with their places: faster than one by one.
func (t *Table) All(i int) iter.Seq2[int, kind.Row] { return t.between(i, t.Len()) }

func (t *Table) between(from, to int) iter.Seq2[int, kind.Row] {
	return func(yield func(int, kind.Row) bool) {
		for at, data := range t.all.Range(t.from+from, t.from+to) {
			if !yield(at-t.from, t.Schema.At(data)) {
				return
			}
		}
	}
}

// Index finds the place of a row.
func (t *Table) Index(id string) (int, bool) {
	i, found := t.all.Find(id)
	switch {
	case i < t.from:
		return 0, false
	case i >= t.to:
		return t.Len(), false
	}
	return i - t.from, found
}

// Get finds a row.
func (t *Table) Get(id string) (kind.Row, bool) {
	if i, ok := t.Index(id); ok {
		return t.Row(i), true
	}
	return kind.Row{}, false
}

// Within is the part of the table whose IDs start with prefix, as a table of its own; it costs the same however many rows
// there are.
func (t *Table) Within(prefix string) Table {
	part := *t
	if prefix == "" {
		return part
	}
	from, _ := t.Index(prefix)
	to := t.Len()
	for last := len(prefix) - 1; last >= 0; last-- {
		if prefix[last] < 0xff { // the first ID after them; nothing comes after one of 0xff
			to, _ = t.Index(prefix[:last] + string([]byte{prefix[last] + 1}))
			break
		}
	}
	part.within, part.from, part.to = prefix, t.from+from, t.from+to
	return part
}

// Range calls fn for the rows whose ID starts with prefix, in order, until fn returns false.
func (t *Table) Range(prefix string, fn func(kind.Row) bool) {
	from, _ := t.Index(prefix)
	for _, r := range t.All(from) {
		if !strings.HasPrefix(r.ID(), prefix) || !fn(r) {
			return
		}
	}
}

// Since passes fn every row that differs from an earlier table of the kind, in the order of IDs; before is none for a
// new row, after for a removed one. Its cost depends on what changed, not on the number of rows.
func (t *Table) Since(earlier *Table, fn func(before, after kind.Row)) {
	row := func(data string) kind.Row {
		if data == "" {
			return kind.Row{}
		}
		return t.Schema.At(data)
	}
	diff(earlier.all, t.all, func(before, after string) { fn(row(before), row(after)) })
}
