package live

import (
	"slices"
	"strings"
	"time"
)

// tracker keeps one kind current. Only the model's goroutine touches it.
type tracker struct {
	feed    Feed
	entries map[string]entry // invariant: has exactly the rows of table.rows plus those of dirty
	dirty   map[string]struct{}
	wanted  map[string]struct{} // found by the scan and not read yet
	changes []Change            // since the last publish
	count   int                 // changes since the last reading ended
	next    string              // the ID after which the rolling re-reading goes on
	table   *Table              // what was published last
	bad     int                 // entries with a Problem
	err     error
	readAt  time.Time
}

type entry struct {
	row  Row
	pass uint32 // of the last scan that saw it
}

func newTracker(f Feed) *tracker {
	return &tracker{
		feed: f, entries: map[string]entry{}, dirty: map[string]struct{}{}, wanted: map[string]struct{}{},
		table: &Table{Kind: f.Kind},
	}
}

// found notes a key that a scan saw.
func (t *tracker) found(key string, pass uint32) bool {
	id, ok := t.feed.identify(key)
	if !ok {
		return false
	}
	if e, known := t.entries[id]; known {
		e.pass = pass
		t.entries[id] = e
	} else {
		t.wanted[id] = struct{}{}
	}
	return true
}

// unseen lists the rows that the scan which just ended did not meet: deleted, most likely.
func (t *tracker) unseen(pass uint32) []string {
	var ids []string
	for id, e := range t.entries {
		if e.pass != pass {
			ids = append(ids, id)
		}
	}
	return ids
}

// rolling lists the next n rows in the order of IDs, so that all are read again in turn.
func (t *tracker) rolling(n int) []string {
	rows := t.table.rows
	n = min(n, len(rows))
	ids := make([]string, 0, n)
	i, exact := t.table.Index(t.next)
	if exact {
		i++
	}
	for range n {
		if i >= len(rows) {
			i = 0
		}
		ids = append(ids, rows[i].ID())
		i++
	}
	if n > 0 {
		t.next = ids[n-1]
	}
	return ids
}

// apply takes in what a reading of ids gave; a row that was asked for and did not come is gone.
func (t *tracker) apply(ids []string, rows []Row, pass uint32, now time.Time) {
	got := make(map[string]struct{}, len(rows))
	for _, r := range rows {
		id := r.ID()
		got[id] = struct{}{}
		delete(t.wanted, id)
		old, known := t.entries[id]
		if !known {
			old.pass = pass
			t.note(Change{At: now, ID: id, After: r})
		} else if t.feed.equal(old.row, r) {
			continue // the row that is shown stays as it is
		} else {
			t.note(Change{At: now, ID: id, Before: old.row, After: r})
		}
		t.bad += isBad(r) - isBad(old.row)
		t.entries[id] = entry{r, old.pass}
		t.dirty[id] = struct{}{}
	}
	for _, id := range ids {
		if _, ok := got[id]; ok {
			continue
		}
		delete(t.wanted, id)
		if old, known := t.entries[id]; known {
			delete(t.entries, id)
			t.bad -= isBad(old.row)
			t.dirty[id] = struct{}{}
			t.note(Change{At: now, ID: id, Before: old.row})
		}
	}
	t.err, t.readAt = nil, now
}

// note remembers a change. What the first pass finds is no change: it was there before we looked.
func (t *tracker) note(c Change) {
	if t.table.Complete {
		t.changes = append(t.changes, c)
		t.count++
	}
}

func isBad(r Row) int {
	if r != nil && r.Problem() != nil {
		return 1
	}
	return 0
}

// publish makes the next immutable table, merging the changed rows into the sorted old ones. At the end of a reading
// its changes close one entry of the rates.
func (t *tracker) publish(complete, endOfReading bool) *Table {
	old := t.table
	next := *old
	next.Complete = old.Complete || complete
	next.ReadAt, next.Err, next.Bad = t.readAt, t.err, t.bad
	if len(t.dirty) > 0 {
		next.Rev++
		next.rows = t.merge(old)
		clear(t.dirty)
	}
	if endOfReading && old.Complete {
		next.Rates = lastN(append(slices.Clip(old.Rates), t.count), rateReadings)
		t.count = 0
	}
	if len(t.changes) > 0 {
		next.Recent = lastN(append(slices.Clip(old.Recent), t.changes...), recentChanges)
		t.changes = nil
	}
	t.table = &next
	return t.table
}

func lastN[T any](s []T, n int) []T { return slices.Clone(s[max(0, len(s)-n):]) }

func (t *tracker) merge(old *Table) []Row {
	ids := make([]string, 0, len(t.dirty))
	for id := range t.dirty {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	rows := make([]Row, 0, len(t.entries))
	rest := old.rows
	for _, id := range ids {
		i, exact := slices.BinarySearchFunc(rest, id, func(r Row, id string) int { return strings.Compare(r.ID(), id) })
		rows = append(rows, rest[:i]...)
		if exact {
			i++
		}
		rest = rest[i:]
		if e, ok := t.entries[id]; ok {
			rows = append(rows, e.row)
		}
	}
	return append(rows, rest...)
}
