package rows

import (
	"encoding/binary"
	"strings"

	"holdfast/core/kind"
)

// Spec says which rows of a table are chosen, and in which order. Its functions are called from several goroutines.
type Spec struct {
	Keep       func(kind.Row) bool               // nil: all rows
	Key        func(b []byte, r kind.Row) []byte // appends what good rows are ordered by, see kind.Column.AppendKey; nil: the ID
	Descending bool                              // by Key; rows with the same key stay in the order of IDs, unreadable ones come last
}

// Order is the chosen rows of a table in their order. It holds keys and IDs alone, and never changes.
type Order struct {
	spec   Spec
	table  *Table
	sorted *Sorted
}

// An entry of an order is a key and behind it the ID, with the ID's length at the end: one byte, or 255 after four more.
const longID = 255

// place is an entry without that length: the key, and behind it the ID, which tells entries with the same key apart.
func place[E string | []byte](entry E) E {
	if end := len(entry) - 1; entry[end] != longID {
		return entry[:end]
	}
	return entry[:len(entry)-5]
}

func entryID(entry string) string {
	at := place(entry)
	n := int(entry[len(entry)-1])
	if n == longID {
		n = int(binary.BigEndian.Uint32([]byte(entry[len(at):])))
	}
	return at[len(at)-n:]
}

// keyOf is an entry up to its ID.
func keyOf(entry []byte) []byte {
	at := place(entry)
	n := int(entry[len(entry)-1])
	if n == longID {
		n = int(binary.BigEndian.Uint32(entry[len(at):]))
	}
	return at[:len(at)-n]
}

// entry appends the entry of a row.
func (s Spec) entry(b []byte, r kind.Row) []byte {
	name := r.ID()
	if s.sorts() {
		b = append(b, 0)
		from := len(b)
		switch {
		case s.Key == nil:
			b = kind.AppendTextKey(b, name)
		case r.Bad():
			b[from-1] = 1
		default:
			b = s.Key(b, r)
		}
		if s.Descending {
			for i := range b[from:] {
				b[from+i] = ^b[from+i]
			}
		}
	}
	b = append(b, name...)
	if len(name) >= longID {
		b = binary.BigEndian.AppendUint32(b, uint32(len(name)))
		return append(b, longID)
	}
	return append(b, byte(len(name)))
}

// sorts tells whether the order is another than that of IDs.
func (s Spec) sorts() bool { return s.Key != nil || s.Descending }

// Follow is the order brought up to a later table by what changed between the two. It holds if Keep and Key look at nothing
// but the rows.
func (o *Order) Follow(now *Table) *Order {
	var edits []Edit
	edit := func(r kind.Row, there bool) {
		entry := string(o.spec.entry(nil, r))
		e := Edit{Key: place(entry)}
		if there {
			e.Entry = entry
		}
		edits = append(edits, e)
	}
	now.Since(o.table, func(before, after kind.Row) {
		if !before.None() {
			edit(before, false)
		}
		if !after.None() && (o.spec.Keep == nil || o.spec.Keep(after)) && strings.HasPrefix(after.ID(), now.within) {
			edit(after, true)
		}
	})
	return &Order{o.spec, now, o.sorted.Apply(edits)}
}

// Table is the table whose rows are in the order.
func (o *Order) Table() *Table { return o.table }

// Len is the number of rows.
func (o *Order) Len() int { return o.sorted.Len() }

// Row returns the i-th row.
func (o *Order) Row(i int) kind.Row {
	r, _ := o.table.Get(entryID(o.sorted.At(i)))
	return r
}

// Index finds the place of a row.
func (o *Order) Index(id string) (int, bool) {
	r, ok := o.table.Get(id)
	if !ok {
		return 0, false
	}
	return o.sorted.Find(place(string(o.spec.entry(nil, r))))
}
