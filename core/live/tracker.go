package live

import (
	"math"
	"slices"
	"strings"
	"time"

	"holdfast/core/kind"
	"holdfast/core/live/rows"
)

// tracker keeps one kind current. Only the goroutine that reads touches it.
type tracker struct {
	feed      feed
	rows      *rows.Sorted        // all that has been merged, with the last pass that met each
	pending   []rows.Edit         // what readings gave since, later ones after earlier ones
	asOf      time.Time           // of the last reading
	beside    chan struct{}       // closed when a merge beside the reading is done; nil: there is none. It has all below but wanted, gone and table
	mergedAt  time.Time           // asOf of what is being merged
	took      time.Duration       // the last merge
	pass      uint16              // mark of the pass that is walked, or was walked last
	wanted    map[string]struct{} // IDs that the scan found, or that may have changed, and nobody has read since
	due       rows.Deadlines
	unread    map[string]struct{}            // IDs whose Read failed, until the next pass begins
	needed    map[string]map[string]struct{} // the IDs of the rows that need each key of another kind
	gone      []string                       // IDs that were asked for and did not come, until the rows that need them are told
	sums      rows.Sums
	changes   []Change            // since the last publish, the newest alone
	dropped   time.Time           // of the newest change that Recent has no room for; before there is one, when Complete came
	count     int                 // changes since the last reading ended
	bad       int                 // rows with a Problem
	next      string              // the ID after which the rolling re-reading goes on
	err       error               // see Table.Err
	failed    bool                // a Read failed since the pass began
	collected map[string]struct{} // collections whose rows are in pending
	rechecked time.Time           // when recheck was last due
	left      int                 // rows that the pass left out for want of memory
	table     *Table              // what was published last
}

func newTracker(f feed) *tracker {
	table := NewTable(f.Name, f.Schema)
	return &tracker{
		feed: f, rows: table.Packed(), table: table, pass: mark(0),
		wanted: map[string]struct{}{}, unread: map[string]struct{}{}, needed: map[string]map[string]struct{}{},
		collected: map[string]struct{}{},
	}
}

// mark is what is kept of the number of a pass. Rows that a pass did not meet are gone by its end, so none is as old as
// the last one of the same mark.
func mark(pass uint32) uint16 { return uint16(pass%math.MaxUint16) + 1 }

// begin starts a pass: what was read before it says nothing of what is there now.
func (t *tracker) begin(pass uint32) {
	t.merge()
	t.pass, t.left = mark(pass), 0
	for id := range t.unread {
		if _, known := t.get(id); known { // the pass finds the others
			t.wanted[id] = struct{}{}
		}
	}
	clear(t.unread)
}

// found notes a key that the scan met. Its row becomes wanted, unless it is known and only new ones are asked for. It is
// false for a key of another kind.
func (t *tracker) found(key string, all bool) bool {
	id, ok := t.feed.Source.Identify(key)
	if !ok {
		return false
	}
	if !all || t.feed.several && t.settled() {
		t.settle()
		if !all && t.rows.Mark(id, t.pass) || all && t.rows.Marked(id, t.pass) { // the latter was read in this pass, for another key of it
			return true
		}
	}
	t.wanted[id] = struct{}{}
	return true
}

// unseen lists the rows that the pass which just ended did not meet: deleted, most likely.
func (t *tracker) unseen() []string {
	t.merge()
	var ids []string
	for data := range t.rows.Unmarked(t.pass) {
		ids = append(ids, kind.IDOf(data))
	}
	return ids
}

// want wants rows again.
func (t *tracker) want(ids []string) {
	for _, id := range ids {
		t.wanted[strings.Clone(id)] = struct{}{} // it may stay for long, and pins no block
	}
}

// take hands over n of the rows that are wanted; they are wanted no more.
func (t *tracker) take(n int) []string {
	ids := make([]string, 0, min(n, len(t.wanted)))
	for id := range t.wanted {
		if len(ids) == n {
			break
		}
		ids = append(ids, id)
		delete(t.wanted, id)
	}
	if len(t.wanted) == 0 && len(ids) > readBatch { // a map never shrinks
		t.wanted = map[string]struct{}{}
	}
	return ids
}

// rolling lists the next n published rows in the order of IDs, so that all are read again in turn.
func (t *tracker) rolling(n int) []string {
	n = min(n, t.table.Len())
	ids := make([]string, 0, n)
	i, exact := t.table.Index(t.next)
	if exact {
		i++
	}
	for len(ids) < n {
		for _, r := range t.table.All(i) {
			if ids = append(ids, r.ID()); len(ids) == n {
				break
			}
		}
		i = 0
	}
	if n > 0 {
		t.next = strings.Clone(ids[n-1]) // it pins no block
	}
	return ids
}

// How often rows that are made of more than the keys that are watched are read again, and how many of a kind at most.
const (
	recheckEvery = 5 * time.Second
	recheckRows  = 1000
)

// recheck wants the next of those rows.
func (t *tracker) recheck(now time.Time) {
	if t.feed.unwatched == nil || now.Sub(t.rechecked) < recheckEvery {
		return
	}
	t.rechecked = now
	for _, id := range t.rolling(recheckRows) {
		if t.feed.unwatched(id) {
			t.want([]string{id})
		}
	}
}

// apply takes in what a reading of ids, each named once, gave; a row that was asked for and did not come is gone.
func (t *tracker) apply(ids []string, came []kind.Row, now time.Time) {
	t.asOf = now
	ids, collected := t.members(ids)
	for _, r := range came {
		t.pending = append(t.pending, rows.Edit{Key: r.ID(), Entry: r.Data()})
	}
	if collected || len(came) < len(ids) {
		there := make(map[string]struct{}, len(came))
		for _, r := range came {
			there[r.ID()] = struct{}{}
		}
		for _, id := range ids {
			if _, ok := there[id]; !ok {
				t.pending = append(t.pending, rows.Edit{Key: id})
				t.gone = append(t.gone, id)
			}
		}
	}
}

// members puts the rows that are known of a collection in its place.
func (t *tracker) members(ids []string) (all []string, collected bool) {
	if t.feed.collects == nil || !slices.ContainsFunc(ids, t.feed.collects) {
		return ids, false
	}
	t.settle()
	for _, id := range ids {
		if !t.feed.collects(id) {
			all = append(all, id)
			continue
		}
		if _, again := t.collected[id]; again {
			t.merge()
		}
		t.collected[id] = struct{}{}
		from, _ := t.rows.Find(id)
		for _, data := range t.rows.Range(from, t.rows.Len()) {
			row := kind.IDOf(data)
			if !strings.HasPrefix(row, id) {
				break
			}
			all = append(all, strings.Clone(row))
		}
	}
	return all, true
}

// fail notes that rows could not be read. They are left to the next pass.
func (t *tracker) fail(ids []string, err error) {
	t.err, t.failed = err, true
	for _, id := range ids {
		t.unread[strings.Clone(id)] = struct{}{}
	}
}

// expire wants the rows whose deadline has passed. A server may keep a key that has expired for long until it looks at it,
// and tells nobody before: such rows are read again, once a second until they change.
func (t *tracker) expire(now time.Time) {
	t.merge()
	t.due.Passed(now, t.get, func(id string) { t.wanted[id] = struct{}{} })
}

// get finds a row.
func (t *tracker) get(id string) (kind.Row, bool) {
	t.merge()
	if i, ok := t.rows.Find(id); ok {
		return t.feed.Schema.At(t.rows.At(i)), true
	}
	return kind.Row{}, false
}

// passed ends a pass, which may have left out what some masters hold. Only one without a failure has surely read all that
// the failed ones left out.
func (t *tracker) passed(outage error) {
	if outage != nil || !t.failed {
		t.err = outage
	}
	t.failed = false
}

// stale tells that what is merged differs from what was published.
func (t *tracker) stale() bool { return t.rows != t.table.Packed() || t.err != t.table.Err }

// publish makes the next immutable table of all that was read.
func (t *tracker) publish(complete bool) *Table {
	t.merge()
	return t.show(complete)
}

// show makes the next immutable table of what is merged.
func (t *tracker) show(complete bool) *Table {
	t.settle()
	next := *t.table
	next.Complete = next.Complete || complete
	next.Err, next.Bad = t.err, t.bad
	if next.Packed() != t.rows {
		next.Rev++
		next.Table = rows.TableOf(t.feed.Schema, t.rows)
		next.sums = t.sums.Publish(next.sums)
	}
	if len(t.changes) > 0 {
		all := slices.Concat(next.Recent, t.changes)
		if dropped := len(all) - recentChanges; dropped > 0 {
			t.dropped = all[dropped-1].At
		}
		next.Recent = slices.Clone(lastN(all, recentChanges)) // older ones must not stay in memory
		t.changes = nil
	}
	next.Whole = t.dropped
	t.table = &next
	return t.table
}

// close publishes the end of a reading: its changes make one more entry of the rates.
func (t *tracker) close(complete bool, now time.Time) *Table {
	counted := t.table.Complete
	if complete && !counted {
		t.dropped = now
	}
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
