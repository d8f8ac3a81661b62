package views

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/internal/text"
	"holdfast/tui"
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
	kinds []live.Kind
	timed bool
	find  func(*live.Snapshot) []*line
}

// questions in the order of the overview, one line each.
func questions() []question {
	return []question{
		{[]live.Kind{"buffers"}, false, oldestBuffers},
		{[]live.Kind{"buffers"}, true, stuckBatches},
		{[]live.Kind{"generations"}, true, hottestGenerations},
		{[]live.Kind{"leases"}, true, expiringLeases},
		{[]live.Kind{"records"}, false, outlivingRecords},
		{[]live.Kind{"locks"}, true, longLocks},
		{[]live.Kind{"actors", "workers"}, false, oneSided},
		{[]live.Kind{"kv"}, false, strayReplicas},
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

func found(what string, note func(tui.Clock) string, tone tui.Tone, view, id string) *line {
	return &line{id: what + " " + view + " " + id, what: what, note: note, tone: tone, link: tui.Link{View: view, ID: id}}
}

// best are the first few readable rows of a kind that pass a test, in an order; it looks at each row once.
func best[R live.Row](s *live.Snapshot, kind live.Kind, keep func(R) bool, order func(a, b R) int) []R {
	t := s.Table(kind)
	var top []R
	for i := range t.Len() {
		r, ok := t.At(i).(R)
		if !ok || r.Problem() != nil || !keep(r) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, r, func(have, r R) int {
			if order(have, r) <= 0 {
				return -1
			}
			return 1
		})
		if at < maxFindings {
			top = slices.Insert(top, at, r)
			top = top[:min(len(top), maxFindings)]
		}
	}
	return top
}

func oldestBuffers(s *live.Snapshot) (out []*line) {
	rows := best(s, "buffers",
		func(r *buffer.Row) bool { return r.FirstWriteErr == nil && !r.FirstWrite.IsZero() && r.PreparedMS == 0 },
		func(a, b *buffer.Row) int { return a.FirstWrite.Compare(b.FirstWrite) })
	for _, r := range rows[:min(1, len(rows))] {
		note := func(at tui.Clock) string {
			return fmt.Sprintf("%s: %s, the first %s ago; %s", r.Store, recordsIn(r), ago(r.FirstWrite, at), flushable(r, "flush it if nobody does", at))
		}
		out = append(out, found("oldest buffer", note, tui.Plain, "buffers", r.ID()))
	}
	return out
}

// flushable is advice to flush a buffer, unless somebody has locked it or that is not known.
func flushable(r *buffer.Row, advice string, at tui.Clock) string {
	switch {
	case r.LockErr != nil:
		return "whether it is locked is not known"
	case !r.Locked:
		return advice
	}
	return "locked by " + r.LockToken + ", expires " + leftWords(r.LockExpires, at)
}

// stuckBatches are batches that were prepared a while ago and never emptied: a flusher died.
func stuckBatches(s *live.Snapshot) (out []*line) {
	limit := s.ServerNow(s.ReadAt).Add(-long).UnixMilli()
	for _, r := range best(s, "buffers",
		func(r *buffer.Row) bool { return r.PreparedMS != 0 && r.PreparedMS < limit },
		func(a, b *buffer.Row) int { return cmp.Compare(a.PreparedMS, b.PreparedMS) }) {
		note := func(at tui.Clock) string {
			return fmt.Sprintf("%s: %s, prepared %s ago; %s", r.Store, recordsIn(r), ago(time.UnixMilli(r.PreparedMS), at), flushable(r, "flush it again", at))
		}
		out = append(out, found("stuck batch", note, tui.Warn, "buffers", r.ID()))
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
		if r, ok := t.Get(id); ok && r.Problem() == nil && n >= minHot {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	for _, id := range ids[:min(len(ids), maxFindings)] {
		r, _ := t.Get(id)
		since := first[id]
		note := func(at tui.Clock) string {
			now := fmt.Sprint(r.(*genstore.Row).Generation)
			if r.(*genstore.Row).GenerationErr != nil {
				now = notKnownText
			}
			return fmt.Sprintf("%s: %d changes in %s, now at %s", id, count[id], text.Age(max(time.Second, at.Now.Sub(since)).Truncate(time.Second)), now)
		}
		out = append(out, found("hot generation", note, tui.Plain, "generations", id))
	}
	return out
}

func expiringLeases(s *live.Snapshot) (out []*line) {
	for _, r := range best(s, "leases",
		func(r *record.LeaseRow) bool {
			return r.ExpiresErr == nil && r.GrantedErr == nil && !r.Expires.IsZero() && r.Expires.Sub(s.ReadAt) < min(soon, r.Granted/2)
		},
		func(a, b *record.LeaseRow) int { return a.Expires.Compare(b.Expires) }) {
		note := func(at tui.Clock) string {
			with := recordCount(int64(r.Records))
			if r.RecordsErr != nil {
				with = notKnownText + " records"
			}
			return fmt.Sprintf("%s expires in %s, not renewed, with %s", r.ID(), left(r.Expires, at), with)
		}
		out = append(out, found("expiring lease", note, tui.Warn, "leases", r.ID()))
	}
	return out
}

// outlivingRecords are records whose lease is gone: nothing finds them, and they wait for somebody who writes.
func outlivingRecords(s *live.Snapshot) (out []*line) {
	t := s.Table("records")
	if t.Bad == 0 {
		return nil
	}
	for i := 0; i < t.Len() && len(out) < maxFindings; i++ {
		r, ok := t.At(i).(*record.RecordRow)
		if !ok || !errors.Is(r.Problem(), record.ErrLeaseGone) {
			continue
		}
		note := func(tui.Clock) string {
			return fmt.Sprintf("%s: lease %d is gone; the record is removed at the next write to its namespace", r.ID(), r.Lease)
		}
		out = append(out, found("record without lease", note, tui.Warn, "records", r.ID()))
	}
	return out
}

// longLocks are locks that will be held for long, or for ever.
func longLocks(s *live.Snapshot) (out []*line) {
	for _, r := range best(s, "locks",
		func(r *actorstore.LockRow) bool {
			return r.ExpiresErr == nil && (r.Expires.IsZero() || r.Expires.Sub(s.ReadAt) > long)
		},
		func(a, b *actorstore.LockRow) int { return -compareDeadlines(a.Expires, b.Expires) }) {
		note := func(at tui.Clock) string {
			holder := r.Token
			if r.TokenErr != nil {
				holder = notKnownText
			}
			if r.Expires.IsZero() {
				return fmt.Sprintf("%s never expires; unlock it if its holder is gone: %s", r.Key, holder)
			}
			return fmt.Sprintf("%s expires in %s, held by %s", r.Key, left(r.Expires, at), holder)
		}
		out = append(out, found("long lock", note, tui.Warn, "locks", r.ID()))
	}
	return out
}

// oneSided are workers and actors that do not point at each other.
func oneSided(s *live.Snapshot) (out []*line) {
	actors, workers := s.Table("actors"), s.Table("workers")
	if !actors.Complete || !workers.Complete {
		return nil
	}
	byName := sync.OnceValue(func() map[string]string { return workersByName(workers) })
	workerOf := func(a *actorstore.ActorRow) (id string, ok bool) {
		if _, there := workers.Get(a.Worker()); there {
			return a.Worker(), true
		}
		if id, ok = byName()[a.Worker()]; ok { // the document does not name the pool, or the row is that of the pod's uid
			return id, true
		}
		return a.Worker(), a.Worker() != "" && !strings.Contains(a.Worker(), "/")
	}
	for i := 0; i < workers.Len() && len(out) < maxFindings; i++ {
		w, ok := workers.At(i).(*actorstore.WorkerRow)
		if !ok || w.Problem() != nil || w.Obscure() || w.ActorID == "" {
			continue
		}
		id, _ := actorOf(w, s)
		a, exists := actors.Get(id)
		switch {
		case !exists:
			out = append(out, found("one-sided", always(fmt.Sprintf("worker %s runs actor %s, which does not exist", w.ID(), w.ActorID)), tui.Bad, "workers", w.ID()))
		case a.Problem() == nil:
			if back, ok := workerOf(a.(*actorstore.ActorRow)); (!ok || back != w.ID()) && !a.(*actorstore.ActorRow).Obscure() {
				out = append(out, found("one-sided", always(fmt.Sprintf("worker %s runs actor %s, which is on %s", w.ID(), w.ActorID, orNone(back))), tui.Bad, "workers", w.ID()))
			}
		}
	}
	most := len(out) + maxFindings
	for i := 0; i < actors.Len() && len(out) < most; i++ {
		a, ok := actors.At(i).(*actorstore.ActorRow)
		if !ok || a.Problem() != nil || a.Obscure() || a.Worker() == "" {
			continue
		}
		id, ok := workerOf(a)
		if _, exists := workers.Get(id); !ok || !exists {
			out = append(out, found("one-sided", always(fmt.Sprintf("actor %s is on worker %s, which does not exist", a.ID(), a.Worker())), tui.Bad, "actors", a.ID()))
		}
	}
	return out
}

// workersByName finds the IDs of workers by namespace/pod, and those of the pods' uids by namespace:pool:pod, too.
func workersByName(workers *live.Table) map[string]string {
	ids := make(map[string]string, workers.Len())
	for i := range workers.Len() {
		w, ok := workers.At(i).(*actorstore.WorkerRow)
		if !ok || w.Problem() != nil {
			continue
		}
		ids[w.Namespace+"/"+w.Pod] = w.ID()
		if w.Name() != w.ID() {
			ids[w.Name()] = w.ID()
		}
	}
	return ids
}

func recordsIn(r *buffer.Row) string {
	if r.CountErr != nil {
		return notKnownText + " records"
	}
	return recordCount(r.Count)
}

func recordCount(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return humanize.Comma(n) + " records"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
