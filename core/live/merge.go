package live

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// How what readings gave comes into the rows of a kind: apply -> pending -> merge -> choose.

// merge brings the rows up to what readings gave.
func (t *tracker) merge() {
	t.settle()
	if len(t.pending) > 0 {
		t.mergePending()
	}
}

// mergeBeside is merge while the reading goes on. Until it has settled, only what readings give may be touched.
func (t *tracker) mergeBeside() {
	t.settle()
	if len(t.pending) == 0 {
		return
	}
	done := make(chan struct{})
	t.beside = done
	edits, asOf := t.pending, t.asOf
	t.pending = nil
	go func() {
		defer close(done)
		t.mergeEdits(edits, asOf)
	}()
}

// settle waits for a merge beside.
func (t *tracker) settle() {
	if t.beside != nil {
		<-t.beside
		t.beside = nil
	}
}

// settled tells that there is nothing to wait for.
func (t *tracker) settled() bool {
	select {
	case <-t.beside:
		t.beside = nil
	default:
	}
	return t.beside == nil
}

func (t *tracker) mergePending() {
	edits := t.pending
	t.pending = nil
	t.mergeEdits(edits, t.asOf)
}

func (t *tracker) mergeEdits(edits []Edit, asOf time.Time) {
	start := time.Now()
	t.mergedAt = asOf
	sortByID(edits)
	t.rows = t.rows.merge(lastOfEach(edits, byID), t.choose, t.pass)
	t.took = time.Since(start)
}

// sortByID sorts edits by ID, those of one ID as they came. Most comparisons are of eight bytes after what all IDs begin
// with: that is several times faster than to look at the texts.
func sortByID(edits []Edit) {
	if len(edits) == 0 {
		return
	}
	first := edits[0].At.ID()
	common := len(first)
	for _, e := range edits {
		id := e.At.ID()
		common = min(common, len(id))
		for i := range common {
			if id[i] != first[i] {
				common = i
				break
			}
		}
	}
	for i := range edits {
		var next [8]byte
		copy(next[:], edits[i].At.ID()[common:])
		edits[i].turn, edits[i].next = uint32(i), binary.BigEndian.Uint64(next[:])
	}
	slices.SortFunc(edits, func(a, b Edit) int {
		if c := cmp.Compare(a.next, b.next); c != 0 {
			return c
		}
		return cmp.Or(byID(a.At, b.At), cmp.Compare(a.turn, b.turn))
	})
}

// choose decides which row stands at a place from now on, and notes what that changes.
func (t *tracker) choose(old, new Row) Row {
	switch {
	case old == nil && new == nil:
		return nil
	case old != nil && new != nil && t.feed.equal(old, new):
		return old // the row that is shown stays, so that small differences cannot add up unseen
	}
	if old != nil && new != nil && t.feed.follow != nil {
		t.feed.follow(old, new)
	}
	c := Change{At: t.mergedAt, Before: old, After: new}
	if old != nil {
		c.ID = old.ID()
		t.bad -= isBad(old)
	}
	if new != nil {
		c.ID = new.ID()
		t.bad += isBad(new)
		t.due.watch(new, t.mergedAt)
	} else {
		t.due.forget(c.ID)
	}
	t.need(old, new)
	t.weigh(old, new)
	t.note(c)
	return new
}

// need keeps track of which rows need which keys.
func (t *tracker) need(before, after Row) {
	if t.feed.needs == nil {
		return
	}
	key := func(r Row) string {
		if r == nil {
			return ""
		}
		return t.feed.needs(r)
	}
	old, now := key(before), key(after)
	if old == now {
		return
	}
	if old != "" {
		if delete(t.needed[old], before.ID()); len(t.needed[old]) == 0 {
			delete(t.needed, old)
		}
	}
	if now != "" {
		if t.needed[now] == nil {
			t.needed[now] = map[string]struct{}{}
		}
		t.needed[now][after.ID()] = struct{}{}
	}
}

// note keeps a change for the next publish. What the first pass finds is none: it was there before we looked.
func (t *tracker) note(c Change) {
	if !t.table.Complete {
		return
	}
	t.count++
	if len(t.changes) == 2*recentChanges { // more are never shown
		t.dropped = t.changes[recentChanges-1].At
		t.changes = append(t.changes[:0], t.changes[recentChanges:]...)
	}
	t.changes = append(t.changes, c)
}

func isBad(r Row) int {
	if r.Problem() != nil {
		return 1
	}
	return 0
}
