package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// NewLease is Lessor.NewLease; the Lease it returns is a *RedisLease.
func (s *RedisStorage) NewLease(ctx context.Context, ttl time.Duration, keepAlive bool) (Lease, error) {
	const op = "record: new lease"
	if err := check(ctx); err != nil {
		return nil, conn.Fail(op, s.base, err)
	}
	if ttl <= 0 {
		return nil, conn.Fail(op, s.base, fmt.Errorf("%w: ttl %v is not positive", ErrBadArgument, ttl))
	}
	ms := int64((ttl-1)/time.Millisecond) + 1
	if keepAlive && s.life.Err() != nil {
		return nil, conn.Fail(op, s.base, ErrClosed)
	}
	l, err := s.grant(ctx, ms)
	if err != nil {
		return nil, conn.Fail(op, s.base, err)
	}
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

// grant takes the next number of the counter as the id: what the counter was last heard to be, or is told to be. Where
// others count at the same time it aims further and further ahead.
func (s *RedisStorage) grant(ctx context.Context, ms int64) (*RedisLease, error) {
	counter := s.counter.Load()
	for ahead := int64(0); ; ahead = min(2*ahead+1, aheadMax) {
		if counter >= farthest {
			ahead = 0 // where the script cannot calculate
		}
		id := LeaseId(counter + 1 + ahead)
		if id <= 0 {
			return nil, fmt.Errorf("%w: the counter is at its end", errMalformed)
		}
		before := time.Now()
		said, due, err := outcome(leaseNewScript.Run(ctx, s.c, []string{s.seq, s.exp, s.lease(id)}, s.channel, int64(id), counter, ms))
		if err != nil {
			return nil, err
		}
		if is, refused := said.(string); refused {
			if counter, err = number("counter", is); err != nil {
				return nil, err
			}
			continue
		}
		s.counter.Store(int64(id))
		s.tidy(ctx, due)
		l := &RedisLease{s: s, id: id, granted: time.Duration(ms) * time.Millisecond}
		l.observe(before, l.granted)
		return l, nil
	}
}

const (
	aheadMax = 511
	farthest = 1e13
)

// patience is for the calls to which the seed gives no context.
const patience = 10 * time.Second

// GetLease is Lessor.GetLease. Its TTL counts down from now on; only another GetLease shows whether the lease was
// renewed meanwhile.
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

// readLease reads each key for itself, so that it does not matter on which nodes they are.
func (s *RedisStorage) readLease(ctx context.Context, id LeaseId) (granted, left time.Duration, err error) {
	var text *redis.StringCmd
	var ttl *redis.DurationCmd
	var deadline *redis.FloatCmd
	err = conn.Pipeline(ctx, s.c, func(p redis.Pipeliner) {
		text, ttl, deadline = p.Get(ctx, s.lease(id)), p.PTTL(ctx, s.lease(id)), p.ZScore(ctx, s.exp, strconv.FormatInt(int64(id), 10))
	})
	if err == nil {
		err = cmp.Or(text.Err(), ttl.Err(), deadline.Err())
	}
	switch {
	case errors.Is(err, redis.Nil), err == nil && (ttl.Val() == -2 || deadline.Val() == 0):
		return 0, 0, ErrWrongLeaseId
	case err != nil:
		return 0, 0, err
	case ttl.Val() < 0:
		return 0, 0, fmt.Errorf("%w: the key of the lease never expires", errMalformed)
	}
	ms, err := number("granted time", text.Val())
	return time.Duration(ms) * time.Millisecond, ttl.Val(), err
}

// ReleaseLease ends any lease of the namespace and removes exactly its records: the first 1,000 in the step that ends it,
// the others, which are out of every reader's sight by then, in further ones. ErrWrongLeaseId if it is gone already.
func (s *RedisStorage) ReleaseLease(ctx context.Context, id LeaseId) error {
	const op = "record: release"
	if err := check(ctx); err != nil {
		return conn.Fail(op, s.base, err)
	}
	text := strconv.FormatInt(int64(id), 10)
	for mode, before := "release", int64(-1); ; mode = "sweep" {
		keys, err := s.namesOf(ctx, id)
		if err != nil {
			return conn.Fail(op, s.leaseKeys(id), err)
		}
		left, err := dropScript.Run(ctx, s.c, s.dropKeys(text, keys), s.dropArgs(text, mode, keys)...).Int64()
		if err == nil && left < 0 && mode == "release" {
			err = ErrWrongLeaseId
		}
		if err != nil || left <= 0 { // another sweep may have come first
			return conn.Fail(op, s.lease(id), err)
		}
		if before >= 0 && left >= before {
			return conn.Fail(op, s.leaseKeys(id), fmt.Errorf("%w: its %d keys cannot be removed", errMalformed, left))
		}
		before = left
	}
}

// namesOf reads which records a lease has, as many as one script may remove.
func (s *RedisStorage) namesOf(ctx context.Context, id LeaseId) ([]string, error) {
	var cmd *redis.StringSliceCmd
	err := conn.Pipeline(ctx, s.c, func(p redis.Pipeliner) { cmd = p.SRandMemberN(ctx, s.leaseKeys(id), sweepMax) })
	if err != nil {
		return nil, err
	}
	return cmd.Result()
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

// prolong moves the deadline. While its two keys are on different nodes they are set one after the other: a lease must not
// end because a slot takes long to move.
func (l *RedisLease) prolong(life context.Context) (alive bool, err error) {
	ctx, cancel := context.WithTimeout(life, l.granted/8)
	defer cancel()
	s, key, ms := l.s, l.s.lease(l.id), l.granted.Milliseconds()
	said, err := leaseKeepScript.Try(ctx, s.c, []string{s.exp, key}, int64(l.id), ms).Result()
	if !conn.Moving(err) {
		_, alive = said.(string)
		return alive, err
	}
	said, err = leaseKeepScript.Try(ctx, s.c, []string{s.exp}, int64(l.id), ms).Result()
	deadline, alive := said.(string)
	if err == nil && alive {
		err = conn.Once(ctx, s.c, "set", key, ms, "pxat", deadline).Err()
	}
	return alive && err == nil, err
}
