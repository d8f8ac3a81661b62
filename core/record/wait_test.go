package record_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// outcome is what a wait returned.
type outcome struct {
	r   record.Record
	err error
}

// waitFor starts a wait and returns when the subscription stands, so that only a push can end it soon.
func waitFor(t *testing.T, c redis.UniversalClient, s *record.RedisStorage, key record.Key, v record.Version) <-chan outcome {
	t.Helper()
	done := make(chan outcome, 1)
	go func() {
		r, err := s.WaitForVersionChange(ctx, key, v)
		done <- outcome{r, err}
	}()
	redistest.Eventually(t, "the subscription stands", func() bool { return subscribers(c) > 0 })
	return done
}

func subscribers(c redis.UniversalClient) int64 {
	const channel = "rec:{ns}:ch"
	var n int64
	for _, addr := range nodes(c) {
		n += addr.PubSubShardNumSub(ctx, channel).Val()[channel] + addr.PubSubNumSub(ctx, channel).Val()[channel]
	}
	return n
}

func nodes(c redis.UniversalClient) (all []*redis.Client) {
	if single, ok := c.(*redis.Client); ok {
		return []*redis.Client{single}
	}
	var mu sync.Mutex
	_ = c.(*redis.ClusterClient).ForEachMaster(ctx, func(_ context.Context, n *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, n)
		return nil
	})
	return all
}

// patient storages poll so seldom that in a test nothing but pushes and deadlines wakes.
func patient(t *testing.T, c redis.UniversalClient) *record.RedisStorage {
	return openNS(t, c, "ns", record.Options{Poll: time.Hour})
}

func TestWaitReturnsAtOnceWhereThereIsNothingToWaitFor(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := patient(t, c)
		if _, err := s.WaitForVersionChange(ctx, "a", 1); !errors.Is(err, record.ErrNotFound) {
			t.Fatalf("not found: %v", err)
		}
		v := put(t, s, "a", "1", record.NoLeaseId)
		if r, err := s.WaitForVersionChange(ctx, "a", v+1); err != nil || r.Version != v || string(r.Value) != "1" {
			t.Fatalf("another version: %+v, %v", r, err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.WaitForVersionChange(ended, "a", v); err != context.Canceled {
			t.Fatalf("ended context: %v", err)
		}
		if subscribers(c) != 0 {
			t.Fatal("it subscribed for that")
		}
	})
}

func TestWaitIsWokenByPush(t *testing.T) {
	for what, act := range map[string]func(s *record.RedisStorage, rows *record.RecordRows, l record.LeaseId, v record.Version) error{
		"change": func(s *record.RedisStorage, _ *record.RecordRows, _ record.LeaseId, v record.Version) error {
			_, err := s.CasByVersion(ctx, record.Record{Key: "a", Value: record.Value("new"), Version: v})
			return err
		},
		"delete": func(s *record.RedisStorage, _ *record.RecordRows, _ record.LeaseId, v record.Version) error {
			return s.Delete(ctx, "a")
		},
		"release": func(s *record.RedisStorage, _ *record.RecordRows, l record.LeaseId, _ record.Version) error {
			return s.ReleaseLease(ctx, l)
		},
		"replace by row": func(_ *record.RedisStorage, rows *record.RecordRows, _ record.LeaseId, v record.Version) error {
			_, err := rows.Replace(ctx, "ns:a", int64(v), []byte("new"))
			return err
		},
		"remove by row": func(_ *record.RedisStorage, rows *record.RecordRows, _ record.LeaseId, v record.Version) error {
			return rows.Remove(ctx, "ns:a", int64(v))
		},
	} {
		t.Run(what, func(t *testing.T) {
			redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
				s, writer := patient(t, c), open(t, c)
				l := grant(t, writer, time.Hour, false)
				v := put(t, writer, "a", "old", l.Id())
				done := waitFor(t, c, s, "a", v)
				put(t, writer, "unrelated", "", record.NoLeaseId)
				if err := act(writer, record.NewRecordRows(c, ""), l.Id(), v); err != nil {
					t.Fatal(err)
				}
				got := <-done
				deleted := got.r.Key == "" && got.r.Value == nil && got.r.Version == 0
				changed := got.r.Version > v && string(got.r.Value) == "new" && got.r.Lease == l.Id()
				if got.err != nil || (!deleted && !changed) || changed != (what == "change" || what == "replace by row") {
					t.Fatalf("got %+v", got)
				}
			})
		})
	}
}

func TestWaitIsWokenByExpiry(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		s, other := patient(t, c), open(t, c)
		before := grant(t, other, 2*short, false)
		v := put(t, other, "a", "", before.Id())
		done := waitFor(t, c, s, "a", v)
		if got := <-done; got.err != nil || got.r.Key != "" {
			t.Fatalf("a lease older than the wait: %+v", got)
		}
		v = put(t, other, "b", "", record.NoLeaseId)
		pending := waitFor(t, c, s, "b", v)
		during := grant(t, other, 2*short, false)
		w := put(t, other, "c", "", during.Id())
		if got := <-waitFor(t, c, s, "c", w); got.err != nil || got.r.Key != "" {
			t.Fatalf("a lease granted while the watch ran: %+v", got)
		}
		if err := other.Delete(ctx, "b"); err != nil {
			t.Fatal(err)
		}
		<-pending
	})
}

func TestCancelledWaitsReturnTheContextsErrorAndLeaveNothing(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		s := patient(t, c)
		v := put(t, s, "a", "", record.NoLeaseId)
		goroutines := runtime.NumGoroutine()
		brief, cancel := context.WithCancel(ctx)
		errs := make(chan error, 50)
		for range cap(errs) {
			go func() {
				_, err := s.WaitForVersionChange(brief, "a", v)
				errs <- err
			}()
		}
		redistest.Eventually(t, "the subscription stands", func() bool { return subscribers(c) == 1 })
		cancel()
		for range cap(errs) {
			if err := <-errs; err != context.Canceled {
				t.Fatalf("got %v", err)
			}
		}
		redistest.Eventually(t, "the subscription ends", func() bool { return subscribers(c) == 0 })
		redistest.Eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines })
		deadline, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		if _, err := s.WaitForVersionChange(deadline, "a", v); err != context.DeadlineExceeded {
			t.Fatalf("got %v", err)
		}
	})
}

func TestCloseEndsWaits(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := patient(t, c)
		v := put(t, s, "a", "", record.NoLeaseId)
		done := waitFor(t, c, s, "a", v)
		s.Close()
		if got := <-done; !errors.Is(got.err, record.ErrClosed) {
			t.Fatalf("got %+v", got)
		}
		redistest.Eventually(t, "the subscription ends", func() bool { return subscribers(c) == 0 })
	})
}

// A writer changes a record as fast as it can while a waiter follows: between its reading and its waiting no change may
// slip through, or it would wait for ever for the last one.
func TestWaitMissesNoChange(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s, writer := patient(t, c), open(t, c)
		for i := range 40 {
			key := record.Key(fmt.Sprint("k", i%4))
			v := put(t, writer, string(key), "", record.NoLeaseId)
			go func() {
				w := v
				for range i % 5 {
					w, _ = writer.CasByVersion(ctx, record.Record{Key: key, Version: w})
				}
				_ = writer.Delete(ctx, key)
			}()
			for seen := v; ; {
				r, err := s.WaitForVersionChange(ctx, key, seen)
				if errors.Is(err, record.ErrNotFound) || (err == nil && r.Key == "") {
					break
				}
				if err != nil || r.Version <= seen {
					t.Fatalf("after %d: %+v, %v", seen, r, err)
				}
				seen = r.Version
			}
		}
	})
}

func TestWaitSurvivesAKilledSubscription(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		s, writer := patient(t, c), open(t, c)
		v := put(t, writer, "a", "", record.NoLeaseId)
		done := waitFor(t, c, s, "a", v)
		for range 2 {
			for _, n := range nodes(c) {
				n.ClientKillByFilter(ctx, "TYPE", "pubsub")
			}
			redistest.Eventually(t, "it subscribes again", func() bool { return subscribers(c) > 0 })
		}
		if _, err := writer.CasByVersion(ctx, record.Record{Key: "a", Version: v}); err != nil {
			t.Fatal(err)
		}
		if got := <-done; got.err != nil || got.r.Version <= v {
			t.Fatalf("got %+v", got)
		}
	})
}

func TestWaitSurvivesKillAndRestart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	c := server.Client(t)
	s, writer := openNS(t, c, "ns", record.Options{}), open(t, c)
	v := put(t, writer, "a", "", record.NoLeaseId)
	done := waitFor(t, c, s, "a", v)
	server.Kill()
	server.Restart(t)
	redistest.Eventually(t, "a write gets through", func() bool {
		_, err := writer.CasByVersion(ctx, record.Record{Key: "a", Version: v})
		return err == nil
	})
	if got := <-done; got.err != nil || got.r.Version <= v {
		t.Fatalf("got %+v", got)
	}
}

// What the pushes do not tell is found by the poll: a change that was counted but never heard of, one that a foreign
// hand made without counting, and a namespace that was flushed.
func TestThePollFindsWhatNoPushTold(t *testing.T) {
	for what, act := range map[string]func(c redis.UniversalClient){
		"lost push": func(c redis.UniversalClient) {
			v := c.Incr(ctx, "rec:{ns}:seq").Val()
			c.HSet(ctx, "rec:{ns}:r:a", "version", v)
		},
		"lost push before another": func(c redis.UniversalClient) {
			v := c.Incr(ctx, "rec:{ns}:seq").Val()
			c.HSet(ctx, "rec:{ns}:r:a", "version", v)
			s, _ := record.New(c, "ns", record.Options{})
			_, _ = s.Create(ctx, record.Record{Key: "b"})
		},
		"foreign hand": func(c redis.UniversalClient) { c.Del(ctx, "rec:{ns}:r:a") },
		"flushed":      func(c redis.UniversalClient) { c.Del(ctx, "rec:{ns}:r:a", "rec:{ns}:ix", "rec:{ns}:seq") },
	} {
		t.Run(what, func(t *testing.T) {
			redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
				s := openNS(t, c, "ns", record.Options{Poll: 50 * time.Millisecond})
				v := put(t, s, "a", "", record.NoLeaseId)
				done := waitFor(t, c, s, "a", v)
				act(c)
				if got := <-done; got.err != nil || got.r.Version == v {
					t.Fatalf("got %+v", got)
				}
			})
		})
	}
}

// Redis gives new users no channel at all: publishing and subscribing are then refused, and polling remains.
func TestWaitWithoutTheRightToSubscribe(t *testing.T) {
	admin := redistest.Single(t)
	if err := admin.ACLSetUser(ctx, "poor", "on", "nopass", "resetchannels", "~rec:*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	defer admin.ACLDelUser(ctx, "poor")
	c := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "poor", Password: "any"})
	defer c.Close()
	s := openNS(t, c, "ns", record.Options{Poll: 50 * time.Millisecond})
	v := put(t, s, "a", "", record.NoLeaseId)
	done := make(chan outcome, 1)
	go func() {
		r, err := s.WaitForVersionChange(ctx, "a", v)
		done <- outcome{r, err}
	}()
	w, err := s.CasByVersion(ctx, record.Record{Key: "a", Version: v})
	if err != nil {
		t.Fatal(err)
	}
	if got := <-done; got.err != nil || got.r.Version != w {
		t.Fatalf("got %+v", got)
	}
	l := grant(t, s, short, false)
	v = put(t, s, "b", "", l.Id())
	if r, err := s.WaitForVersionChange(ctx, "b", v); err != nil || r.Key != "" {
		t.Fatalf("expiry: %+v, %v", r, err)
	}
}

// The counter is what finds a lost push: here neither a recheck nor a push of the changed key can.
func TestTheCounterTellsThatAPushWasLost(t *testing.T) {
	for what, next := range map[string]func(t *testing.T, writer *record.RedisStorage){
		"by the next push": func(t *testing.T, writer *record.RedisStorage) { put(t, writer, "b", "", record.NoLeaseId) },
		"by the next poll": func(*testing.T, *record.RedisStorage) {}, // at the deadline of the lease
	} {
		t.Run(what, func(t *testing.T) {
			redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
				s, writer := patient(t, c), open(t, c)
				v := put(t, writer, "a", "", record.NoLeaseId)
				other := put(t, writer, "other", "", record.NoLeaseId)
				first := waitFor(t, c, s, "other", other)
				if err := writer.Delete(ctx, "other"); err != nil { // pushes are heard
					t.Fatal(err)
				}
				<-first
				done := waitFor(t, c, s, "a", v)
				grant(t, writer, short, false)
				c.HSet(ctx, "rec:{ns}:r:a", "version", c.Incr(ctx, "rec:{ns}:seq").Val())
				next(t, writer)
				if got := <-done; got.err != nil || got.r.Version <= v {
					t.Fatalf("got %+v", got)
				}
			})
		})
	}
}
