package live

import (
	"context"
	"maps"
	"slices"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// inFlight holds the batches of rows that are being read, the next ones under way while one is taken in.
type inFlight struct {
	r    *reading
	sent []pendingFetch // the oldest first
	err  error          // of the transport; the reading is over
}

type pendingFetch struct {
	t     *tracker
	batch []string
	came  chan answer
}

type answer struct {
	rows []kind.Row
	lost unreadable // what no master answered for
	err  error
	over bool // a transport error, or nobody waits any more
}

// start begins to read a batch, when there is room in the air.
func (f *inFlight) start(ctx context.Context, t *tracker, batch []string) error {
	if len(f.sent) == readAhead {
		f.collect()
	}
	if f.err != nil {
		t.want(batch)
		return f.err
	}
	if batch = f.r.m.admit(t, batch); len(batch) == 0 {
		return nil
	}
	came := make(chan answer, 1)
	f.sent = append(f.sent, pendingFetch{t, batch, came})
	outages, down := &f.r.m.outages, maps.Clone(f.r.m.outages.of)
	go func() {
		rows, lost, err := outages.read(ctx, t.feed, batch, down)
		came <- answer{rows, lost, err, err != nil && (ctx.Err() != nil || conn.NoAnswer(err))}
	}()
	return nil
}

// collect takes in the oldest batch. What goes wrong with one kind alone is kept as that kind's error.
func (f *inFlight) collect() {
	first := f.sent[0]
	f.sent = f.sent[1:]
	switch a := <-first.came; {
	case f.err != nil: // what is still on its way is only waited for
		first.t.want(first.batch)
	case a.err == nil:
		first.t.apply(f.leave(first, a.lost), a.rows, f.r.m.now())
		f.r.progress()
	case a.over:
		f.err = a.err
		first.t.want(first.batch)
	default:
		first.t.fail(first.batch, a.err)
	}
}

// leave takes out of a batch what no master answered for; the rows stay as they are.
func (f *inFlight) leave(first pendingFetch, lost unreadable) []string {
	if len(lost) == 0 {
		return first.batch
	}
	left := map[string]bool{}
	for addr, o := range lost {
		if !f.r.m.outages.note(addr, o.err) && f.err == nil {
			f.err = o.err
		}
		first.t.fail(o.ids, f.r.m.outages.err())
		for _, id := range o.ids {
			left[id] = true
		}
	}
	return slices.DeleteFunc(first.batch, func(id string) bool { return left[id] })
}

// wait takes in all that is under way.
func (f *inFlight) wait() error {
	for len(f.sent) > 0 {
		f.collect()
	}
	return f.err
}

// fetch reads rows of one kind.
func (r *reading) fetch(ctx context.Context, t *tracker, ids []string) error {
	f := inFlight{r: r}
	for len(ids) > 0 {
		batch := ids[:min(readBatch, len(ids))]
		ids = ids[len(batch):]
		if f.start(ctx, t, batch) != nil {
			t.want(ids)
			break
		}
	}
	return f.wait()
}
