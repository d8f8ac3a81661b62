package rows

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"iter"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"

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

// entry appends the entry of a row, and tells where in it the ID begins.
func (s Spec) entry(b []byte, r kind.Row) (entry []byte, id int) {
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
	id = len(b)
	b = append(b, name...)
	if len(name) >= longID {
		b = binary.BigEndian.AppendUint32(b, uint32(len(name)))
		return append(b, longID), id
	}
	return append(b, byte(len(name))), id
}

// sorts tells whether the order is another than that of IDs.
func (s Spec) sorts() bool { return s.Key != nil || s.Descending }

// Arrange chooses and sorts the rows of a table, with as many goroutines as there are processors. Its only error is that of
// the context.
func Arrange(ctx context.Context, t *Table, s Spec) (*Order, error) {
	piles := make([]*pile, min(runtime.GOMAXPROCS(0), 1+t.Len()/minPile))
	inParallel(len(piles), func(i int) {
		piles[i] = &pile{}
		piles[i].fill(ctx, t, s, t.Len()*i/len(piles), t.Len()*(i+1)/len(piles))
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	parts := make([]*Sorted, len(piles))
	inParallel(len(parts), func(i int) {
		if s.sorts() {
			parts[i] = NewSorted(place[string], merged(share(piles, i)))
		} else {
			parts[i] = NewSorted(place[string], piles[i].all())
		}
	})
	sorted := &Sorted{key: place[string]}
	for _, p := range parts {
		sorted.blocks = append(sorted.blocks, p.blocks...)
	}
	sorted.count()
	return &Order{s, t, sorted}, ctx.Err()
}

func inParallel(n int, do func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { do(i) })
	}
	wait.Wait()
}

const (
	minPile    = 4096 // rows for which a goroutine is worth while
	checkEvery = 4096 // rows between two looks at the context
)

// pile is the entries of a part of a table.
type pile struct {
	data  []byte
	items []item
}

// item is one entry, data[from:to] with its key up to id. Nearly all comparisons are of next, eight bytes of the key behind
// what all keys of the pile begin with.
type item struct {
	next         uint64
	from, id, to uint32
}

func (p *pile) at(i item) []byte  { return p.data[i.from:i.to] }
func (p *pile) key(i item) []byte { return p.data[i.from:i.id] }

func (p *pile) fill(ctx context.Context, t *Table, s Spec, from, to int) {
	n := 0
	for _, r := range t.between(from, to) {
		if n++; n%checkEvery == 0 && ctx.Err() != nil {
			return
		}
		if s.Keep != nil && !s.Keep(r) {
			continue
		}
		start := len(p.data)
		data, id := s.entry(p.data, r)
		p.data = data
		p.items = append(p.items, item{from: uint32(start), id: uint32(id), to: uint32(len(data))})
		if n == checkEvery { // about how much it will be
			rest := (to-from)/checkEvery + 1
			p.data = slices.Grow(p.data, len(p.data)*rest*9/8)
			p.items = slices.Grow(p.items, len(p.items)*rest)
		}
	}
	if s.sorts() && len(p.items) > 0 {
		p.sort()
	}
}

// sort sorts items that come in the order of their IDs.
func (p *pile) sort() {
	first := p.key(p.items[0])
	common, longest := len(first), 0
	for _, i := range p.items {
		key := p.key(i)
		n := 0
		for n < min(common, len(key)) && key[n] == first[n] {
			n++
		}
		common, longest = n, max(longest, len(key))
	}
	for i := range p.items {
		key := p.key(p.items[i])[common:]
		if len(key) >= 8 {
			p.items[i].next = binary.BigEndian.Uint64(key)
			continue
		}
		var next [8]byte
		copy(next[:], key)
		p.items[i].next = binary.BigEndian.Uint64(next[:])
	}
	whole := longest-common <= 8 // next is all of a key, since no key begins another
	slices.SortFunc(p.items, func(a, b item) int {
		switch {
		case a.next < b.next:
			return -1
		case a.next > b.next:
			return 1
		case !whole:
			if c := bytes.Compare(p.key(a), p.key(b)); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.from, b.from)
	})
}

// all are the entries of a pile.
func (p *pile) all() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, i := range p.items {
			if !yield(p.at(i)) {
				return
			}
		}
	}
}

// share is the i-th of as many parts of the sorted piles as there are, each of entries before those of the next.
func share(piles []*pile, i int) []*pile {
	largest := slices.MaxFunc(piles, func(a, b *pile) int { return cmp.Compare(len(a.items), len(b.items)) })
	bound := func(p *pile, i int) int { // how many entries of a pile are before the i-th part
		switch {
		case i == 0 || len(largest.items) == 0:
			return 0
		case i == len(piles):
			return len(p.items)
		}
		pivot := place(largest.at(largest.items[len(largest.items)*i/len(piles)]))
		return sort.Search(len(p.items), func(n int) bool { return bytes.Compare(place(p.at(p.items[n])), pivot) >= 0 })
	}
	out := make([]*pile, len(piles))
	for n, p := range piles {
		out[n] = &pile{p.data, p.items[bound(p, i):bound(p, i+1)]}
	}
	return out
}

// merged are the entries of sorted piles in their order. It uses the piles up.
func merged(piles []*pile) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			var least *pile
			var entry []byte
			for _, p := range piles {
				if len(p.items) == 0 {
					continue
				}
				if e := p.at(p.items[0]); least == nil || bytes.Compare(place(e), place(entry)) < 0 {
					least, entry = p, e
				}
			}
			if least == nil || !yield(entry) {
				return
			}
			least.items = least.items[1:]
		}
	}
}

// Follow is the order brought up to a later table by what changed between the two. It holds if Keep and Key look at nothing
// but the rows.
func (o *Order) Follow(now *Table) *Order {
	var edits []Edit
	edit := func(r kind.Row, there bool) {
		data, _ := o.spec.entry(nil, r)
		entry := string(data)
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
	entry, _ := o.spec.entry(nil, r)
	return o.sorted.Find(place(string(entry)))
}
