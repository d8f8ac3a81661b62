package live

import (
	"context"
	"slices"
	"time"

	"holdfast/core/conn"
)

// effort is what one reading may cost at most. What the scan finds anew and what is on the screen is read besides, and at
// the end of a pass the rows that it missed.
type effort struct {
	pages int           // of SCAN; 0: nothing is read but what changed
	turn  int           // rows of each kind that are read again in turn
	every time.Duration // between publishes on the way; 0: none
}

var (
	burst      = effort{pages: 200, turn: 1000, every: publishEvery} // in the first pass, and when a reading was asked for
	idle       = effort{every: publishEvery}                         // while pushes tell all
	background = effort{pages: 20, turn: 1000, every: publishEvery}  // when nobody waits: a hundredth of a core, however many keys there are
)

const (
	scanCount = 1000 // keys that the server looks at for a page
	readBatch = 500
	readAhead = 3 // batches on their way at once
)

// While a long reading goes on, what it has found is published every so often, and less often when that alone takes
// more than an eighth of the time.
const (
	publishEvery = 50 * time.Millisecond
	publishShare = 8
	maxPublish   = 250 * time.Millisecond // also when something else took the processor meanwhile
)

// reading is one look at the server: its status, the rows on the screen and those due in turn, a stretch of the scan
// and what that finds.
type reading struct {
	m      *Model
	status conn.Status
	effort
	published time.Time
	merging   bool // what is to be published next is being merged
}

// read makes one reading. What it finds is published at its end, and on the way.
func (m *Model) read(ctx context.Context, e effort) error {
	status, err := m.status(ctx, e)
	if err != nil {
		return err
	}
	r := &reading{m: m, status: status, effort: e}
	if m.Snapshot().State != Connecting { // the very first rows are published as soon as they are there
		r.published = m.now()
	}
	if err := r.changed(ctx); err != nil {
		return err
	}
	complete := false
	if e.pages > 0 {
		if err := r.again(ctx); err != nil {
			return err
		}
		if complete, err = r.scan(ctx); err != nil {
			return err
		}
	}
	if complete {
		m.passes++
		if m.passAll {
			m.whole, m.rereads = m.passFrom, false
		}
	}
	now := m.now()
	tables := make([]*Table, len(m.trackers))
	for i, t := range m.trackers {
		if complete {
			t.passed(m.outages.err())
		}
		tables[i] = t.close(complete, now)
	}
	if complete {
		m.news.passed(now, <-m.met, m.push.takeFlushed(), tables)
	}
	m.news.look(now, tables)
	r.show(tables, func(s *Snapshot) { s.ReadAt, s.Cost = now, m.cost.rate(m.conn.Log.Sent(), now) })
	return nil
}

// status asks no more than the time of a server that pushes: it has not gone since it was asked for more.
func (m *Model) status(ctx context.Context, e effort) (conn.Status, error) {
	last := m.Snapshot().Server
	var status conn.Status
	var err error
	if e.pages > 0 {
		status, err = m.conn.Status(ctx)
	} else {
		status, err = m.conn.StatusAgain(ctx, last)
	}
	if err != nil {
		return status, err
	}
	if status.Facts = last.Facts; m.factsAt.IsZero() || m.now().Sub(m.factsAt) >= factsEvery {
		if facts, err := m.conn.Facts(ctx); err == nil {
			status.Facts, m.factsAt = facts, m.now()
		}
	}
	return status, nil
}

// factsEvery is how often the server is asked for what seldom changes.
const factsEvery = 30 * time.Second

// follow reads what pushes told of, and publishes it. It returns how long to wait before the next time.
func (m *Model) follow(ctx context.Context) (time.Duration, error) {
	r := &reading{m: m, status: m.Snapshot().Server, effort: idle, published: m.now()}
	if err := r.changed(ctx); err != nil {
		return 0, err
	}
	start := m.now()
	for _, t := range m.trackers {
		t.merge()
	}
	if m.pushed() != m.Snapshot().Pushed || slices.ContainsFunc(m.trackers, (*tracker).stale) {
		r.publish()
	}
	return max(r.every, min(publishShare*m.now().Sub(start), maxPublish)), nil
}

// changed reads the rows that pushes told of, those whose deadline has passed, and then those that needed what is gone.
func (r *reading) changed(ctx context.Context) error {
	m := r.m
	for key := range m.push.take() {
		for _, t := range m.trackers {
			if id, ok := t.feed.Source.Identify(key); ok {
				t.wanted[id] = struct{}{}
				break
			}
		}
	}
	for _, t := range m.trackers {
		t.expire(m.now())
		t.recheck(m.now())
	}
	for again := true; again; {
		for _, t := range m.trackers {
			if err := r.fetch(ctx, t, t.take(len(t.wanted))); err != nil {
				return err
			}
		}
		again = m.refetchDependents()
	}
	return nil
}

// refetchDependents wants the rows that need what is gone, if there are any.
func (m *Model) refetchDependents() (any bool) {
	for _, t := range m.trackers {
		gone := t.gone
		t.gone = nil
		if len(gone) == 0 {
			continue
		}
		for _, other := range m.trackers {
			if other.feed.Needs == nil {
				continue
			}
			other.merge()
			for _, id := range gone {
				for _, key := range t.feed.Source.Keys(id) {
					for row := range other.needed[key] {
						other.wanted[row] = struct{}{}
						any = true
					}
				}
			}
		}
	}
	return any
}

// again reads what is on the screen and the next rows in turn, each once.
func (r *reading) again(ctx context.Context) error {
	for _, t := range r.m.trackers {
		r.m.mu.Lock()
		ids := slices.Clone(r.m.focus[t.feed.Name])
		r.m.mu.Unlock()
		ids = append(ids, t.rolling(r.turn)...)
		slices.Sort(ids)
		if err := r.fetch(ctx, t, slices.Compact(ids)); err != nil {
			return err
		}
	}
	return nil
}

// scan walks on through the keyspace and reads what it finds, a page ahead of what is read. It ends with the pass, after
// its share of pages, or, once there has been a pass, after half the time between readings: the rows on the screen do not
// wait for a slow line. After an error the pass starts over.
func (r *reading) scan(ctx context.Context) (complete bool, err error) {
	m := r.m
	if m.scan.begins() {
		m.begin()
		m.meet(ctx)
	}
	fetches := inFlight{r: r}
	defer func() {
		if err != nil {
			fetches.wait()
			m.scan.restart()
		}
	}()
	began := m.now()
	m.pace.trip(ctx)
	next := m.scan.ahead(ctx, scanCount)
	for n := 1; ; n++ {
		page := <-next
		if page.err != nil {
			return false, page.err
		}
		if page.all > 0 {
			m.outages.met(page.all)
		}
		for addr, err := range page.down {
			if !m.outages.note(addr, err) {
				return false, err
			}
		}
		end := page.last || n == r.pages || m.passes > 0 && m.now().Sub(began) > m.refresh/2
		m.pace.page(page.took)
		if !end {
			m.pace.trip(ctx)
			next = m.scan.ahead(ctx, scanCount)
		}
		for _, k := range page.keys {
			for _, t := range m.trackers {
				if t.found(k, m.passAll) {
					break
				}
			}
		}
		for _, t := range m.trackers {
			for len(t.wanted) >= readBatch || len(t.wanted) > 0 && (end || r.due()) {
				m.pace.trip(ctx)
				if err := fetches.start(ctx, t, t.take(readBatch)); err != nil {
					if !end {
						<-next
					}
					return false, err
				}
			}
		}
		if !end {
			continue
		}
		if err := fetches.wait(); err != nil || !page.last {
			return false, err
		}
		for _, t := range m.trackers {
			if err := r.fetch(ctx, t, t.unseen()); err != nil {
				return false, err
			}
		}
		return true, nil
	}
}

// begin prepares a pass. It reads every row if it is the first, or if changes may have been missed and will be told from
// now on; else it only looks for new ones.
func (m *Model) begin() {
	gaps, whole := m.push.state()
	m.passFrom, m.passPushed, m.passAll = gaps, whole, m.rereads || m.passes == 0 || whole && m.whole != gaps
	m.scan.avoid = m.outages.avoid(m.now(), gaps)
	for _, t := range m.trackers {
		t.begin(m.scan.pass + 1)
	}
	m.news.began(m.Snapshot().Tables)
}

// due tells whether it is time to show what has been found so far.
func (r *reading) due() bool { return r.every > 0 && r.m.now().Sub(r.published) >= r.every }

// progress shows what has been found so far, from time to time. The rows are sorted in beside the reading.
func (r *reading) progress() {
	switch {
	case !r.due():
	case r.published.IsZero(): // somebody waits for the first rows
		for _, t := range r.m.trackers {
			t.merge()
		}
		r.publish()
	case !r.merging:
		for _, t := range r.m.trackers {
			t.mergeBeside()
		}
		r.merging = true
	case !slices.ContainsFunc(r.m.trackers, func(t *tracker) bool { return !t.settled() }):
		r.publish()
		for _, t := range r.m.trackers {
			r.every = max(r.every, min(publishShare*t.took, time.Second))
		}
		r.merging = false
	}
}

// publish shows what is merged.
func (r *reading) publish() {
	tables := make([]*Table, len(r.m.trackers))
	for i, t := range r.m.trackers {
		tables[i] = t.show(false)
	}
	r.show(tables, func(*Snapshot) {})
	r.published = r.m.now()
}

// show makes a snapshot of the tables and of what else is known, with a difference.
func (r *reading) show(tables []*Table, change func(*Snapshot)) {
	m := r.m
	pushed := m.pushed() && r.status.Uncovered == 0
	m.amend(func(s *Snapshot) {
		s.State, s.Err, s.Server, s.Tables, s.Pushed = Polling, nil, r.status, tables, pushed
		s.Events, s.Down = m.news.events, m.outages.list()
		change(s)
	})
}
