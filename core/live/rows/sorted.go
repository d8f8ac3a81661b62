// Package rows keeps what there is of one kind as bytes in sorted blocks: the table of it, filtered and sorted orders of that
// table, and what differs between two of them. Nothing here knows where rows come from.
package rows

import (
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
	pass []uint16 // of each, see Mark; nil where nobody counts passes
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

// packer makes a sequence of entries that are added in their order, each copied once.
type packer struct {
	blocks  []*block
	entries [][]byte // of the next block
	size    int      // of all of them
}

func (p *packer) add(entry []byte) {
	if n := len(p.entries); n == roomyBlock || n > 0 && p.size+len(entry) > maxBlockBytes {
		p.pack()
	}
	p.entries = append(p.entries, entry)
	p.size += len(entry)
}

func (p *packer) pack() {
	if len(p.entries) == 0 {
		return
	}
	ends := make([]uint32, len(p.entries))
	var data strings.Builder
	data.Grow(p.size)
	for i, e := range p.entries {
		data.Write(e)
		ends[i] = uint32(data.Len())
	}
	p.blocks = append(p.blocks, &block{data: data.String(), ends: ends})
	p.entries, p.size = p.entries[:0], 0
}

// joined is a sequence of all entries of several packers, one after the other.
func joined(key func(string) string, packers ...*packer) *Sorted {
	s := &Sorted{key: key}
	for _, p := range packers {
		p.pack()
		s.blocks = append(s.blocks, p.blocks...)
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

// Mark marks the entry with a key with a pass, and tells whether there is one.
func (s *Sorted) Mark(key string, pass uint16) bool {
	b, at, found := s.locate(key)
	if found {
		s.blocks[b].pass[at] = pass
	}
	return found
}

// Marked tells whether there is an entry with a key that has the mark of a pass.
func (s *Sorted) Marked(key string, pass uint16) bool {
	b, at, found := s.locate(key)
	return found && s.blocks[b].pass[at] == pass
}

// Unmarked are the entries without the mark of a pass.
func (s *Sorted) Unmarked(pass uint16) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, b := range s.blocks {
			for i, mark := range b.pass {
				if mark != pass && !yield(b.at(i)) {
					return
				}
			}
		}
	}
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
