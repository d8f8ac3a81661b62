package record

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/core/conn"
)

// NewLease is Lessor.NewLease; the Lease it returns is a *RedisLease.
func (s *RedisStorage) NewLease(ctx context.Context, ttl time.Duration, keepAlive bool) (Lease, error) {
	const op = "record: new lease"
	if ttl <= 0 {
		return nil, conn.Fail(op, s.base, fmt.Errorf("%w: ttl %v is not positive", ErrBadArgument, ttl))
	}
	ms := int64((ttl-1)/time.Millisecond) + 1
	if keepAlive && s.life.Err() != nil {
		return nil, conn.Fail(op, s.base, ErrClosed)
	}
	before := time.Now()
	text, err := leaseNewScript.Run(ctx, s.c, []string{s.seq, s.ix, s.exp}, s.base, ms).Text()
	if err != nil {
		return nil, conn.Fail(op, s.base, err)
	}
	l := &RedisLease{s: s, id: leaseID(text), granted: time.Duration(ms) * time.Millisecond}
	l.observe(before, l.granted)
	if !keepAlive {
		return l, nil
	}
	life, stop := context.WithCancel(s.life)
	l.stop, l.lost = stop, make(chan struct{})
	if !s.run(func() { l.keep(life) }) {
		stop()
		return nil, conn.Fail(op, s.lease(l.id), ErrClosed)
	}
	return l, nil
}

// patience is for the calls to which the seed gives no context.
const patience = 10 * time.Second

// GetLease is Lessor.GetLease. Its TTL counts down from now on; whether somebody prolongs the lease, only another
// GetLease tells.
func (s *RedisStorage) GetLease(id LeaseId) (Lease, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	before := time.Now()
	granted, left, err := s.readLease(ctx, id)
	if err != nil {
		return nil, conn.Fail("record: get lease", s.lease(id), err)
	}
	l := &RedisLease{s: s, id: id, granted: granted}
	l.observe(before, left)
	return l, nil
}

func (s *RedisStorage) readLease(ctx context.Context, id LeaseId) (granted, left time.Duration, err error) {
	a, err := reply(leaseGetScript.Run(ctx, s.c, []string{s.lease(id)}))
	if err != nil {
		return 0, 0, err
	}
	if len(a) < 2 {
		return 0, 0, ErrWrongLeaseId
	}
	ms, err := number("granted time", a.text(0))
	pttl, _ := a[1].(int64)
	return time.Duration(ms) * time.Millisecond, time.Duration(pttl) * time.Millisecond, err
}

// ReleaseLease ends any lease of the namespace and removes exactly its records, in one step for every reader of this
// package. ErrWrongLeaseId if it is gone already.
func (s *RedisStorage) ReleaseLease(ctx context.Context, id LeaseId) error {
	const op = "record: release"
	key := s.lease(id)
	left, err := leaseReleaseScript.Run(ctx, s.c, []string{s.seq, s.ix, s.exp, key, s.leaseKeys(id)}, s.base, int64(id), sweepMost).Int64()
	if err == nil && left < 0 {
		err = ErrWrongLeaseId
	}
	// The lease is over. Its remaining records are out of sight and first in line, here or for whoever sweeps next.
	for ; err == nil && left > 0; left -= sweepMost {
		_, _, err = s.sweep(ctx, "", sweepMost)
	}
	return conn.Fail(op, key, err)
}

// RedisLease is a Lease of a RedisStorage. It is safe for concurrent use.
type RedisLease struct {
	s       *RedisStorage
	id      LeaseId
	granted time.Duration
	stop    context.CancelFunc // of the keeper; nil without one
	lost    chan struct{}

	mu       sync.Mutex
	deadline time.Time // not later than the server's
	over     bool      // known to be gone: an answer still under way changes nothing
}

// Id is Lease.Id.
func (l *RedisLease) Id() LeaseId { return l.id }

// TTL is Lease.TTL.
func (l *RedisLease) TTL() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, time.Until(l.deadline))
}

// Lost is closed as soon as the lease is no longer kept alive: it expired or was released, here or elsewhere, the
// server could not be reached before its deadline, or the storage was closed. It is closed no later than the deadline
// by the clock here. It is nil, and blocks for ever, for leases that this process does not keep alive.
func (l *RedisLease) Lost() <-chan struct{} { return l.lost }

// Release is Lease.Release. It also stops keeping the lease alive, whatever the server answers; after an error of the
// way (conn.Unreachable) the lease is gone at its deadline at the latest, and Release may be called again.
func (l *RedisLease) Release() error {
	if l.stop != nil {
		l.stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := l.s.ReleaseLease(ctx, l.id)
	if err == nil || errors.Is(err, ErrWrongLeaseId) {
		l.bury()
	}
	return err
}

// observe notes that the server gave the lease left more to live after the moment at.
func (l *RedisLease) observe(at time.Time, left time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.deadline = at.Add(left)
	}
}

func (l *RedisLease) bury() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline, l.over = time.Time{}, true
}

// keep prolongs the lease until life ends or the lease does. It asks every quarter of the ttl, and after a failure
// every sixteenth, giving up on an answer after an eighth: whenever an outage of half the ttl begins and ends, an
// attempt after it comes before the deadline.
func (l *RedisLease) keep(life context.Context) {
	defer close(l.lost)
	defer l.stop()
	wait := l.granted / 4
	for {
		left := l.TTL()
		select {
		case <-life.Done():
			return
		case <-time.After(min(wait, left)):
		}
		if left <= wait {
			return // the deadline has passed before the next attempt was due
		}
		before := time.Now()
		switch alive, err := l.prolong(life); {
		case err != nil:
			wait = max(l.granted/16, time.Millisecond)
		case alive:
			wait = l.granted / 4
			l.observe(before, l.granted)
		default:
			l.bury()
			return
		}
	}
}

func (l *RedisLease) prolong(life context.Context) (alive bool, err error) {
	ctx, cancel := context.WithTimeout(life, l.granted/8)
	defer cancel()
	s := l.s
	return leaseKeepScript.Run(ctx, s.c, []string{s.seq, s.ix, s.exp, s.lease(l.id)}, s.base, int64(l.id)).Bool()
}
