package rows

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// Edit says what stands at a key from now on.
type Edit struct {
	Key   string
	Entry string // empty: nothing

	// See sortAsTheyCame.
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

// Merge makes edits, of which a later one of the same key replaces an earlier one. choose is asked of each which entry
// stands there then, the old one or a new one, either of them empty if there is none. What it puts is marked with a pass,
// which is not 0; see Mark.
func (s *Sorted) Merge(edits []Edit, choose func(old, new string) string, pass uint16) *Sorted {
	sortAsTheyCame(edits)
	return s.merge(lastOfEach(edits), choose, pass)
}

// merge is Merge of edits of different keys in their order; without choose it takes the new entries, without a pass it
// marks nothing.
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

// sortAsTheyCame sorts edits by key, those of one key as they came. Most comparisons are of eight bytes after what all keys
// begin with: that is several times faster than to look at the texts.
func sortAsTheyCame(edits []Edit) {
	if len(edits) == 0 {
		return
	}
	first := edits[0].Key
	common := len(first)
	for _, e := range edits {
		key := e.Key
		common = min(common, len(key))
		for i := range common {
			if key[i] != first[i] {
				common = i
				break
			}
		}
	}
	for i := range edits {
		var next [8]byte
		copy(next[:], edits[i].Key[common:])
		edits[i].turn, edits[i].next = uint32(i), binary.BigEndian.Uint64(next[:])
	}
	slices.SortFunc(edits, func(a, b Edit) int {
		if c := cmp.Compare(a.next, b.next); c != 0 {
			return c
		}
		return cmp.Or(strings.Compare(a.Key, b.Key), cmp.Compare(a.turn, b.turn))
	})
}
