package actorstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// together runs n calls at once and counts those that succeed; each other error must be want.
func together(t *testing.T, n int, want error, call func(i int) error) int {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			switch err := call(i); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, want):
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	return int(won.Load())
}

func TestOneWinnerPerKeyAndExpectedVersion(t *testing.T) {
	const callers, rounds = 8, 30
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		if won := together(t, callers, actorstore.ErrAlreadyExists, func(int) error { return s.CreateActor(ctx, suspended("a1")) }); won != 1 {
			t.Fatalf("%d of %d creates won", won, callers)
		}
		for version := int64(1); version <= rounds; version++ {
			var winner atomic.Value
			won := together(t, callers, actorstore.ErrPersistenceRetry, func(i int) error {
				a := suspended("a1")
				if i%2 == 0 { // half of them by the text they read, half by the version they know
					var err error
					if a, err = s.GetActor(ctx, "a1"); err != nil {
						return err
					}
				}
				a.AteomPodName = fmt.Sprint("pod-", i)
				err := s.UpdateActor(ctx, a, version)
				if err == nil {
					winner.Store(a.AteomPodName)
				}
				return err
			})
			got, err := s.GetActor(ctx, "a1")
			must(t, err)
			if won != 1 || got.Version != version+1 || got.AteomPodName != winner.Load() {
				t.Fatalf("version %d: %d won, the winner wrote %v, stored %+v", version, won, winner.Load(), got)
			}
		}
		if won := together(t, callers, actorstore.ErrNotFound, func(int) error { return s.DeleteActor(ctx, "a1") }); won != 1 {
			t.Errorf("%d deletes won", won)
		}
	})
}

func TestNoIncrementIsLost(t *testing.T) {
	const callers, each = 6, 20
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		must(t, s.CreateWorker(ctx, worker("pod-0")))
		together(t, callers, nil, func(int) error {
			for range each {
				for {
					w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
					if err != nil {
						return err
					}
					w.NodeName += "x"
					if err = s.UpdateWorker(ctx, w, w.Version); err == nil {
						break
					} else if !errors.Is(err, actorstore.ErrPersistenceRetry) {
						return err
					}
				}
			}
			return nil
		})
		w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
		must(t, err)
		if len(w.NodeName) != callers*each || w.Version != callers*each+1 {
			t.Errorf("%d marks and version %d after %d updates", len(w.NodeName), w.Version, callers*each)
		}
	})
}

func TestALostReplyActsAtMostOnce(t *testing.T) {
	server := redistest.Single(t)
	ctx := context.Background()
	lossy := func(t *testing.T) (*actorstore.Persistence, *redistest.Lossy) {
		l := redistest.LoseReplies(1)
		c := redis.NewClient(&redis.Options{Addr: server.Options().Addr, Dialer: l.Dial, DisableIdentity: true}) // MaxRetries: 0 means 3
		t.Cleanup(func() { c.Close() })
		must(t, c.Ping(ctx).Err())
		return actorstore.NewPersistence(c), l
	}
	plain := actorstore.NewPersistence(server)
	must(t, plain.CreateActor(ctx, suspended("known"))) // the scripts are loaded, so one trip is all there is
	must(t, plain.UpdateActor(ctx, suspended("known"), 1))
	must(t, plain.DeleteActor(ctx, "known"))
	_, _, err := plain.AcquireLockFenced(ctx, "lock:known", "t", 1e9)
	must(t, err)

	t.Run("create", func(t *testing.T) {
		s, l := lossy(t)
		l.Arm()
		if err := s.CreateActor(ctx, suspended("a1")); !conn.Unreachable(err) {
			t.Errorf("%v; a repeated create would report its own actor as another's", err)
		}
	})
	t.Run("update", func(t *testing.T) {
		s, l := lossy(t)
		a := suspended("a1")
		l.Arm()
		if err := s.UpdateActor(ctx, a, 1); !conn.Unreachable(err) || a.Version != 0 {
			t.Errorf("%v, version %d", err, a.Version)
		}
		if got, err := plain.GetActor(ctx, "a1"); err != nil || got.Version != 2 {
			t.Errorf("stored %+v, %v", got, err)
		}
	})
	t.Run("delete", func(t *testing.T) {
		s, l := lossy(t)
		l.Arm()
		if err := s.DeleteActor(ctx, "a1"); !conn.Unreachable(err) {
			t.Errorf("%v; a repeated delete would report its own work as missing", err)
		}
	})
	t.Run("acquire", func(t *testing.T) {
		s, l := lossy(t)
		l.Arm()
		if ok, err := s.AcquireLock(ctx, "lock:a", "t", 60e9); ok || !conn.Unreachable(err) {
			t.Errorf("%v, %v; a repeated acquire would report its own lock as taken", ok, err)
		}
		must(t, s.ReleaseLock(ctx, "lock:a", "t"))
		if ok, err := plain.AcquireLock(ctx, "lock:a", "u", 60e9); !ok || err != nil {
			t.Errorf("after the release: %v, %v", ok, err)
		}
	})
}
