package record_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// short is a lease's life where a test waits for its end on a real server.
const short = 250 * time.Millisecond

// eachClock runs a test on every kind of server; pass lets more than short go by.
func eachClock(t *testing.T, test func(t *testing.T, c redis.UniversalClient, pass func())) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		test(t, c, func() {
			n := 0
			redistest.Eventually(t, "the server's clock moves", func() bool {
				if n++; n == 1 {
					c.Set(ctx, "{ns}probe", "", short)
				}
				return c.Exists(ctx, "{ns}probe").Val() == 0
			})
		})
	})
	t.Run("mini", func(t *testing.T) {
		c, clock := redistest.ClockedMini(t)
		test(t, c, func() { clock.Advance(short + time.Millisecond) })
	})
}

func TestARecordWhoseLeaseExpiredIsGoneForEveryMethod(t *testing.T) {
	for what, try := range map[string]func(s *record.RedisStorage, v record.Version) error{
		"get":    func(s *record.RedisStorage, v record.Version) error { _, err := s.Get(ctx, "a"); return err },
		"delete": func(s *record.RedisStorage, v record.Version) error { return s.Delete(ctx, "a") },
		"cas": func(s *record.RedisStorage, v record.Version) error {
			_, err := s.CasByVersion(ctx, record.Record{Key: "a", Version: v})
			return err
		},
		"wait": func(s *record.RedisStorage, v record.Version) error {
			_, err := s.WaitForVersionChange(ctx, "a", v)
			return err
		},
		"range": func(s *record.RedisStorage, v record.Version) error {
			all, err := s.GetRange(ctx, "a", "b")
			if err != nil || len(all) != 1 || all[0].Key != "b" {
				return fmt.Errorf("got %v, %v", all, err)
			}
			return record.ErrNotFound
		},
	} {
		t.Run(what, func(t *testing.T) {
			eachClock(t, func(t *testing.T, c redis.UniversalClient, pass func()) {
				s := open(t, c)
				l := grant(t, s, short, false)
				v := put(t, s, "a", "1", l.Id())
				put(t, s, "b", "2", record.NoLeaseId)
				pass()
				if err := try(s, v); !errors.Is(err, record.ErrNotFound) {
					t.Fatalf("got %v", err)
				}
				if _, err := s.GetLease(l.Id()); !errors.Is(err, record.ErrWrongLeaseId) {
					t.Fatalf("get lease: %v", err)
				}
				put(t, s, "sweeps", "", record.NoLeaseId)
				if n := c.Exists(ctx, "rec:{ns}:r:a", "rec:{ns}:exp", fmt.Sprintf("rec:{ns}:lk:%d", l.Id())).Val(); n != 0 {
					t.Fatalf("left behind: %v", contents(t, c))
				}
				if all := c.ZRange(ctx, "rec:{ns}:ix", 0, -1).Val(); fmt.Sprint(all) != "[b sweeps]" {
					t.Fatalf("the index holds %v", all)
				}
			})
		})
	}
}

func TestCreateTakesOverFromADeadHolder(t *testing.T) {
	eachClock(t, func(t *testing.T, c redis.UniversalClient, pass func()) {
		s := open(t, c)
		first := grant(t, s, short, false)
		v := put(t, s, "leader", "one", first.Id())
		second := grant(t, s, time.Hour, false)
		if w, err := s.Create(ctx, record.Record{Key: "leader", Value: record.Value("two"), Lease: second.Id()}); !errors.Is(err, record.ErrAlreadyExists) || w != v {
			t.Fatalf("while it lives: %d, %v", w, err)
		}
		pass()
		w := put(t, s, "leader", "two", second.Id())
		put(t, s, "sweeps", "", record.NoLeaseId)
		r, err := s.Get(ctx, "leader")
		if err != nil || w <= v || r.Version != w || string(r.Value) != "two" || r.Lease != second.Id() {
			t.Fatalf("got %+v, %v: sweeping the first lease must leave the new record", r, err)
		}
		if err := second.Release(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, "leader"); !errors.Is(err, record.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

func TestCreateUnderALeaseThatIsGone(t *testing.T) {
	eachClock(t, func(t *testing.T, c redis.UniversalClient, pass func()) {
		s := open(t, c)
		l := grant(t, s, short, false)
		pass()
		for _, id := range []record.LeaseId{l.Id(), 4711, -1} {
			if v, err := s.Create(ctx, record.Record{Key: "a", Lease: id}); !errors.Is(err, record.ErrWrongLeaseId) || v != 0 {
				t.Fatalf("lease %d: %d, %v", id, v, err)
			}
			if _, err := s.GetLease(id); !errors.Is(err, record.ErrWrongLeaseId) {
				t.Fatalf("lease %d: %v", id, err)
			}
		}
		if _, err := s.Get(ctx, "a"); !errors.Is(err, record.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

// One published backend drops the lease at the first update: the record then outlives its holder.
func TestCasKeepsTheLease(t *testing.T) {
	eachClock(t, func(t *testing.T, c redis.UniversalClient, pass func()) {
		s := open(t, c)
		l := grant(t, s, short, false)
		v := put(t, s, "a", "1", l.Id())
		if _, err := s.CasByVersion(ctx, record.Record{Key: "a", Value: record.Value("2"), Version: v, Lease: record.NoLeaseId}); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Get(ctx, "a"); err != nil || r.Lease != l.Id() || string(r.Value) != "2" {
			t.Fatalf("got %+v, %v", r, err)
		}
		pass()
		if _, err := s.Get(ctx, "a"); !errors.Is(err, record.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

func TestReleaseRemovesExactlyItsRecordsOnce(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s, other := open(t, c), open(t, c)
		mine, theirs := grant(t, s, time.Hour, false), grant(t, s, time.Hour, false)
		for i := range 1100 { // more than one script removes
			put(t, s, fmt.Sprint("mine", i), "", mine.Id())
		}
		put(t, s, "theirs", "", theirs.Id())
		put(t, s, "free", "", record.NoLeaseId)
		put(t, s, "moved", "", mine.Id())
		if err := s.Delete(ctx, "moved"); err != nil {
			t.Fatal(err)
		}
		put(t, s, "moved", "", record.NoLeaseId)

		l, err := other.GetLease(mine.Id()) // as another process would
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Release(); err != nil || l.TTL() != 0 {
			t.Fatalf("%v, ttl %v", err, l.TTL())
		}
		all, err := s.GetRange(ctx, "", "z")
		if err != nil || len(all) != 3 {
			t.Fatalf("%d records are left, %v", len(all), err)
		}
		if got := len(contents(t, c)); got != 8 { // 3 records, ix, seq, exp, the other lease and its keys
			t.Fatalf("%d keys are left: %v", got, contents(t, c))
		}
		unchanged(t, c, "a second release", func() {
			for _, again := range []func() error{l.Release, mine.Release, func() error { return s.ReleaseLease(ctx, mine.Id()) }} {
				if err := again(); !errors.Is(err, record.ErrWrongLeaseId) || !errors.Is(err, conn.ErrPrecondition) {
					t.Errorf("got %v", err)
				}
			}
		})
		if mine.TTL() != 0 {
			t.Errorf("a released lease has %v to live", mine.TTL())
		}
	})
}

func TestGetLeaseFindsThoseOfOthersAndTTLCountsDown(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		l := grant(t, open(t, c), 1500*time.Millisecond+1, false)
		if got := c.Get(ctx, fmt.Sprintf("rec:{ns}:lease:%d", l.Id())).Val(); got != "1501" {
			t.Fatalf("granted %s ms: ttl keeps its milliseconds, rounded up", got)
		}
		found, err := open(t, c).GetLease(l.Id())
		if err != nil || found.Id() != l.Id() {
			t.Fatalf("%+v, %v", found, err)
		}
		for _, l := range []record.Lease{l, found} {
			first := l.TTL()
			if first <= 0 || first > 1501*time.Millisecond {
				t.Fatalf("ttl %v", first)
			}
			redistest.Eventually(t, "the ttl counts down", func() bool { return l.TTL() < first })
		}
		if found.(*record.RedisLease).Lost() != nil {
			t.Error("a lease that is not kept here cannot be lost here")
		}
	})
}

func TestSweepingIsBoundedACall(t *testing.T) {
	c, clock := redistest.ClockedMini(t)
	s := open(t, c)
	for range 3 {
		l := grant(t, s, time.Second, false)
		for i := range 100 {
			put(t, s, fmt.Sprint(l.Id(), "-", i), "", l.Id())
		}
	}
	clock.Advance(time.Second + time.Millisecond)
	left := 300
	for i := range 10 {
		put(t, s, fmt.Sprint("mutation", i), "", record.NoLeaseId)
		now := int(c.ZCard(ctx, "rec:{ns}:ix").Val()) - i - 1
		if left-now > 100 || (left > 0 && now == left) {
			t.Fatalf("mutation %d swept %d of %d", i, left-now, left)
		}
		left = now
	}
	if left != 0 {
		t.Fatalf("%d records are left", left)
	}
}

func TestKeepAliveOutlivesItsContextAndEndsWithReleaseOrClose(t *testing.T) {
	for what, end := range map[string]func(s *record.RedisStorage, l *record.RedisLease) error{
		"release":       func(_ *record.RedisStorage, l *record.RedisLease) error { return l.Release() },
		"release by id": func(s *record.RedisStorage, l *record.RedisLease) error { return s.ReleaseLease(ctx, l.Id()) },
		"close":         func(s *record.RedisStorage, _ *record.RedisLease) error { return s.Close() },
	} {
		t.Run(what, func(t *testing.T) {
			on := redistest.EachReal
			if what != "release" { // each costs more than two lives
				on = func(t *testing.T, test func(t *testing.T, c redis.UniversalClient)) { test(t, redistest.Single(t)) }
			}
			on(t, func(t *testing.T, c redis.UniversalClient) {
				s := open(t, c)
				c.Ping(ctx)
				goroutines := runtime.NumGoroutine()
				brief, cancel := context.WithCancel(ctx)
				l, err := s.NewLease(brief, 400*time.Millisecond, true)
				cancel()
				if err != nil {
					t.Fatal(err)
				}
				kept := l.(*record.RedisLease)
				put(t, s, "a", "", l.Id())
				c.Set(ctx, "{ns}probe", "", 850*time.Millisecond) // more than two lives
				redistest.Eventually(t, "time passes", func() bool { return c.Exists(ctx, "{ns}probe").Val() == 0 })
				select {
				case <-kept.Lost():
					t.Fatal("lost while the server answers")
				default:
				}
				if _, err := s.Get(ctx, "a"); err != nil || l.TTL() <= 0 {
					t.Fatalf("%v, ttl %v", err, l.TTL())
				}
				if err := end(s, kept); err != nil {
					t.Fatal(err)
				}
				redistest.Eventually(t, "loss is told", func() bool {
					select {
					case <-kept.Lost():
						return true
					default:
						return false
					}
				})
				redistest.Eventually(t, "the record goes", func() bool {
					_, err := s.Get(ctx, "a")
					return errors.Is(err, record.ErrNotFound)
				})
				redistest.Eventually(t, "the keeper is gone", func() bool { return runtime.NumGoroutine() <= goroutines })
			})
		})
	}
}

func TestAClosedStorageKeepsNothingAlive(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c)
	s.Close()
	if _, err := s.NewLease(ctx, time.Hour, true); !errors.Is(err, record.ErrClosed) {
		t.Fatalf("got %v", err)
	}
	v := put(t, s, "a", "", record.NoLeaseId) // the client is the caller's and still open
	if _, err := s.WaitForVersionChange(ctx, "a", v); !errors.Is(err, record.ErrClosed) {
		t.Fatalf("got %v", err)
	}
}

func TestKeepAliveSurvivesAnOutageOfHalfTheTTL(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c := server.Client(t)
	s := open(t, c)
	const ttl = 2 * time.Second
	l := grant(t, s, ttl, true)
	put(t, s, "a", "", l.Id())
	server.Pause()
	from := time.Now()
	redistest.Eventually(t, "half the ttl passes", func() bool { return time.Since(from) > ttl/2-20*time.Millisecond })
	server.Resume()
	redistest.Eventually(t, "the lease is prolonged again", func() bool { return l.TTL() > ttl*9/10 })
	if _, err := s.Get(ctx, "a"); err != nil {
		t.Fatal(err)
	}
}

func TestKeepAliveSurvivesKillAndRestart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	c := server.Client(t)
	s := open(t, c)
	const ttl = 6 * time.Second
	l := grant(t, s, ttl, true)
	v := put(t, s, "a", "1", l.Id())
	server.Kill()
	server.Restart(t)
	redistest.Eventually(t, "the lease is prolonged again", func() bool { return l.TTL() > ttl*9/10 })
	r, err := s.Get(ctx, "a")
	if err != nil || r.Version != v || r.Lease != l.Id() {
		t.Fatalf("got %+v, %v", r, err)
	}
	if w := put(t, s, "b", "", record.NoLeaseId); w <= v {
		t.Fatalf("version %d after %d", w, v)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestALongerOutageIsALossToldByTheDeadline(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c := server.Client(t)
	s := open(t, c)
	l := grant(t, s, 300*time.Millisecond, true)
	server.Kill()
	<-l.Lost()
	if l.TTL() > 0 {
		t.Fatalf("lost %v before the deadline", l.TTL())
	}
	server.Restart(t) // without persistence: the lease is gone
	if err := l.Release(); !errors.Is(err, record.ErrWrongLeaseId) {
		t.Fatalf("got %v", err)
	}
}

func TestReleaseOfAnUnreachableServerMayBeRepeated(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	c := server.Client(t)
	l := grant(t, open(t, c), time.Hour, true)
	server.Kill()
	if err := l.Release(); !conn.Unreachable(err) {
		t.Fatalf("got %v", err)
	}
	<-l.Lost() // not kept alive any longer
	server.Restart(t)
	redistest.Eventually(t, "the release gets through", func() bool { return l.Release() == nil })
}

// Somebody who makes a lease's key live longer by hand prolongs nothing: the deadline that the namespace knows counts
// for sweeping, and that lease must not keep others from being swept.
func TestAForeignHandCannotHoldUpTheSweep(t *testing.T) {
	c, clock := redistest.ClockedMini(t)
	s := open(t, c)
	first, second := grant(t, s, time.Second, false), grant(t, s, 2*time.Second, false)
	put(t, s, "a", "", first.Id())
	put(t, s, "b", "", second.Id())
	c.Persist(ctx, fmt.Sprint("rec:{ns}:lease:", first.Id()))
	clock.Advance(3 * time.Second)
	if _, err := s.Get(ctx, "a"); !errors.Is(err, record.ErrNotFound) {
		t.Fatal(err)
	}
	put(t, s, "sweeps", "", record.NoLeaseId)
	if n := c.Exists(ctx, "rec:{ns}:r:a", "rec:{ns}:r:b", "rec:{ns}:exp").Val(); n != 0 {
		t.Fatalf("left behind: %v", contents(t, c))
	}
}
