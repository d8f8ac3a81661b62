package live

import (
	"iter"
	"slices"
	"sort"
)

// Sorted is a sequence of rows in an order. It never changes: the one that follows it shares the blocks in which nothing
// differs, so that what is new costs no more than the blocks it falls into.
type Sorted struct {
	compare func(a, b Row) int // total: 0 only for the same place
	blocks  []*block           // none is empty
	ends    []int32            // rows up to the end of each block
}

// block is a run of rows.
type block struct {
	rows []Row
	pass []uint16 // of each row, see tracker; nil where nobody counts passes, and for the goroutine that reads alone
}

// Where a block is split, and up to where two neighbours are joined.
const (
	maxInBlock = 96
	fewInBlock = 32
)

// NewSorted sorts rows, which it keeps, by a total order.
func NewSorted(rows []Row, compare func(a, b Row) int) *Sorted {
	slices.SortFunc(rows, compare)
	s := &Sorted{compare: compare}
	for run := range slices.Chunk(rows, maxInBlock*3/4) {
		s.blocks = append(s.blocks, &block{rows: run})
	}
	s.count()
	return s
}

func (s *Sorted) count() {
	s.ends = make([]int32, len(s.blocks))
	n := 0
	for i, b := range s.blocks {
		n += len(b.rows)
		s.ends[i] = int32(n)
	}
}

// Len is the number of rows.
func (s *Sorted) Len() int {
	if len(s.ends) == 0 {
		return 0
	}
	return int(s.ends[len(s.ends)-1])
}

// At returns the i-th row.
func (s *Sorted) At(i int) Row {
	b, _ := slices.BinarySearch(s.ends, int32(i+1))
	return s.blocks[b].rows[i-s.start(b)]
}

// start is the number of rows before a block.
func (s *Sorted) start(b int) int {
	if b == 0 {
		return 0
	}
	return int(s.ends[b-1])
}

// All are the rows from the i-th on, with their places.
func (s *Sorted) All(i int) iter.Seq2[int, Row] {
	return func(yield func(int, Row) bool) {
		b, _ := slices.BinarySearch(s.ends, int32(i+1))
		for ; b < len(s.blocks); b++ {
			for at := i - s.start(b); at < len(s.blocks[b].rows); at++ {
				if !yield(i, s.blocks[b].rows[at]) {
					return
				}
				i++
			}
		}
	}
}

// Find tells where a row with the place of r stands, or would stand.
func (s *Sorted) Find(r Row) (i int, found bool) {
	return s.search(func(other Row) int { return s.compare(other, r) })
}

// search finds the place where compare, of a row with what is sought, is 0.
func (s *Sorted) search(compare func(Row) int) (i int, found bool) {
	b, at, found := s.locate(compare)
	return s.start(b) + at, found
}

// locate is search by block, and place in the block.
func (s *Sorted) locate(compare func(Row) int) (b, at int, found bool) {
	if len(s.blocks) == 0 {
		return 0, 0, false
	}
	b = s.blockOf(compare, 0, len(s.blocks))
	at, found = sort.Find(len(s.blocks[b].rows), func(i int) int { return -compare(s.blocks[b].rows[i]) })
	return b, at, found
}

// blockOf is the block of a place that is not before block from, nor behind those before block to.
func (s *Sorted) blockOf(compare func(Row) int, from, to int) int {
	return max(from, from+sort.Search(to-from, func(i int) bool { return compare(s.blocks[from+i].rows[0]) > 0 })-1)
}

// near is blockOf with steps that double: the places of many edits, in order, are close to each other.
func (s *Sorted) near(compare func(Row) int, from int) int {
	to := from + 1
	for step := 1; to < len(s.blocks) && compare(s.blocks[to].rows[0]) <= 0; step *= 2 {
		from, to = to, to+step
	}
	return s.blockOf(compare, from, min(to, len(s.blocks)))
}

// Edit says what stands at a place from now on.
type Edit struct {
	At  Row // a row with that place
	Row Row // nil: nothing

	// For those of a tracker that wait: see sortByID.
	turn uint32
	next uint64
}

// Apply makes edits in any order; where two are of the same place one with a row counts.
func (s *Sorted) Apply(edits []Edit) *Sorted {
	slices.SortFunc(edits, func(a, b Edit) int {
		c := s.compare(a.At, b.At)
		switch {
		case c != 0:
			return c
		case a.Row == nil:
			return -1
		case b.Row == nil:
			return 1
		}
		return 0
	})
	return s.merge(lastOfEach(edits, s.compare), nil, 0)
}

// lastOfEach keeps the last of the edits of each place.
func lastOfEach(edits []Edit, compare func(a, b Row) int) []Edit {
	last := edits[:0]
	for i, e := range edits {
		if i+1 == len(edits) || compare(edits[i+1].At, e.At) != 0 {
			last = append(last, e)
		}
	}
	return last
}

// merge makes edits, each at another place and in the order of s. choose is asked of each which row stands there then, the
// old one or the new one, either of them nil if there is none; nil chooses the new ones. What it puts is marked with a
// pass, unless that is 0.
func (s *Sorted) merge(edits []Edit, choose func(old, new Row) Row, pass uint16) *Sorted {
	m := merger{old: s, choose: choose, pass: pass, out: make([]*block, 0, len(s.blocks)+len(edits)/maxInBlock+1)}
	b := 0
	for len(edits) > 0 {
		at, n := b, len(edits)
		if b < len(s.blocks) {
			at = s.near(func(r Row) int { return s.compare(r, edits[0].At) }, b)
		}
		m.out = append(m.out, s.blocks[b:at]...)
		if at+1 < len(s.blocks) {
			next := s.blocks[at+1].rows[0]
			for n = 1; n < len(edits) && s.compare(edits[n].At, next) < 0; n++ {
			}
		}
		m.block(at, edits[:n])
		edits, b = edits[n:], at+1
	}
	if !m.differs {
		return s
	}
	m.out = append(m.out, s.blocks[min(b, len(s.blocks)):]...)
	next := &Sorted{compare: s.compare, blocks: m.out}
	next.count()
	return next
}

type merger struct {
	old     *Sorted
	choose  func(old, new Row) Row
	pass    uint16
	out     []*block
	fresh   bool  // the last of out was made here
	work    block // that is being made
	differs bool
}

// block makes the edits of one block.
func (m *merger) block(b int, edits []Edit) {
	was := &block{}
	if b < len(m.old.blocks) {
		was = m.old.blocks[b]
	}
	now := &m.work
	now.rows, now.pass = now.rows[:0], now.pass[:0]
	marked := m.pass != 0
	from, differs := 0, false
	keep := func(to int) {
		now.rows = append(now.rows, was.rows[from:to]...)
		if marked {
			now.pass = append(now.pass, was.pass[from:to]...)
		}
		from = to
	}
	for _, e := range edits {
		at, found := sort.Find(len(was.rows)-from, func(i int) int { return m.old.compare(e.At, was.rows[from+i]) })
		keep(from + at)
		var old Row
		if found {
			old = was.rows[from]
			from++
		}
		row := e.Row
		if m.choose != nil {
			row = m.choose(old, row)
		}
		differs = differs || row != old
		if row == nil {
			continue
		}
		now.rows = append(now.rows, row)
		if marked {
			now.pass = append(now.pass, m.pass)
			if row == old { // the block may stay as it is
				was.pass[from-1] = m.pass
			}
		}
	}
	if !differs {
		if len(was.rows) > 0 {
			m.out, m.fresh = append(m.out, was), false
		}
		return
	}
	keep(len(was.rows))
	m.differs = true
	m.add(m.work)
}

// add puts a copy of a new block at the end, split if it is large, joined to the one before it if both are small.
func (m *merger) add(now block) {
	if last := len(m.out) - 1; last >= 0 && m.fresh && len(m.out[last].rows)+len(now.rows) <= fewInBlock {
		before := m.out[last]
		now = block{rows: slices.Concat(before.rows, now.rows), pass: slices.Concat(before.pass, now.pass)}
		m.out = m.out[:last]
	}
	n := len(now.rows)
	if n == 0 {
		return
	}
	m.fresh = true
	parts := 1
	if n > maxInBlock {
		parts = (n + maxInBlock/2 - 1) / (maxInBlock / 2)
	}
	for i := range parts {
		from, to := n*i/parts, n*(i+1)/parts
		part := &block{rows: slices.Clone(now.rows[from:to])}
		if m.pass != 0 {
			part.pass = slices.Clone(now.pass[from:to])
		}
		m.out = append(m.out, part)
	}
}

// diff tells fn of every place that differs, in order: before and after are nil where there was or is no row. Blocks that
// both share cost nothing.
func diff(before, after *Sorted, fn func(before, after Row)) {
	a, b := &walk{s: before}, &walk{s: after}
	for {
		for a.at == 0 && b.at == 0 && a.more() && b.more() && a.s.blocks[a.block] == b.s.blocks[b.block] {
			a.block++
			b.block++
		}
		switch {
		case !a.more() && !b.more():
			return
		case !b.more():
			fn(a.next(), nil)
			continue
		case !a.more():
			fn(nil, b.next())
			continue
		}
		switch c := after.compare(a.row(), b.row()); {
		case c < 0:
			fn(a.next(), nil)
		case c > 0:
			fn(nil, b.next())
		default:
			if old, now := a.next(), b.next(); old != now {
				fn(old, now)
			}
		}
	}
}

// walk is a place in a Sorted.
type walk struct {
	s         *Sorted
	block, at int
}

func (w *walk) more() bool { return w.block < len(w.s.blocks) }

func (w *walk) row() Row { return w.s.blocks[w.block].rows[w.at] }

func (w *walk) next() Row {
	r := w.row()
	if w.at++; w.at == len(w.s.blocks[w.block].rows) {
		w.block, w.at = w.block+1, 0
	}
	return r
}
