package views

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// The findings of the overview: for each question the few rows that answer it.

const (
	maxFindings = 3
	soon        = 10 * time.Second
	long        = 5 * time.Minute
	minHot      = 5 // changes within that long: fewer are the work of a day
)

// question looks through rows of some kinds. Its answer holds as long as they do not change, unless time alone makes
// another one.
type question struct {
	kinds []kind.Name
	timed bool
	find  func(*live.Snapshot) []*line
}

// questions in the order of the overview, one line each.
func questions() []question {
	return []question{
		{[]kind.Name{"buffers"}, false, oldestBuffers},
		{[]kind.Name{"buffers"}, true, stuckBatches},
		{[]kind.Name{"generations"}, true, hottestGenerations},
		{[]kind.Name{"leases"}, true, expiringLeases},
		{[]kind.Name{"records"}, false, outlivingRecords},
		{[]kind.Name{"locks"}, true, longLocks},
		{[]kind.Name{"actors", "workers"}, false, oneSided},
		{[]kind.Name{"kv"}, false, strayReplicas},
	}
}

// finding is the answer to a question, with what tells how long it may be kept.
type finding struct {
	lines []*line
	rev   uint64        // of the rows it was found in; 0: never asked
	at    time.Time     // when it was asked
	took  time.Duration // how long that took
}

// findingShare bounds the work: a question that takes long is asked the more rarely, for one part in that many of the time.
const findingShare = 20

// answer asks the question, or keeps the answer before where that still holds or looking again would cost too much.
func (q question) answer(s *live.Snapshot, before finding) finding {
	rev := uint64(1)
	for _, k := range q.kinds {
		t := s.Table(k)
		if rev += 2 * t.Rev; t.Complete {
			rev++
		}
	}
	now := time.Now()
	if before.rev != 0 && (before.rev == rev && !q.timed || now.Sub(before.at) < (findingShare-1)*before.took) {
		return before
	}
	lines := q.find(s)
	return finding{lines, rev, now, time.Since(now)}
}

func found(what string, note func(view.Clock) string, tone view.Tone, in, id string) *line {
	return &line{id: what + " " + in + " " + id, what: what, note: note, tone: tone, link: view.Link{View: in, ID: id}}
}

// best are the first few readable rows of a kind that pass a test, in an order; it looks at each row once.
func best(s *live.Snapshot, name kind.Name, keep func(kind.Row) bool, order func(a, b kind.Row) int) []kind.Row {
	var top []kind.Row
	for _, r := range s.Table(name).All(0) {
		if r.Bad() || !keep(r) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, r, func(have, r kind.Row) int {
			if order(have, r) <= 0 {
				return -1
			}
			return 1
		})
		if at < maxFindings {
			top = slices.Insert(top, at, r.Clone())
			top = top[:min(len(top), maxFindings)]
		}
	}
	return top
}

func oldestBuffers(s *live.Snapshot) (out []*line) {
	c := buffer.Columns
	rows := best(s, "buffers",
		func(r kind.Row) bool { return !c.FirstWrite.Of(r).IsZero() && c.Prepared.Of(r) == 0 },
		func(a, b kind.Row) int { return c.FirstWrite.Of(a).Compare(c.FirstWrite.Of(b)) })
	for _, r := range rows[:min(1, len(rows))] {
		note := func(at view.Clock) string {
			return fmt.Sprintf("%s: %s, the first %s ago; %s", c.Store.Of(r), recordsIn(r), ago(c.FirstWrite.Of(r), at), flushable(r, "flush it if nobody does", at))
		}
		out = append(out, found("oldest buffer", note, view.Plain, "buffers", r.ID()))
	}
	return out
}

// flushable is advice to flush a buffer, unless somebody has locked it or that is not known.
func flushable(r kind.Row, advice string, at view.Clock) string {
	c := buffer.Columns
	switch {
	case c.Locked.Err(r) != nil:
		return "whether it is locked is not known"
	case !c.Locked.Of(r):
		return advice
	}
	return "locked by " + c.LockToken.Of(r) + ", expires " + leftWords(c.LockExpires.Of(r), at)
}

// stuckBatches are batches that were prepared a while ago and never emptied: a flusher died.
func stuckBatches(s *live.Snapshot) (out []*line) {
	c, limit := buffer.Columns, s.ServerNow(s.ReadAt).Add(-long).UnixMilli()
	for _, r := range best(s, "buffers",
		func(r kind.Row) bool { return c.Prepared.Of(r) != 0 && c.Prepared.Of(r) < limit },
		func(a, b kind.Row) int { return cmp.Compare(c.Prepared.Of(a), c.Prepared.Of(b)) }) {
		note := func(at view.Clock) string {
			return fmt.Sprintf("%s: %s, prepared %s ago; %s", c.Store.Of(r), recordsIn(r), ago(prepared(r), at), flushable(r, "flush it again", at))
		}
		out = append(out, found("stuck batch", note, view.Warn, "buffers", r.ID()))
	}
	return out
}

// hottestGenerations counts the changes of the last minutes.
func hottestGenerations(s *live.Snapshot) (out []*line) {
	t := s.Table("generations")
	count, first := map[string]int{}, map[string]time.Time{}
	for _, c := range t.Recent {
		if s.ReadAt.Sub(c.At) > long {
			continue
		}
		if count[c.ID]++; count[c.ID] == 1 {
			first[c.ID] = c.At
		}
	}
	ids := make([]string, 0, len(count))
	for id, n := range count {
		if r, ok := t.Get(id); ok && !r.Bad() && n >= minHot {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	for _, id := range ids[:min(len(ids), maxFindings)] {
		r, _ := t.Get(id)
		since := first[id]
		note := func(at view.Clock) string {
			now := fmt.Sprint(genstore.Columns.Generation.Of(r))
			if genstore.Columns.Generation.Err(r) != nil {
				now = notKnownText
			}
			return fmt.Sprintf("%s: %d changes in %s, now at %s", id, count[id], text.Age(max(time.Second, at.Now.Sub(since)).Truncate(time.Second)), now)
		}
		out = append(out, found("hot generation", note, view.Plain, "generations", id))
	}
	return out
}

func expiringLeases(s *live.Snapshot) (out []*line) {
	c := record.LeaseColumns
	for _, r := range best(s, "leases",
		func(r kind.Row) bool {
			ends := c.Expires.Of(r)
			return c.Granted.Err(r) == nil && !ends.IsZero() && ends.Sub(s.ReadAt) < min(soon, c.Granted.Of(r)/2)
		},
		func(a, b kind.Row) int { return c.Expires.Of(a).Compare(c.Expires.Of(b)) }) {
		note := func(at view.Clock) string {
			with := recordCount(c.Records.Of(r))
			if c.Records.Err(r) != nil {
				with = notKnownText + " records"
			}
			return fmt.Sprintf("%s expires in %s, not renewed, with %s", r.ID(), left(c.Expires.Of(r), at), with)
		}
		out = append(out, found("expiring lease", note, view.Warn, "leases", r.ID()))
	}
	return out
}

// outlivingRecords are records whose lease is gone: nothing finds them, and they wait for somebody who writes.
func outlivingRecords(s *live.Snapshot) (out []*line) {
	t := s.Table("records")
	if t.Bad == 0 {
		return nil
	}
	for _, r := range t.All(0) {
		if !r.Bad() || !errors.Is(r.Problem(), record.ErrLeaseGone) {
			continue
		}
		if len(out) == maxFindings {
			break
		}
		note := func(view.Clock) string {
			return fmt.Sprintf("%s: lease %d is gone; the record is removed at the next write to its namespace", r.ID(), record.RecordColumns.Lease.Of(r))
		}
		out = append(out, found("record without lease", note, view.Warn, "records", r.ID()))
	}
	return out
}

// longLocks are locks that will be held for long, or for ever.
func longLocks(s *live.Snapshot) (out []*line) {
	c := actorstore.LockColumns
	for _, r := range best(s, "locks",
		func(r kind.Row) bool {
			ends := c.Expires.Of(r)
			return c.Expires.Err(r) == nil && (ends.IsZero() || ends.Sub(s.ReadAt) > long)
		},
		func(a, b kind.Row) int { return -compareDeadlines(c.Expires.Of(a), c.Expires.Of(b)) }) {
		note := func(at view.Clock) string {
			holder := c.Token.Of(r)
			if c.Token.Err(r) != nil {
				holder = notKnownText
			}
			if c.Expires.Of(r).IsZero() {
				return fmt.Sprintf("%s never expires; unlock it if its holder is gone: %s", r.ID(), holder)
			}
			return fmt.Sprintf("%s expires in %s, held by %s", r.ID(), left(c.Expires.Of(r), at), holder)
		}
		out = append(out, found("long lock", note, view.Warn, "locks", r.ID()))
	}
	return out
}

// oneSided are workers and actors that do not point at each other.
func oneSided(s *live.Snapshot) (out []*line) {
	actors, workers := s.Table("actors"), s.Table("workers")
	if !actors.Complete || !workers.Complete {
		return nil
	}
	pairing := actorstore.Pairing{Actor: actors.Get, Worker: workers.Get, Workers: workers.All(0)}
	for _, t := range []*live.Table{workers, actors} {
		limit := len(out) + maxFindings
		for _, r := range t.All(0) {
			h, is := pairing.HalfOf(r)
			if !is {
				continue
			}
			text := fmt.Sprintf("%s: worker %s runs actor %s", h.Reason, h.Worker, h.Actor) // names may be long, and the end cut
			if h.OfActor {
				text = fmt.Sprintf("%s: actor %s is on worker %s", h.Reason, h.Actor, h.Worker)
			}
			if out = append(out, found("one-sided", always(text), view.Bad, string(t.Kind), r.ID())); len(out) == limit {
				break
			}
		}
	}
	return out
}

func recordsIn(r kind.Row) string {
	if buffer.Columns.Count.Err(r) != nil {
		return notKnownText + " records"
	}
	return recordCount(buffer.Columns.Count.Of(r))
}

func recordCount(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return humanize.Comma(n) + " records"
}
