package actorstore_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

var errHeld = errors.New("held")

func TestALockHasOneHolder(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for _, key := range []string{"lock:a", "lock:{x}:a", "plain", "a}b", "a{}b", "}{"} {
			acquire := func(token string) bool {
				ok, err := s.AcquireLock(ctx, key, token, time.Minute)
				must(t, err)
				return ok
			}
			if won := together(t, 8, errHeld, func(i int) error {
				if acquire(fmt.Sprint("t", i)) {
					return nil
				}
				return errHeld
			}); won != 1 {
				t.Fatalf("%s: %d of 8 acquired", key, won)
			}
			token := stored(t, c, key)
			if acquire(token) {
				t.Errorf("%s: reentered", key)
			}
			must(t, s.ReleaseLock(ctx, key, "not mine")) // left alone, no error, as in the seed
			if stored(t, c, key) != token {
				t.Fatalf("%s: released by another token", key)
			}
			must(t, s.ReleaseLock(ctx, key, token))
			must(t, s.ReleaseLock(ctx, key, token))
			if !acquire("next") {
				t.Errorf("%s: not free after its release", key)
			}
			if ttl := c.PTTL(ctx, key).Val(); ttl <= 0 || ttl > time.Minute {
				t.Errorf("%s: time to live %v", key, ttl)
			}
		}
	})
}

func TestFencingNumbersRise(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		started := c.Time(ctx).Val().UnixMicro()
		var last int64
		for i := range 20 {
			fence, ok, err := s.AcquireLockFenced(ctx, "lock:a", "t", time.Minute)
			must(t, err)
			if !ok || fence <= last || i == 0 && fence < started {
				t.Fatalf("acquire %d: fence %d after %d (%v)", i, fence, last, ok)
			}
			last = fence
			if _, ok, err := s.AcquireLockFenced(ctx, "lock:a", "u", time.Minute); ok || err != nil {
				t.Fatalf("acquired while held: %v, %v", ok, err)
			}
			if now := stored(t, c, "{lock:a}:fence"); now != strconv.FormatInt(last, 10) {
				t.Fatalf("the refused acquire moved the counter from %d to %s", last, now)
			}
			must(t, s.ReleaseLock(ctx, "lock:a", "t"))
		}
		if ttl := c.PTTL(ctx, "{lock:a}:fence").Val(); ttl <= time.Minute {
			t.Errorf("the counter ends in %v, before its lock could", ttl)
		}
	})
}

func TestACounterThatExpiredIsNeverRepeated(t *testing.T) {
	c, m := redistest.Mini(t)
	ctx, s := context.Background(), actorstore.NewPersistence(c)
	now := time.Date(2026, 1, 2, 3, 4, 5, 7000, time.UTC)
	m.SetTime(now)
	var last int64
	acquire := func() {
		t.Helper()
		fence, ok, err := s.AcquireLockFenced(ctx, "lock:a", "t", time.Second)
		must(t, err)
		if !ok || fence <= last {
			t.Fatalf("fence %d after %d (%v)", fence, last, ok)
		}
		last = fence
		must(t, s.ReleaseLock(ctx, "lock:a", "t"))
	}
	acquire()
	if last != now.UnixMicro() {
		t.Errorf("the first fence is %d, not the server's time %d", last, now.UnixMicro())
	}
	acquire()
	m.SetTime(now.Add(-24 * time.Hour)) // a clock set back, while the counter lives
	acquire()
	m.SetTime(now.Add(2 * time.Hour))
	m.FastForward(2 * time.Hour)
	if m.Exists("{lock:a}:fence") {
		t.Fatal("the counter did not expire")
	}
	acquire()
}

func TestALockEnds(t *testing.T) {
	c, m := redistest.Mini(t)
	ctx, s := context.Background(), actorstore.NewPersistence(c)
	for ttl, want := range map[time.Duration]time.Duration{
		1: time.Millisecond, 1500 * time.Microsecond: 2 * time.Millisecond, 1500 * time.Millisecond: 1500 * time.Millisecond,
	} {
		if ok, err := s.AcquireLock(ctx, "lock:a", "t", ttl); !ok || err != nil {
			t.Fatalf("%v: %v, %v", ttl, ok, err)
		}
		if got := m.TTL("lock:a"); got != want {
			t.Errorf("a ttl of %v became %v", ttl, got)
		}
		m.FastForward(want)
	}
}

func TestALockMayLastAsLongAsADurationCanSay(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		if ok, err := s.AcquireLock(ctx, "lock:a", "t", math.MaxInt64); !ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
	})
}

func TestLockArgumentsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	c, _ := redistest.Mini(t)
	trips := &redistest.Trips{}
	c.AddHook(trips)
	ctx, s := context.Background(), actorstore.NewPersistence(c)
	for _, tc := range []struct {
		key, token string
		ttl        time.Duration
	}{
		{"lock:a", "t", 0}, {"lock:a", "t", -time.Second}, {"", "t", time.Second}, {"lock:a", "", time.Second},
		{"{lock:a}:fence", "t", time.Second}, {"lock:{a}::fence", "t", time.Second},
	} {
		if ok, err := s.AcquireLock(ctx, tc.key, tc.token, tc.ttl); ok || !errors.Is(err, actorstore.ErrInvalid) {
			t.Errorf("acquire %+v: %v, %v", tc, ok, err)
		}
		if tc.ttl == time.Second {
			if err := s.ReleaseLock(ctx, tc.key, tc.token); !errors.Is(err, actorstore.ErrInvalid) {
				t.Errorf("release %+v: %v", tc, err)
			}
		}
	}
	if trips.N.Load() != 0 {
		t.Errorf("%d commands were sent", trips.N.Load())
	}
	if ok, err := s.AcquireLock(ctx, "lock:x:fence", "t", time.Second); !ok || err != nil {
		t.Errorf("a lock that only looks like a counter: %v, %v", ok, err)
	}
}

func TestALockOrCounterOfAnotherTypeIsLeftAlone(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		acquire := func() error { _, err := s.AcquireLock(ctx, "lock:a", "t", time.Minute); return err }
		must(t, c.RPush(ctx, "lock:a", "x").Err())
		unchanged(t, c, "lock:a", actorstore.ErrBadRecord, acquire)
		unchanged(t, c, "lock:a", actorstore.ErrBadRecord, func() error { return s.ReleaseLock(ctx, "lock:a", "x") })
		if stored(t, c, "{lock:a}:fence") != "" {
			t.Error("a counter was left behind")
		}
		c.Del(ctx, "lock:a")
		must(t, c.RPush(ctx, "{lock:a}:fence", "x").Err())
		unchanged(t, c, "{lock:a}:fence", actorstore.ErrBadRecord, acquire)
		c.Del(ctx, "{lock:a}:fence")
		for _, text := range []string{"not a number", "9223372036854775807"} {
			put(t, c, "{lock:a}:fence", text)
			if err := acquire(); err == nil {
				t.Errorf("a counter of %q counted on", text)
			}
		}
		if c.Exists(ctx, "lock:a").Val() != 0 || stored(t, c, "{lock:a}:fence") != "9223372036854775807" {
			t.Error("a failed acquire wrote")
		}
		put(t, c, "{lock:a}:fence", "9007199254740993")
		if fence, ok, err := s.AcquireLockFenced(ctx, "lock:a", "t", time.Minute); fence != 9007199254740994 || !ok || err != nil {
			t.Errorf("beyond a double: fence %d, %v, %v", fence, ok, err)
		}
		must(t, s.ReleaseLockFenced(ctx, "lock:a", "t", 9007199254740994))
	})
}

func TestAForcedUnlockComparesTokenAndFence(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for _, key := range []string{"lock:a", "lock:{b}"} {
			if err := s.ReleaseLockFenced(ctx, key, "t", 5); !errors.Is(err, actorstore.ErrNotFound) {
				t.Errorf("no lock: %v", err)
			}
			seen, _, err := s.AcquireLockFenced(ctx, key, "t", time.Minute)
			must(t, err)
			unchanged(t, c, key, actorstore.ErrFailedPrecondition, func() error { return s.ReleaseLockFenced(ctx, key, "u", seen) })
			unchanged(t, c, key, actorstore.ErrFailedPrecondition, func() error { return s.ReleaseLockFenced(ctx, key, "u", 0) })
			must(t, s.ReleaseLock(ctx, key, "t"))
			_, _, err = s.AcquireLockFenced(ctx, key, "t", time.Minute) // the same token, another holding
			must(t, err)
			unchanged(t, c, key, actorstore.ErrFailedPrecondition, func() error { return s.ReleaseLockFenced(ctx, key, "t", seen) })
			must(t, s.ReleaseLockFenced(ctx, key, "t", seen+1))
			must(t, c.Set(ctx, key, "foreign", 0).Err())
			must(t, s.ReleaseLockFenced(ctx, key, "foreign", 0))
		}
	})
}

func TestALockExcludes(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		var inside, fence atomic.Int64
		together(t, 6, nil, func(i int) error {
			token := fmt.Sprint("t", i)
			for done := 0; done < 15; {
				f, ok, err := s.AcquireLockFenced(ctx, "lock:a", token, time.Minute)
				if err != nil {
					return err
				}
				if !ok {
					continue
				}
				if n := inside.Add(1); n != 1 {
					return fmt.Errorf("%d holders", n)
				}
				if last := fence.Swap(f); last >= f {
					return fmt.Errorf("fence %d after %d", f, last)
				}
				inside.Add(-1)
				done++
				if err := s.ReleaseLock(ctx, "lock:a", token); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
