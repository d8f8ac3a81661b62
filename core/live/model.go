package live

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/core/conn"
)

// Options bound what a reading costs the server. The zero value is modest.
type Options struct {
	Refresh time.Duration // between readings; default 1 s
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// What one reading may cost at most: pages of SCAN and rows of each kind that are read again in turn. What the scan
// finds anew and what is on the screen is read besides.
const (
	scanPages   = 200
	scanCount   = 512
	readBatch   = 1000
	rollingRows = 2000

	publishEvery = 50 * time.Millisecond // while a long reading goes on
	retryFirst   = 500 * time.Millisecond
	retryMost    = 8 * time.Second
)

// Model reads everything and publishes snapshots. Make it with New and let Run read until its context ends; all other
// methods may be called from any goroutine and never wait for the server, except Inspect.
type Model struct {
	conn     *conn.Conn
	refresh  time.Duration
	now      func() time.Time
	trackers []*tracker
	scan     scanner

	snapshot atomic.Pointer[Snapshot]
	changed  chan struct{} // capacity 1: a new snapshot is there
	wake     chan struct{} // capacity 1: read now

	mu     sync.Mutex // guards what follows
	focus  map[Kind][]string
	paused bool
}

// New prepares a model of the kinds of feeds; Run starts it.
func New(c *conn.Conn, feeds []Feed, o Options) *Model {
	m := &Model{
		conn: c, refresh: o.Refresh, now: o.Now,
		scan:    scanner{client: c, match: matchAny(feeds)},
		changed: make(chan struct{}, 1), wake: make(chan struct{}, 1), focus: map[Kind][]string{},
	}
	if m.refresh <= 0 {
		m.refresh = time.Second
	}
	if m.now == nil {
		m.now = time.Now
	}
	first := &Snapshot{State: Connecting, Refresh: m.refresh}
	for _, f := range feeds {
		t := newTracker(f)
		m.trackers = append(m.trackers, t)
		first.Tables = append(first.Tables, t.table)
	}
	m.snapshot.Store(first)
	return m
}

// Snapshot is the newest one; it is never nil.
func (m *Model) Snapshot() *Snapshot { return m.snapshot.Load() }

// Changed delivers once whenever there is a snapshot newer than the last delivery; deliveries coalesce.
func (m *Model) Changed() <-chan struct{} { return m.changed }

// Refresh asks for a reading now, paused or not.
func (m *Model) Refresh() { signal(m.wake) }

// Focus names the rows on the screen: they are read again at every reading, however many others there are.
func (m *Model) Focus(kind Kind, ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.focus)
	m.focus[kind] = slices.Clone(ids)
}

// Pause stops or resumes the readings; Refresh still makes one.
func (m *Model) Pause(on bool) {
	m.amend(func(s *Snapshot) { m.paused = on })
	if !on {
		m.Refresh()
	}
}

// Run reads until ctx ends and returns its error. A server that goes away is asked again, ever more slowly.
func (m *Model) Run(ctx context.Context) error {
	retry := retryFirst
	for {
		wait := m.refresh
		if err := m.read(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			wait = retry
			retry = min(2*retry, retryMost)
			m.lost(err, wait)
		} else {
			retry = retryFirst
		}
		if err := m.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// sleep waits for the next reading: the time, a Refresh, or the end.
func (m *Model) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.wake:
			return nil
		case <-t.C:
			m.mu.Lock()
			paused := m.paused
			m.mu.Unlock()
			if !paused {
				return nil
			}
		}
	}
}

// ReadAll reads until the first pass over the keyspace is complete and returns what it found: for callers that want one
// answer and no dashboard. Do not call it while Run runs.
func (m *Model) ReadAll(ctx context.Context) (*Snapshot, error) {
	for {
		if err := m.read(ctx); err != nil {
			return nil, err
		}
		if s := m.Snapshot(); s.Tables[0].Complete {
			return s, nil
		}
	}
}

// read makes one reading: status, a stretch of the scan, and the rows that are new, on the screen, or due in turn.
func (m *Model) read(ctx context.Context) error {
	status, err := m.conn.Status(ctx)
	if err != nil {
		return err
	}
	published := m.now()
	complete := false
	due := m.due()
	for page := 0; page < scanPages && !complete; page++ {
		pass := m.scan.pass
		keys, last, err := m.scan.step(ctx, scanCount)
		if err != nil {
			return err
		}
		pass = max(pass, m.scan.pass)
		for _, k := range keys {
			for _, t := range m.trackers {
				if t.found(k, pass) {
					break
				}
			}
		}
		if complete = last; last {
			for i, t := range m.trackers {
				due[i] = append(due[i], t.unseen(pass)...)
			}
		}
		for _, t := range m.trackers {
			if len(t.wanted) >= readBatch || last || m.now().Sub(published) > publishEvery {
				if err := m.fetch(ctx, t, keysOf(t.wanted)); err != nil {
					return err
				}
			}
		}
		if m.now().Sub(published) > publishEvery {
			published = m.now()
			m.publish(status, false, false)
		}
	}
	for i, t := range m.trackers {
		slices.Sort(due[i])
		if err := m.fetch(ctx, t, slices.Compact(due[i])); err != nil {
			return err
		}
		if err := m.fetch(ctx, t, keysOf(t.wanted)); err != nil {
			return err
		}
	}
	m.publish(status, complete, true)
	return nil
}

// due lists for each kind what is on the screen and the next rows in turn.
func (m *Model) due() [][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	due := make([][]string, len(m.trackers))
	for i, t := range m.trackers {
		due[i] = append(t.rolling(rollingRows), m.focus[t.feed.Kind]...)
	}
	return due
}

// fetch reads rows in batches. What goes wrong with one kind alone is kept as that kind's error.
func (m *Model) fetch(ctx context.Context, t *tracker, ids []string) error {
	for batch := range slices.Chunk(ids, readBatch) {
		rows, err := t.feed.read(ctx, batch)
		if err != nil {
			if conn.Unreachable(err) || ctx.Err() != nil {
				return err
			}
			t.err = err
			clear(t.wanted)
			return nil
		}
		t.apply(batch, rows, m.scan.pass, m.now())
	}
	return nil
}

func keysOf(set map[string]struct{}) []string {
	ids := make([]string, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	return ids
}

func (m *Model) publish(status conn.Status, complete, end bool) {
	tables := make([]*Table, len(m.trackers))
	for i, t := range m.trackers {
		tables[i] = t.publish(complete, end)
	}
	m.amend(func(s *Snapshot) {
		s.State, s.Err, s.Server, s.Tables = Polling, nil, status, tables
		if end {
			s.ReadAt = m.now()
		}
	})
}

// lost keeps the old rows and says since when they are old and when the next attempt is due.
func (m *Model) lost(err error, wait time.Duration) {
	m.amend(func(s *Snapshot) { s.State, s.Err, s.RetryAt = Lost, err, m.now().Add(wait) })
}

// amend publishes the newest snapshot with a difference.
func (m *Model) amend(change func(s *Snapshot)) {
	m.mu.Lock()
	s := *m.Snapshot()
	change(&s)
	s.Paused = m.paused
	m.snapshot.Store(&s)
	m.mu.Unlock()
	signal(m.changed)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// ErrUnknownKind answers a question about a kind that no feed has.
var ErrUnknownKind = errors.New("unknown kind")

func (m *Model) feed(kind Kind) (Feed, error) {
	for _, t := range m.trackers {
		if t.feed.Kind == kind {
			return t.feed, nil
		}
	}
	return Feed{}, conn.Fail("live: read", string(kind), ErrUnknownKind)
}
