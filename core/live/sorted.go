package live

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"strings"
)

// Sorted is a sequence of packed entries, such as rows, in the byte order of their keys. It never changes: the one that
// follows it shares the blocks in which nothing differs, so that what is new costs no more than the blocks it falls into.
// No entry holds pointers, so that the collector has next to nothing to mark.
type Sorted struct {
	key    func(entry string) string // what an entry is ordered by; no two have the same
	blocks []*block                  // none is empty
	ends   []int32                   // entries up to the end of each block
}

// block is a run of entries.
type block struct {
	data string   // one after the other
	ends []uint32 // of each in data
	pass []uint16 // of each, see tracker; nil where nobody counts passes
}

func (b *block) len() int { return len(b.ends) }

func (b *block) start(i int) uint32 {
	if i == 0 {
		return 0
	}
	return b.ends[i-1]
}

func (b *block) at(i int) string { return b.data[b.start(i):b.ends[i]] }

// Where a block is split, and up to where two neighbours are joined.
const (
	maxInBlock    = 96
	roomyBlock    = maxInBlock * 3 / 4 // of a new block, which may grow
	fewInBlock    = 32
	maxBlockBytes = 16 << 10 // unless one entry alone is larger
)

// NewSorted makes a sequence of entries that are in order already.
func NewSorted[E string | []byte](key func(entry string) string, entries iter.Seq[E]) *Sorted {
	s := &Sorted{key: key}
	var now work
	for e := range entries {
		if now.len() == roomyBlock || now.len() > 0 && len(now.data)+len(e) > maxBlockBytes {
			s.blocks = append(s.blocks, now.block())
		}
		now.data = append(now.data, e...)
		now.ends = append(now.ends, uint32(len(now.data)))
	}
	if now.len() > 0 {
		s.blocks = append(s.blocks, now.block())
	}
	s.count()
	return s
}

func (s *Sorted) count() {
	s.ends = make([]int32, len(s.blocks))
	n := 0
	for i, b := range s.blocks {
		n += b.len()
		s.ends[i] = int32(n)
	}
}

// Len is the number of entries.
func (s *Sorted) Len() int {
	if len(s.ends) == 0 {
		return 0
	}
	return int(s.ends[len(s.ends)-1])
}

// At returns the i-th entry.
func (s *Sorted) At(i int) string {
	b, _ := slices.BinarySearch(s.ends, int32(i+1))
	return s.blocks[b].at(i - s.start(b))
}

// start is the number of entries before a block.
func (s *Sorted) start(b int) int {
	if b == 0 {
		return 0
	}
	return int(s.ends[b-1])
}

// Range are the entries from one place up to another, with their places.
func (s *Sorted) Range(from, to int) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		i := from
		b, _ := slices.BinarySearch(s.ends, int32(i+1))
		for ; b < len(s.blocks) && i < to; b++ {
			in := s.blocks[b]
			for at := i - s.start(b); at < in.len() && i < to; at++ {
				if !yield(i, in.at(at)) {
					return
				}
				i++
			}
		}
	}
}

// Find tells where the entry with a key stands, or would stand.
func (s *Sorted) Find(key string) (i int, found bool) {
	b, at, found := s.locate(key)
	return s.start(b) + at, found
}

// locate is Find by block, and place in the block.
func (s *Sorted) locate(key string) (b, at int, found bool) {
	if len(s.blocks) == 0 {
		return 0, 0, false
	}
	b = s.blockOf(key, 0, len(s.blocks))
	in := s.blocks[b]
	at, found = sort.Find(in.len(), func(i int) int { return strings.Compare(key, s.key(in.at(i))) })
	return b, at, found
}

// blockOf is the block of a key that is not before block from, nor behind those before block to.
func (s *Sorted) blockOf(key string, from, to int) int {
	return max(from, from+sort.Search(to-from, func(i int) bool { return s.key(s.blocks[from+i].at(0)) > key })-1)
}

// near is blockOf with steps that double: the keys of many edits, in order, are close to each other.
func (s *Sorted) near(key string, from int) int {
	to := from + 1
	for step := 1; to < len(s.blocks) && s.key(s.blocks[to].at(0)) <= key; step *= 2 {
		from, to = to, to+step
	}
	return s.blockOf(key, from, min(to, len(s.blocks)))
}

// Edit says what stands at a key from now on.
type Edit struct {
	Key   string
	Entry string // empty: nothing

	// For those of a tracker that wait: see sortByID.
	turn uint32
	next uint64
}

// Apply makes edits, which may come in any order. Of two with the same key, the one with an entry counts.
func (s *Sorted) Apply(edits []Edit) *Sorted {
	slices.SortFunc(edits, func(a, b Edit) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), cmp.Compare(len(a.Entry), len(b.Entry)))
	})
	return s.merge(lastOfEach(edits), nil, 0)
}

// lastOfEach keeps the last of the edits of each key.
func lastOfEach(edits []Edit) []Edit {
	last := edits[:0]
	for i, e := range edits {
		if i+1 == len(edits) || edits[i+1].Key != e.Key {
			last = append(last, e)
		}
	}
	return last
}

// merge makes edits, each of another key and in the order of keys. choose is asked of each which entry stands there then,
// the old one or a new one, either of them empty if there is none; nil chooses the new ones. What it puts is marked with a
// pass, unless that is 0.
func (s *Sorted) merge(edits []Edit, choose func(old, new string) string, pass uint16) *Sorted {
	m := merger{old: s, choose: choose, pass: pass, out: make([]*block, 0, len(s.blocks)+len(edits)/maxInBlock+1)}
	b := 0
	for len(edits) > 0 {
		at, n := b, len(edits)
		if b < len(s.blocks) {
			at = s.near(edits[0].Key, b)
		}
		m.out = append(m.out, s.blocks[b:at]...)
		if at > b {
			m.fresh = false
		}
		if at+1 < len(s.blocks) {
			next := s.key(s.blocks[at+1].at(0))
			for n = 1; n < len(edits) && edits[n].Key < next; n++ {
			}
		}
		m.block(at, edits[:n])
		edits, b = edits[n:], at+1
	}
	if !m.differs {
		return s
	}
	m.out = append(m.out, s.blocks[min(b, len(s.blocks)):]...)
	next := &Sorted{key: s.key, blocks: m.out}
	next.count()
	return next
}

type merger struct {
	old     *Sorted
	choose  func(old, new string) string
	pass    uint16
	out     []*block
	fresh   bool // the last of out was made here
	work    work // the block that is being made
	differs bool
}

// work is a block that is being made.
type work struct {
	data []byte
	ends []uint32
	pass []uint16
}

func (w *work) len() int { return len(w.ends) }

func (w *work) add(entry string, pass uint16, marked bool) {
	w.data = append(w.data, entry...)
	w.ends = append(w.ends, uint32(len(w.data)))
	if marked {
		w.pass = append(w.pass, pass)
	}
}

// addRun adds the entries of a block from one place up to another.
func (w *work) addRun(b *block, from, to int, marked bool) {
	if from >= to {
		return
	}
	start := b.start(from)
	shift := uint32(len(w.data)) - start
	w.data = append(w.data, b.data[start:b.ends[to-1]]...)
	for _, end := range b.ends[from:to] {
		w.ends = append(w.ends, end+shift)
	}
	if marked {
		w.pass = append(w.pass, b.pass[from:to]...)
	}
}

func (w *work) reset() { w.data, w.ends, w.pass = w.data[:0], w.ends[:0], w.pass[:0] }

// block is a copy of all that was added; the work begins anew.
func (w *work) block() *block {
	b := &block{data: string(w.data), ends: slices.Clone(w.ends)}
	if len(w.pass) > 0 {
		b.pass = slices.Clone(w.pass)
	}
	w.reset()
	return b
}

// block makes the edits of one block.
func (m *merger) block(b int, edits []Edit) {
	was := &block{}
	if b < len(m.old.blocks) {
		was = m.old.blocks[b]
	}
	now := &m.work
	now.reset()
	marked := m.pass != 0
	from, differs := 0, false
	for _, e := range edits {
		at, found := sort.Find(was.len()-from, func(i int) int { return strings.Compare(e.Key, m.old.key(was.at(from+i))) })
		now.addRun(was, from, from+at, marked)
		from += at
		old := ""
		if found {
			old = was.at(from)
			from++
		}
		entry := e.Entry
		if m.choose != nil {
			entry = m.choose(old, entry)
		}
		differs = differs || entry != old
		if entry == "" {
			continue
		}
		now.add(entry, m.pass, marked)
		if marked && found && entry == old { // the block may stay as it is
			was.pass[from-1] = m.pass
		}
	}
	if !differs {
		if was.len() > 0 {
			m.out, m.fresh = append(m.out, was), false
		}
		return
	}
	now.addRun(was, from, was.len(), marked)
	m.differs = true
	m.add()
}

// add puts a copy of the new block at the end, split if it is large, joined to the one before it if both are small.
func (m *merger) add() {
	marked := m.pass != 0
	now := m.work
	last := len(m.out) - 1
	if last >= 0 && m.fresh && m.out[last].len()+now.len() <= fewInBlock && len(m.out[last].data)+len(now.data) <= maxBlockBytes/2 {
		var joined work
		joined.addRun(m.out[last], 0, m.out[last].len(), marked)
		joined.addRun(&block{data: string(now.data), ends: now.ends, pass: now.pass}, 0, now.len(), marked)
		now, m.out = joined, m.out[:last]
	}
	n := now.len()
	if n == 0 {
		return
	}
	m.fresh = true
	if n <= maxInBlock && (len(now.data) <= maxBlockBytes || n == 1) {
		m.out = append(m.out, now.block())
		m.work.reset()
		return
	}
	whole := &block{data: string(now.data), ends: now.ends, pass: now.pass}
	parts := (n + roomyBlock - 1) / roomyBlock
	most := (n + parts - 1) / parts
	var part work
	for i := range n {
		if part.len() == most || part.len() > 0 && len(part.data)+len(whole.at(i)) > maxBlockBytes/2 {
			m.out = append(m.out, part.block())
		}
		part.addRun(whole, i, i+1, marked)
	}
	m.out = append(m.out, part.block())
}

// diff tells fn of every key whose entry differs, in order: before and after are empty where there was or is none. Blocks
// that both share cost nothing.
func diff(before, after *Sorted, fn func(before, after string)) {
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
			fn(a.next(), "")
			continue
		case !a.more():
			fn("", b.next())
			continue
		}
		switch c := strings.Compare(after.key(a.entry()), after.key(b.entry())); {
		case c < 0:
			fn(a.next(), "")
		case c > 0:
			fn("", b.next())
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

func (w *walk) entry() string { return w.s.blocks[w.block].at(w.at) }

func (w *walk) next() string {
	e := w.entry()
	if w.at++; w.at == w.s.blocks[w.block].len() {
		w.block, w.at = w.block+1, 0
	}
	return e
}
