package record

import (
	"context"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// watch wakes the waiters of one storage: by the pushes of one subscription, by the deadlines of leases, and by a slow
// poll behind them. It runs while there are waiters and for a moment longer.
//
// Every change of the namespace adds one to its counter and is told with that number. So one poll of the counter finds
// out whether anything was missed, however many keys are waited for: nothing was, as long as the pushes have reached it.
type watch struct {
	s    *RedisStorage
	poll time.Duration
	quit chan struct{} // capacity 1: the last waiter left

	mu      sync.Mutex // guards what follows
	waiters map[Key]map[*waiter]struct{}
	running bool
}

// waiter is one call of WaitForVersionChange.
type waiter struct {
	key  Key
	wake chan struct{} // capacity 1: the record may have changed
}

const (
	linger   = time.Second            // the watch outlives its last waiter, for one that waits again at once
	minPoll  = 250 * time.Millisecond // between polls, and for a push to come in after the poll that knew of it
	maxRetry = time.Second            // between attempts to reach the server
	// recheck is how many waiters look at their records after a poll that found nothing new, in no order: in time
	// each sees even what a foreign hand did, and a thousand cost no more than these.
	recheck = 25
)

func newWatch(s *RedisStorage, poll time.Duration) *watch {
	return &watch{s: s, poll: poll, quit: make(chan struct{}, 1), waiters: map[Key]map[*waiter]struct{}{}}
}

// join adds a waiter and starts the watch if it does not run. A reading made after join misses nothing: either the
// subscription stands already, or all waiters are woken once it does.
func (h *watch) join(key Key) (*waiter, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running && !h.s.run(h.run) {
		return nil, ErrClosed
	}
	h.running = true
	w := &waiter{key: key, wake: make(chan struct{}, 1)}
	if h.waiters[key] == nil {
		h.waiters[key] = map[*waiter]struct{}{}
	}
	h.waiters[key][w] = struct{}{}
	return w, nil
}

func (h *watch) leave(w *waiter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.waiters[w.key], w)
	if len(h.waiters[w.key]) == 0 {
		delete(h.waiters, w.key)
	}
	if len(h.waiters) == 0 {
		signal(h.quit)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wake tells the waiters of a key to look.
func (h *watch) wake(key Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.waiters[key] {
		signal(w.wake)
	}
}

// wakeSome tells waiters of any keys to look, at most n of them.
func (h *watch) wakeSome(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, of := range h.waiters {
		for w := range of {
			if n--; n < 0 {
				return
			}
			signal(w.wake)
		}
	}
}

// retired ends the watch if there is still nobody to wake.
func (h *watch) retired() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiters) > 0 {
		return false
	}
	h.running = false
	return true
}

// round is the state of a running watch; only its goroutine touches it.
type round struct {
	*watch
	push    *push     // the subscription; nil without one
	based   bool      // seen is known, and all waiters have looked since
	seen    int64     // the counter as far as pushes or polls told
	behind  int64     // the counter that a poll found before the pushes had told of it; 0: none
	pollAt  time.Time // when the counter is asked next
	polled  time.Time
	rounded time.Time // when waiters were last woken for a recheck
	openAt  time.Time // when a subscription is tried next
	retry   time.Duration
	unswept string // the first lease that could not be swept, of which all waiters have been told
}

// run is the goroutine of a watch.
func (h *watch) run() {
	ctx := h.s.life
	start := time.Now()
	r := &round{watch: h, rounded: start, pollAt: start.Add(minPoll), retry: minPoll}
	defer func() { r.drop() }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	leaveAt := time.Time{} // zero: there are waiters
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.quit:
			leaveAt = time.Now().Add(linger)
		case m, ok := <-r.push.heard():
			if ok {
				r.hear(m)
			} else {
				r.drop()
			}
		case <-timer.C:
		}
		now := time.Now()
		if !leaveAt.IsZero() && !now.Before(leaveAt) {
			if h.retired() {
				return
			}
			leaveAt = time.Time{}
		}
		if r.push == nil && !now.Before(r.openAt) {
			r.open(ctx)
		}
		if !now.Before(r.pollAt) {
			r.ask(ctx)
		}
		due := r.pollAt
		if r.push == nil && r.openAt.Before(due) {
			due = r.openAt
		}
		if !leaveAt.IsZero() && leaveAt.Before(due) {
			due = leaveAt
		}
		timer.Reset(time.Until(due))
	}
}

// open subscribes. The confirmation, not this call, tells that it worked.
func (r *round) open(ctx context.Context) {
	r.push = subscribe(ctx, r.s.c, r.s.channel)
	r.openAt = time.Now().Add(r.retry)
	most := r.poll // a server that refuses subscriptions is not asked more often than it is polled
	if r.push == nil {
		most = maxRetry
	}
	r.retry = min(2*r.retry, most)
}

// drop gives a subscription up; the next is opened at openAt.
func (r *round) drop() {
	if r.push != nil {
		r.push.close()
		r.push = nil
	}
}

// hear takes what the subscription says.
func (r *round) hear(m any) {
	payload, ok := m.(string)
	if !ok { // it stands now: ask for the counter, then let everybody look
		r.based, r.retry = false, minPoll
		r.pollAt = time.Now()
		return
	}
	i := strings.IndexAny(payload, ":+")
	if i < 0 {
		i = len(payload)
	}
	n, err := strconv.ParseInt(payload[:i], 10, 64)
	if err != nil {
		return // somebody else's word
	}
	if r.based && n > r.seen+1 {
		r.wakeSome(math.MaxInt) // one in between was lost
	}
	r.seen = max(r.seen, n)
	switch {
	case strings.HasPrefix(payload[i:], ":"):
		r.wake(Key(payload[i+1:]))
	case strings.HasPrefix(payload[i:], "+"):
		if ms, err := strconv.ParseInt(payload[i+1:], 10, 64); err == nil {
			r.pollBy(time.Duration(ms) * time.Millisecond)
		}
	}
}

// pollBy moves the next poll forward to just after a deadline that is left away, keeping the least distance.
func (r *round) pollBy(left time.Duration) {
	at := time.Now().Add(min(left, r.poll) + time.Millisecond)
	if least := r.polled.Add(minPoll); at.Before(least) {
		at = least
	}
	if at.Before(r.pollAt) {
		r.pollAt = at
	}
}

// ask polls: it compares the counter with what the pushes told, and sweeps expired leases, whose records are then told
// like any other change.
func (r *round) ask(ctx context.Context) {
	counter, err := r.s.readCounter(ctx)
	var next time.Duration
	var due []string
	if err == nil {
		next, due, err = r.s.overdue(ctx)
	}
	now := time.Now()
	r.polled, r.pollAt = now, now.Add(r.poll)
	if err != nil {
		r.based = false
		r.pollAt = now.Add(min(maxRetry, r.poll))
		return
	}
	behind := r.behind
	r.behind = 0
	lost := r.seen < behind // though the pushes had time enough: they no longer come
	switch {
	case !r.based, lost, counter < r.seen, r.push == nil && counter != r.seen:
		r.based, r.seen = true, counter
		r.wakeSome(math.MaxInt)
	case counter > r.seen && behind == 0: // on their way, it is hoped
		r.behind = counter
		r.pollBy(0)
	}
	if lost {
		r.drop()
		r.openAt = now
	}
	if now.Sub(r.rounded) >= r.poll {
		r.rounded = now
		r.wakeSome(recheck)
	}
	switch {
	case len(due) > 0:
		r.sweep(ctx, due)
	case next >= 0:
		r.pollBy(next)
	}
}

// sweep has the records of expired leases removed. Where that is refused, to a user who may only read or while keys move,
// nobody tells of them, and all waiters look for themselves.
func (r *round) sweep(ctx context.Context, due []string) {
	if err := r.s.sweep(ctx, due, sweepMax); err == nil {
		r.unswept = ""
		r.pollBy(0)
		return
	}
	if r.unswept != due[0] {
		r.unswept = due[0]
		r.wakeSome(math.MaxInt)
	}
	r.pollBy(maxRetry)
}
