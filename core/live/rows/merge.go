package rows

import (
	"slices"
	"sort"
	"strings"
)

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
