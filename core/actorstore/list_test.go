package actorstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// fill stores n workers by pipeline.
func fill(t testing.TB, c redis.UniversalClient, n int) {
	t.Helper()
	for batch := range slices.Chunk(slices.Collect(upTo(n)), 5000) {
		must(t, conn.Pipeline(context.Background(), c, func(p redis.Pipeliner) {
			for _, i := range batch {
				pod := fmt.Sprintf("pod-%06d", i)
				p.Set(context.Background(), "worker:ns:pool:"+pod, strings.ReplaceAll(workerDoc, "pod-0", pod), 0)
			}
		}))
	}
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestListingsOfNothing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := actorstore.NewPersistence(c)
		if all, err := s.ListActors(context.Background()); err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
		if all, err := s.ListWorkers(context.Background()); err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
	})
}

func TestAListingHasEveryRecordOnceOnEveryShard(t *testing.T) {
	const n = 3500 // several pages, one of them not full
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		fill(t, c, n)
		all, err := actorstore.NewPersistence(c).ListWorkers(context.Background())
		must(t, err)
		seen := make(map[string]bool)
		for _, w := range all {
			if seen[w.WorkerPod] || w.Ip != "10.0.0.7" || w.Version != 2 {
				t.Fatalf("twice or wrong: %+v", w)
			}
			seen[w.WorkerPod] = true
		}
		if len(seen) != n {
			t.Errorf("listed %d of %d", len(seen), n)
		}
	})
}

func TestAListingUnderChurnNeverFailsAndMissesNothingThatStays(t *testing.T) {
	const stay, listings = 1000, 15
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		fill(t, c, stay)
		done := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-done:
						return
					default:
					}
					w := worker(fmt.Sprintf("gone-%d-%d", i, n%20))
					if err := s.CreateWorker(ctx, w); err != nil && !errors.Is(err, actorstore.ErrAlreadyExists) {
						t.Error(err)
						return
					}
					if err := s.DeleteWorker(ctx, w.WorkerNamespace, w.WorkerPool, w.WorkerPod); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range listings {
			all, err := s.ListWorkers(ctx)
			if err != nil {
				t.Error(err)
			}
			seen := make(map[string]int)
			for _, w := range all {
				seen[w.WorkerPod]++
			}
			for i := range stay {
				if pod := fmt.Sprintf("pod-%06d", i); seen[pod] != 1 {
					t.Errorf("%s listed %d times", pod, seen[pod])
				}
			}
		}
		close(done)
		wg.Wait()
	})
}

func TestBadRecordsDoNotHideTheGoodOnes(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		must(t, s.CreateActor(ctx, suspended("good")))
		put(t, c, "actor:space:good", `{"actorId":"good"}`)
		put(t, c, "actor:text", "hello")
		put(t, c, "actor:a:b:c", actorDoc)
		put(t, c, "actor:", actorDoc)
		must(t, c.RPush(ctx, "actor:list", "x").Err())
		all, err := s.ListActors(ctx)
		if len(all) != 2 {
			t.Errorf("listed %d good ones", len(all))
		}
		var bad actorstore.BadRecords
		if !errors.As(err, &bad) || !errors.Is(err, actorstore.ErrBadRecord) {
			t.Fatalf("error %v", err)
		}
		var keys []string
		for _, e := range bad {
			var op *conn.OpError
			if errors.As(e, &op) && errors.Is(e, actorstore.ErrBadRecord) {
				keys = append(keys, op.Key)
			}
		}
		slices.Sort(keys)
		if want := []string{"actor:", "actor:a:b:c", "actor:list", "actor:text"}; !slices.Equal(keys, want) {
			t.Errorf("bad keys %q, want %q", keys, want)
		}
		if !strings.HasPrefix(err.Error(), "4 unreadable records") {
			t.Errorf("%v", err)
		}

		put(t, c, "worker:ns:pool", workerDoc)
		must(t, s.CreateWorker(ctx, worker("pod-0")))
		if all, err := s.ListWorkers(ctx); len(all) != 1 || err == nil || !strings.Contains(err.Error(), `"worker:ns:pool"`) {
			t.Errorf("listed %d, %v", len(all), err)
		}
	})
}

func TestAListingWithoutAServerIsAnError(t *testing.T) {
	server := redistest.Start(t)
	s := actorstore.NewPersistence(server.Client(t))
	server.Kill()
	if all, err := s.ListActors(context.Background()); all != nil || !conn.Unreachable(err) {
		t.Errorf("%v, %v", all, err)
	}
	if halves, err := s.Halves(context.Background()); halves != nil || !conn.Unreachable(err) {
		t.Errorf("%v, %v", halves, err)
	}
	for _, err := range []error{s.DebugClearAll(context.Background()), s.ReleaseLock(context.Background(), "lock:a", "t")} {
		if !conn.Unreachable(err) {
			t.Errorf("%v", err)
		}
	}
}
