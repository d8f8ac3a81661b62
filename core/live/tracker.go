package live

import (
	"slices"
	"strings"
	"time"
)

// tracker keeps one kind current. Only the goroutine that reads touches it.
type tracker struct {
	feed    Feed
	index   map[string]uint32   // the ID of each row to its place; the key shares the row's memory
	places  []place             // a row stays at its place while it lives
	free    []uint32            // places without a row
	wanted  map[string]struct{} // IDs that the scan found, or that may have changed, and nobody has read since
	due     deadlines
	needed  map[string]map[string]struct{} // the IDs of the rows that need each key of another kind
	gone    []string                       // IDs that were asked for and did not come, until the rows that need them are told
	dirty   []string                       // IDs of what differs from the published rows, repeats possible
	changes []Change                       // since the last publish, the newest alone
	count   int                            // changes since the last reading ended
	bad     int                            // rows with a Problem
	next    string                         // the ID after which the rolling re-reading goes on
	err     error                          // see Table.Err
	failed  bool                           // a Read failed since the pass began
	table   *Table                         // what was published last
}

// place holds a row and the last pass of the scan that met a key of it.
type place struct {
	row  Row // nil: free
	pass uint32
	due  uint32 // see deadlines; 0: never
}

func newTracker(f Feed) *tracker {
	return &tracker{feed: f, index: map[string]uint32{}, wanted: map[string]struct{}{}, needed: map[string]map[string]struct{}{}, table: &Table{Kind: f.Kind}}
}

// found notes a key that a scan met; an ID that is not known yet becomes wanted. It is false for a key of another kind.
func (t *tracker) found(key string, pass uint32) bool {
	id, ok := t.feed.identify(key)
	if !ok {
		return false
	}
	if i, known := t.index[id]; known {
		t.places[i].pass = pass
	} else {
		t.wanted[id] = struct{}{}
	}
	return true
}

// unseen lists the rows that the pass which just ended did not meet: deleted, most likely.
func (t *tracker) unseen(pass uint32) []string {
	var ids []string
	for _, p := range t.places {
		if p.row != nil && p.pass != pass {
			ids = append(ids, p.row.ID())
		}
	}
	return ids
}

// waiting lists what is wanted.
func (t *tracker) waiting() []string {
	ids := make([]string, 0, len(t.wanted))
	for id := range t.wanted {
		ids = append(ids, id)
	}
	return ids
}

// rolling lists the next n published rows in the order of IDs, so that all are read again in turn.
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

// apply takes in what a reading of ids, each named once, gave; a row that was asked for and did not come is gone.
func (t *tracker) apply(ids []string, rows []Row, pass uint32, now time.Time) {
	for _, r := range rows {
		t.put(r, pass, now)
	}
	if len(rows) < len(ids) {
		came := make(map[string]struct{}, len(rows))
		for _, r := range rows {
			came[r.ID()] = struct{}{}
		}
		for _, id := range ids {
			if _, ok := came[id]; !ok {
				t.drop(id, now)
				t.gone = append(t.gone, id)
			}
		}
	}
	t.done(ids)
}

// done ends the waiting for ids.
func (t *tracker) done(ids []string) {
	for _, id := range ids {
		delete(t.wanted, id)
	}
}

// fail notes that ids could not be read. Those that are wanted are left to the next pass, which finds them again.
func (t *tracker) fail(ids []string, err error) {
	t.err, t.failed = err, true
	t.done(ids)
}

func (t *tracker) put(r Row, pass uint32, now time.Time) {
	id := r.ID()
	i, known := t.index[id]
	if !known {
		i = t.place()
		t.places[i] = place{row: r, pass: pass}
		t.watch(i, now)
		t.need(nil, r)
		t.index[id] = i
		t.bad += isBad(r)
		t.note(Change{At: now, ID: id, After: r})
		return
	}
	old := t.places[i].row
	if t.feed.equal(old, r) {
		return // the row that is shown stays, so that small differences cannot add up unseen
	}
	t.places[i].row = r
	t.watch(i, now)
	t.need(old, r)
	t.bad += isBad(r) - isBad(old)
	t.note(Change{At: now, ID: id, Before: old, After: r})
}

func (t *tracker) drop(id string, now time.Time) {
	i, known := t.index[id]
	if !known {
		return
	}
	old := t.places[i].row
	t.need(old, nil)
	delete(t.index, id)
	t.places[i] = place{}
	t.free = append(t.free, i)
	t.bad -= isBad(old)
	t.note(Change{At: now, ID: id, Before: old})
	if len(t.index) == 0 { // a map never shrinks: give back what a million rows took
		t.index, t.places, t.free, t.due.queue = map[string]uint32{}, nil, nil, nil
	}
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

// place finds room for one row more.
func (t *tracker) place() uint32 {
	if last := len(t.free) - 1; last >= 0 {
		i := t.free[last]
		t.free = t.free[:last]
		return i
	}
	t.places = append(t.places, place{})
	return uint32(len(t.places) - 1)
}

// note marks a row for the next publish. What the first pass finds is no change: it was there before we looked.
func (t *tracker) note(c Change) {
	t.dirty = append(t.dirty, c.ID)
	if !t.table.Complete {
		return
	}
	t.count++
	if len(t.changes) == 2*recentChanges { // more are never shown
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

// passed ends a pass. Only one without a failure has surely read all that the failed ones left out.
func (t *tracker) passed() {
	if !t.failed {
		t.err = nil
	}
	t.failed = false
}

// stale tells that a row differs from what was published.
func (t *tracker) stale() bool { return len(t.dirty) > 0 || t.err != t.table.Err }

// publish makes the next immutable table, merging what is dirty into the sorted old rows.
func (t *tracker) publish(complete bool) *Table {
	next := *t.table
	next.Complete = next.Complete || complete
	next.Err, next.Bad = t.err, t.bad
	if len(t.dirty) > 0 {
		next.Rev++
		next.rows = t.merge(next.rows)
		t.dirty = nil
	}
	if len(t.changes) > 0 {
		next.Recent = slices.Clone(lastN(slices.Concat(next.Recent, t.changes), recentChanges)) // older ones must not stay in memory
		t.changes = nil
	}
	t.table = &next
	return t.table
}

// close publishes the end of a reading: its changes make one more entry of the rates.
func (t *tracker) close(complete bool, now time.Time) *Table {
	counted := t.table.Complete
	next := t.publish(complete) // nobody else has it yet
	if next.Err == nil {
		next.ReadAt = now
	}
	if next.Complete {
		next.ends = lastN(append(slices.Clip(next.ends), now), rateReadings+1)
	}
	if counted {
		next.Rates = lastN(append(slices.Clip(next.Rates), t.count), rateReadings)
	}
	t.count = 0
	return next
}

func lastN[T any](s []T, n int) []T { return s[max(0, len(s)-n):] }

// merge makes the sorted rows anew; old stays as it is.
func (t *tracker) merge(old []Row) []Row {
	slices.Sort(t.dirty)
	rows := make([]Row, 0, len(t.index))
	for _, id := range slices.Compact(t.dirty) {
		i, exact := search(old, id)
		rows = append(rows, old[:i]...)
		if exact {
			i++
		}
		old = old[i:]
		if at, ok := t.index[id]; ok {
			rows = append(rows, t.places[at].row)
		}
	}
	return append(rows, old...)
}

// search finds the place of an ID among sorted rows.
func search(rows []Row, id string) (int, bool) {
	return slices.BinarySearchFunc(rows, id, func(r Row, id string) int { return strings.Compare(r.ID(), id) })
}
