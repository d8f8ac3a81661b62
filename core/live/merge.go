package live

import (
	"strings"
	"time"

	"holdfast/core/kind"
	"holdfast/core/live/rows"
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
	clear(t.collected)
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
	clear(t.collected)
	t.mergeEdits(edits, t.asOf)
}

func (t *tracker) mergeEdits(edits []rows.Edit, asOf time.Time) {
	start := time.Now()
	t.mergedAt = asOf
	t.rows = t.rows.Merge(edits, t.choose, t.pass)
	t.took = time.Since(start)
}

// choose decides which row stands at a place from now on, and notes what that changes.
func (t *tracker) choose(old, new string) string {
	before, after := t.row(old), t.row(new)
	switch {
	case old == "" && new == "":
		return ""
	case old != "" && new != "" && kind.Same(before, after):
		return old // the row that is shown stays, so that small differences cannot add up unseen
	}
	if old != "" && new != "" && t.feed.Follow != nil {
		if after = t.feed.Follow(before, after); after == before {
			return old
		}
	}
	t.bad += isBad(after) - isBad(before)
	if new != "" {
		t.due.Watch(after, t.mergedAt)
	} else {
		t.due.Forget(before.ID())
	}
	t.need(before, after)
	t.weigh(before, after)
	t.note(before, after)
	return after.Data()
}

// row is the row of packed data; none where there is none.
func (t *tracker) row(data string) kind.Row {
	if data == "" {
		return kind.Row{}
	}
	return t.feed.Schema.At(data)
}

// need keeps track of which rows need which keys.
func (t *tracker) need(before, after kind.Row) {
	if t.feed.Needs == nil {
		return
	}
	key := func(r kind.Row) string {
		if r.None() {
			return ""
		}
		return t.feed.Needs(r)
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
			t.needed[strings.Clone(now)] = map[string]struct{}{}
		}
		t.needed[now][strings.Clone(after.ID())] = struct{}{}
	}
}

// note keeps a change for the next publish. What the first pass finds is none: it was there before we looked.
func (t *tracker) note(before, after kind.Row) {
	if !t.table.Complete {
		return
	}
	t.count++
	if len(t.changes) == 2*recentChanges { // more are never shown
		t.dropped = t.changes[recentChanges-1].At
		t.changes = append(t.changes[:0], t.changes[recentChanges:]...)
	}
	c := Change{At: t.mergedAt, Before: before.Clone(), After: after.Clone()} // they pin no block
	if c.ID = c.After.ID(); after.None() {
		c.ID = c.Before.ID()
	}
	t.changes = append(t.changes, c)
}

func isBad(r kind.Row) int {
	if r.Bad() {
		return 1
	}
	return 0
}
