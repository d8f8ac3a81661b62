package views

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/tui"
)

// The findings of the overview: for each question the few rows that answer it.

const (
	mostFindings = 3
	soon         = 10 * time.Second
	long         = 5 * time.Minute
)

// goodRows are the readable rows of a kind.
func goodRows[R live.Row](s *live.Snapshot, kind live.Kind) []R {
	t := s.Table(kind)
	out := make([]R, 0, t.Len())
	for i := range t.Len() {
		if r, ok := t.At(i).(R); ok && r.Problem() == nil {
			out = append(out, r)
		}
	}
	return out
}

// pick keeps the first few rows of an order that pass a test.
func pick[R any](rows []R, keep func(R) bool, order func(a, b R) int) []R {
	rows = slices.DeleteFunc(rows, func(r R) bool { return !keep(r) })
	slices.SortFunc(rows, order)
	return rows[:min(len(rows), mostFindings)]
}

func finding(what, note string, tone tui.Tone, view, id string) *line {
	return &line{what: what, note: note, tone: tone, link: tui.Link{View: view, ID: id}}
}

func oldestBuffers(s *live.Snapshot) (out []*line) {
	rows := pick(goodRows[*buffer.Row](s, "buffers"),
		func(r *buffer.Row) bool { return r.Count > 0 && r.PreparedMS == 0 },
		func(a, b *buffer.Row) int { return a.FirstWrite.Compare(b.FirstWrite) })
	for _, r := range rows[:min(1, len(rows))] {
		note := fmt.Sprintf("%s: %s records waiting since %s", r.Store, humanize.Comma(r.Count), r.FirstWrite.Format(time.TimeOnly))
		out = append(out, finding("oldest buffer", note, tui.Plain, "buffers", r.ID()))
	}
	return out
}

// leftBatches are batches that were prepared a while ago and never emptied: a flusher died.
func leftBatches(s *live.Snapshot) (out []*line) {
	limit := s.ServerNow(s.ReadAt).Add(-long).UnixMilli()
	for _, r := range pick(goodRows[*buffer.Row](s, "buffers"),
		func(r *buffer.Row) bool { return r.PreparedMS != 0 && r.PreparedMS < limit },
		func(a, b *buffer.Row) int { return cmp.Compare(a.PreparedMS, b.PreparedMS) }) {
		note := fmt.Sprintf("%s: %s records prepared %s and never emptied; f flushes them", r.Store, humanize.Comma(r.Count), time.UnixMilli(r.PreparedMS).UTC().Format(time.DateTime))
		out = append(out, finding("left batch", note, tui.Warn, "buffers", r.ID()))
	}
	return out
}

// hottestGenerations counts the changes that were seen lately.
func hottestGenerations(s *live.Snapshot) (out []*line) {
	t := s.Table("generations")
	count := map[string]int{}
	for _, c := range t.Recent {
		count[c.ID]++
	}
	ids := make([]string, 0, len(count))
	for id := range count {
		ids = append(ids, id)
	}
	for _, id := range pick(ids,
		func(id string) bool { return count[id] > 1 },
		func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) }) {
		if r, ok := t.Get(id); ok && r.Problem() == nil {
			note := fmt.Sprintf("%s at %d, seen to change %d times lately", id, r.(*genstore.Row).Generation, count[id])
			out = append(out, finding("hot generation", note, tui.Plain, "generations", id))
		}
	}
	return out
}

func expiringLeases(s *live.Snapshot) (out []*line) {
	for _, r := range pick(goodRows[*record.LeaseRow](s, "leases"),
		func(r *record.LeaseRow) bool {
			return !r.Expires.IsZero() && r.Expires.Sub(s.ReadAt) < min(soon, r.Granted/2)
		},
		func(a, b *record.LeaseRow) int { return a.Expires.Compare(b.Expires) }) {
		note := fmt.Sprintf("%s: not renewed, expires %s and takes %d records with it", r.ID(), r.Expires.UTC().Format(time.TimeOnly), r.Records)
		out = append(out, finding("expiring lease", note, tui.Warn, "leases", r.ID()))
	}
	return out
}

// longLocks are locks that will be held for long, or for ever.
func longLocks(s *live.Snapshot) (out []*line) {
	for _, r := range pick(goodRows[*actorstore.LockRow](s, "locks"),
		func(r *actorstore.LockRow) bool { return r.Expires.IsZero() || r.Expires.Sub(s.ReadAt) > long },
		func(a, b *actorstore.LockRow) int { return -compareDeadlines(a.Expires, b.Expires) }) {
		note := r.Key + " never expires"
		if !r.Expires.IsZero() {
			note = fmt.Sprintf("%s is held until %s", r.Key, r.Expires.UTC().Format(time.DateTime))
		}
		out = append(out, finding("long lock", note, tui.Warn, "locks", r.ID()))
	}
	return out
}

// halves are workers and actors that do not point at each other.
func halves(s *live.Snapshot) (out []*line) {
	actors, workers := s.Table("actors"), s.Table("workers")
	if !actors.Complete || !workers.Complete {
		return nil
	}
	for i := 0; i < workers.Len() && len(out) < mostFindings; i++ {
		w, ok := workers.At(i).(*actorstore.WorkerRow)
		if !ok || w.Problem() != nil || w.ActorID == "" {
			continue
		}
		id, _ := actorOf(w, s)
		a, found := actors.Get(id)
		switch {
		case !found:
			out = append(out, finding("half", fmt.Sprintf("worker %s runs actor %s, which does not exist", w.ID(), w.ActorID), tui.Bad, "workers", w.ID()))
		case a.Problem() == nil:
			if back, ok := workerOf(a.(*actorstore.ActorRow), s); !ok || back != w.ID() {
				out = append(out, finding("half", fmt.Sprintf("worker %s runs actor %s, which is on %s", w.ID(), w.ActorID, orDash(back)), tui.Bad, "workers", w.ID()))
			}
		}
	}
	for i := 0; i < actors.Len() && len(out) < 2*mostFindings; i++ {
		a, ok := actors.At(i).(*actorstore.ActorRow)
		if !ok || a.Problem() != nil || a.Worker == "" {
			continue
		}
		id, ok := workerOf(a, s)
		if _, found := workers.Get(id); !ok || !found {
			out = append(out, finding("half", fmt.Sprintf("actor %s is on worker %s, which does not exist", a.ID(), a.Worker), tui.Bad, "actors", a.ID()))
		}
	}
	return out
}
