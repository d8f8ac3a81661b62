package insight

import (
	"errors"
	"strings"
	"time"

	"holdfast/core/buffer"
	"holdfast/core/kind"
	"holdfast/core/operate"
)

var bufferColumns = &buffer.Columns

var bufferRules = []*Rule{
	{
		Code: "buffer-not-flushed", Severity: Warn, Kind: "buffers", Age: 5 * time.Minute, needs: []known{bufferColumns.FirstWrite},
		When:   "The first record of a live buffer is older than AGE, locked or not",
		Advice: "flush it if nobody does", Fixes: []operate.Verb{operate.Flush},
		judge: func(in *look, r kind.Row) verdict {
			first := bufferColumns.FirstWrite.Of(r)
			if bufferColumns.Prepared.Of(r) != 0 || first.IsZero() {
				return fine()
			}
			return olderThan(in, r, in.ours(first), says("%s, the first ", recordsIn(r)), "flush it if nobody does")
		},
	},
	{
		Code: "batch-stuck", Severity: Warn, Kind: "buffers", Age: 5 * time.Minute,
		When:   "A batch was prepared longer than AGE ago and not emptied: whoever flushed it has died",
		Advice: "flush it again", Fixes: []operate.Verb{operate.Flush},
		judge: func(in *look, r kind.Row) verdict {
			prepared := bufferColumns.Prepared.Of(r)
			if prepared == 0 {
				return fine()
			}
			return olderThan(in, r, in.ours(time.UnixMilli(prepared)), says("%s, prepared ", recordsIn(r)), "flush it again")
		},
	},
	{
		Code: "buffer-growing", Severity: Warn, Kind: "buffers", Age: 10 * time.Minute, Twice: true, needs: []known{bufferColumns.Bytes},
		When:   "More has been pushed to a live buffer than was flushed, for longer than AGE",
		Advice: "look whether its flusher runs", Fixes: []operate.Verb{operate.Flush},
		notice: func(in *look, before, after kind.Row) {
			in.e.memory.buffers.growth.note(in, after, before, bufferColumns.Bytes.Of(after))
		},
		judge: func(in *look, r kind.Row) verdict {
			if bufferColumns.Prepared.Of(r) != 0 {
				return fine()
			}
			return in.e.memory.buffers.growth.judge(in, r.ID(), func(g growing, a int64) sentence {
				return says("has grown for ").moment(g.since).then(" by %s bytes a minute, to %s bytes", count(a), count(g.now))
			})
		},
	},
	{
		Code: "buffer-lock-stale", Severity: Warn, Kind: "buffers", Age: time.Minute, needs: []known{bufferColumns.Locked, bufferColumns.LockExpires, bufferColumns.Count},
		When:   "A flush lock never expires, or has held a buffer without records for longer than AGE",
		Advice: "unlock it if its holder is gone", Fixes: []operate.Verb{operate.Unlock},
		notice: func(in *look, before, after kind.Row) { in.e.memory.buffers.lockedEmpty(in, before, after) },
		judge: func(in *look, r kind.Row) verdict {
			since, empty := in.e.memory.buffers.empty[r.ID()]
			due := since.Add(in.age())
			switch {
			case !bufferColumns.Locked.Of(r):
				return fine()
			case bufferColumns.LockExpires.Of(r).IsZero():
				return wrong(time.Time{}, says("its flush lock never expires; held by %s", bufferColumns.LockToken.Of(r)))
			case !empty:
				return fine()
			case in.now.Before(due):
				return fine(due)
			}
			return wrong(since, says("locked for ").moment(since).then(" by %s, and without records", bufferColumns.LockToken.Of(r)))
		},
	},
	{
		Code: "buffer-incomplete", Severity: Bad, Kind: "buffers", unreadable: true,
		When:   "Some of the keys of a buffer are missing or no counters, so that it can neither be counted nor flushed as it is",
		Advice: "look at its raw keys: somebody deleted or overwrote one",
		judge: func(_ *look, r kind.Row) verdict {
			if err := r.Problem(); errors.Is(err, buffer.ErrCorrupt) {
				return wrong(time.Time{}, says("%s", reason(err)))
			}
			return fine()
		},
	},
	{
		Code: "buffer-time-ahead", Severity: Warn, Kind: "buffers", Age: 5 * time.Second, needs: []known{bufferColumns.FirstWrite},
		When:   "The first write of a buffer is more than AGE later than the server's time: a clock was set back, or another server wrote it",
		Advice: "check the server's clock",
		judge: func(in *look, r kind.Row) verdict {
			first := in.ours(bufferColumns.FirstWrite.Of(r))
			if bufferColumns.FirstWrite.Of(r).IsZero() || first.Sub(in.now) <= in.age() {
				return fine()
			}
			return wrong(time.Time{}, says("its first write is ").moment(first).then(" ahead of the server's time")).until(first.Add(-in.age()))
		},
	},
}

func recordsIn(r kind.Row) string {
	if bufferColumns.Count.Err(r) != nil {
		return "an unknown number of records"
	}
	return records(bufferColumns.Count.Of(r))
}

// olderThan is the verdict on a buffer that should have been flushed.
func olderThan(in *look, r kind.Row, since time.Time, text sentence, advice string) verdict {
	due := since.Add(in.age())
	if in.now.Before(due) {
		return fine(due)
	}
	return wrong(since, text.moment(since).then(" ago; %s", flushable(r, advice)))
}

// flushable is advice to flush a buffer, unless somebody has locked it or that is not known.
func flushable(r kind.Row, advice string) string {
	switch {
	case bufferColumns.Locked.Err(r) != nil:
		return "whether it is locked is not known"
	case !bufferColumns.Locked.Of(r):
		return advice
	case bufferColumns.LockExpires.Err(r) == nil && bufferColumns.LockExpires.Of(r).IsZero():
		return "locked by " + bufferColumns.LockToken.Of(r) + ", expires never"
	}
	return "locked by " + bufferColumns.LockToken.Of(r)
}

// bufferMemory is what is remembered of buffers.
type bufferMemory struct {
	growth growth
	empty  map[string]time.Time // locked ones without records, and since when
}

func (m *bufferMemory) lockedEmpty(in *look, before, after kind.Row) {
	is := !after.None() && !after.Bad() && bufferColumns.Locked.Of(after) && bufferColumns.Count.Err(after) == nil && bufferColumns.Count.Of(after) == 0
	m.empty = during(m.empty, is, before, after, in.now)
}

// growth tells of numbers that only grow. A number that falls begins anew.
type growth struct{ of map[string]growing }

type growing struct {
	since      time.Time
	start, now int64
}

func (g *growth) note(in *look, after, before kind.Row, now int64) {
	if after.None() || after.Bad() {
		delete(g.of, before.ID())
		return
	}
	if g.of == nil {
		g.of = map[string]growing{}
	}
	was, noted := g.of[after.ID()]
	if !noted || now < was.now {
		was = growing{in.now, now, now}
	}
	was.now = now
	g.of[strings.Clone(after.ID())] = was
}

// judge is the verdict on a number that has grown for longer than the threshold; text is given how much a minute.
func (g *growth) judge(in *look, id string, text func(growing, int64) sentence) verdict {
	was, noted := g.of[id]
	due := was.since.Add(in.age())
	switch {
	case !noted || was.now <= was.start:
		return fine()
	case in.now.Before(due):
		return fine(due)
	}
	return wrong(was.since, text(was, int64(float64(was.now-was.start)/max(1, in.now.Sub(was.since).Minutes()))))
}
