package live

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Options bound what a reading costs the server. The zero value is modest.
type Options struct {
	Refresh time.Duration // between readings; default 1 s
	Budget  int           // trips a second that passes over the keyspace take at most; 0: DefaultBudget, below: no limit
	// MaxMemory is the memory that the process may use, in bytes; 0: no limit. Once it is reached, further rows are
	// left out (ErrFull).
	MaxMemory uint64
	// Asked are kinds whose rows are read by Inspect, Glance and ReadRow alone. No pass looks for them, and no snapshot has them.
	Asked []kind.Kind
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// How long to wait after a reading that failed.
const (
	retryFirst = 500 * time.Millisecond
	maxRetry   = 8 * time.Second
)

// Model reads everything and publishes snapshots. Make it with New and let Run read until its context ends; all other
// methods may be called from any goroutine. Only Inspect, Glance and ReadRow wait for the server.
type Model struct {
	conn     *conn.Conn
	refresh  time.Duration
	now      func() time.Time
	asked    []feed     // see Options
	trackers []*tracker // these and scan belong to the goroutine that reads
	scan     scanner
	pace     *pace
	passes   int // over the keyspace, that have ended
	cost     cost
	outages  outages
	ceiling  ceiling
	news     news
	met      <-chan roster // asked as the pass began
	factsAt  time.Time     // when the server told its Facts

	push       *push    // with no link unless Run runs
	prefixes   []string // that push asks for
	passFrom   uint64   // gaps of push when the pass that is walked began
	passPushed bool     // pushes covered all changes then
	passAll    bool     // it reads also the rows that are known
	rereads    bool     // it has to
	readFrom   uint64   // gaps of push when the last reading began
	whole      uint64   // gaps of push that a pass has made good

	snapshot atomic.Pointer[Snapshot]
	changed  chan struct{} // capacity 1: a new snapshot is there
	wake     chan struct{} // capacity 1: read now
	anew     atomic.Bool   // Reread was called

	mu     sync.Mutex // guards what follows, and the exchange of snapshot
	focus  map[kind.Name][]string
	paused bool
}

// New prepares a model of kinds; Run starts it. A key that several kinds identify belongs to the first.
func New(c *conn.Conn, kinds []kind.Kind, o Options) *Model {
	m := &Model{
		conn: c, refresh: o.Refresh, now: o.Now,
		scan: scanner{client: c, match: kind.KeyPattern(kinds)}, prefixes: kind.KeyPrefixes(kinds),
		outages: outages{client: c}, ceiling: newCeiling(o.MaxMemory),
		changed: make(chan struct{}, 1), wake: make(chan struct{}, 1), focus: map[kind.Name][]string{},
	}
	if m.refresh <= 0 {
		m.refresh = time.Second
	}
	if m.now == nil {
		m.now = time.Now
	}
	m.push = newPush(c, m.prefixes)
	m.pace = newPace(cmp.Or(o.Budget, DefaultBudget), time.Now)
	first := &Snapshot{State: Connecting, Refresh: m.refresh}
	for _, k := range kinds {
		t := newTracker(newFeed(k))
		m.trackers = append(m.trackers, t)
		first.Tables = append(first.Tables, t.table)
	}
	for _, k := range o.Asked {
		m.asked = append(m.asked, newFeed(k))
	}
	m.snapshot.Store(first)
	return m
}

// Snapshot is the newest one; it is never nil.
func (m *Model) Snapshot() *Snapshot { return m.snapshot.Load() }

// Changed delivers once whenever there is a snapshot newer than the last delivery; deliveries coalesce.
func (m *Model) Changed() <-chan struct{} { return m.changed }

// Refresh asks for a reading now, paused or not. One that is under way is followed by another, so that what was written
// before the call is seen.
func (m *Model) Refresh() { signal(m.wake) }

// Reread asks for a pass over the keyspace that reads every row again, even if pushes report changes: no server reports
// a SWAPDB.
func (m *Model) Reread() {
	m.anew.Store(true)
	m.Refresh()
}

// Focus names the rows on the screen, instead of those named before: they are read again at every reading, however many
// others there are.
func (m *Model) Focus(name kind.Name, ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.focus)
	m.focus[name] = slices.Clone(ids)
}

// Pause stops or resumes the readings; Refresh still makes one. A reading under way is brought to its end.
func (m *Model) Pause(on bool) {
	m.mu.Lock()
	resumed := m.paused && !on
	m.paused = on
	m.mu.Unlock()
	m.amend(func(*Snapshot) {})
	if resumed {
		m.Refresh()
	}
}

// Run reads until ctx ends and returns its error, at the latest when the command in flight is answered or times out. A
// server that goes away is retried with growing pauses. If the server pushes changes, only these are read after one
// pass over the keyspace; otherwise it is polled.
func (m *Model) Run(ctx context.Context) error {
	stop := m.listen(ctx)
	defer stop()
	retry := retryFirst
	asked := false
	for {
		wait := m.refresh
		err := m.read(ctx, m.effort(asked))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			wait, retry = retry, min(2*retry, maxRetry)
			m.lost(err, wait)
		default:
			retry = retryFirst
			if m.passes == 0 { // somebody waits for the rest of the first pass
				wait = 0
			}
		}
		if asked, err = m.sleep(ctx, wait, err == nil); err != nil {
			return err
		}
	}
}

// listen asks every master to push, and waits a moment for the answers.
func (m *Model) listen(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	m.whole = 0
	m.scan.restart() // a pass that began before tells nothing of what was missed
	done := make(chan struct{})
	go func() { defer close(done); m.push.run(ctx) }()
	moment := time.NewTimer(helloWait)
	defer moment.Stop()
	select {
	case <-m.push.greeted:
	case <-moment.C:
	case <-ctx.Done():
	}
	return func() {
		cancel()
		<-done
		m.push = newPush(m.conn, m.prefixes)
		m.amend(func(s *Snapshot) { s.Pushed = false })
	}
}

// effort is what the next reading may cost.
func (m *Model) effort(asked bool) effort {
	gaps, whole := m.push.state()
	m.readFrom = gaps
	if whole && m.whole != gaps && m.passFrom != gaps && !m.passPushed { // gap after gap must not keep every pass from its end
		m.scan.restart()
	}
	if m.anew.Swap(false) {
		m.rereads = true
		m.scan.restart()
	}
	switch {
	case m.rereads || m.passes == 0 || whole && m.whole != gaps:
		return burst
	case m.pushed():
		return idle
	case asked:
		return burst
	}
	return background
}

// pushed tells that what has been read is what is there, and that what changes will be told.
func (m *Model) pushed() bool {
	for _, t := range m.trackers {
		if t.err != nil || t.failed { // only a pass reads what could not be read
			return false
		}
	}
	gaps, whole := m.push.state()
	return whole && m.whole == gaps && !m.rereads
}

// sleep waits for the next reading: for the time to pass, unless paused, for somebody to ask for it, or for the end.
// Meanwhile it follows what is pushed, if the server answers.
func (m *Model) sleep(ctx context.Context, d time.Duration, answers bool) (asked bool, err error) {
	t := time.NewTimer(d)
	defer t.Stop()
	var ready chan struct{}
	if answers {
		ready = m.push.ready
	}
	var rest <-chan time.Time
	for {
		select {
		case <-rest:
			ready = m.push.ready
		case <-ready:
			if m.isPaused() { // what is told now is read after the pause
				continue
			}
			if gaps, whole := m.push.state(); whole && gaps != m.whole && gaps != m.readFrom {
				return false, nil
			}
			pause, err := m.follow(ctx)
			if err != nil { // the reading that comes now meets it too
				return false, ctx.Err()
			}
			ready, rest = nil, time.After(pause)
		case <-ctx.Done():
			return false, ctx.Err()
		case <-m.wake: // also by the end of a pause
			return true, nil
		case <-t.C:
			if !m.isPaused() {
				return false, nil
			}
		}
	}
}

func (m *Model) isPaused() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.paused
}

// ReadAll reads every row there is, to the end of a pass over the keyspace, and returns what it found: for callers that
// want answers and no dashboard. Its error is a transport error; what is wrong with one kind is in the Err of its
// table. Do not call it while Run runs.
func (m *Model) ReadAll(ctx context.Context) (*Snapshot, error) {
	whole := effort{pages: burst.pages, turn: math.MaxInt}
	for before := m.passes; m.passes == before; whole.turn = 0 {
		if err := m.read(ctx, whole); err != nil {
			return nil, err
		}
	}
	return m.Snapshot(), nil
}

// lost keeps the old rows and says why they are old and when the next attempt is due.
func (m *Model) lost(err error, wait time.Duration) {
	m.outages.of = nil // the next attempt asks every master
	m.amend(func(s *Snapshot) {
		s.State, s.Err, s.Pushed, s.Down, s.RetryAt = Lost, err, false, nil, m.now().Add(wait)
	})
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

// ErrUnknownKind answers a question about a kind that the model does not have.
var ErrUnknownKind = errors.New("unknown kind")

func (m *Model) feed(name kind.Name) (feed, error) {
	for _, t := range m.trackers {
		if t.feed.Name == name {
			return t.feed, nil
		}
	}
	for _, f := range m.asked {
		if f.Name == name {
			return f, nil
		}
	}
	return feed{}, conn.Fail("live: read", string(name), ErrUnknownKind)
}
