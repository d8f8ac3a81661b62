package actorstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

// The counter of fencing numbers outlives its lock by an hour, from each acquire on.
func TestTheFenceCounterOutlivesEachLock(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := actorstore.NewPersistence(c)
		outlives := func(what string) {
			t.Helper()
			if ok, err := s.AcquireLock(ctx, "lock:a", "t", time.Minute); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if life := c.PTTL(ctx, "{lock:a}:fence").Val(); life < time.Hour || life > time.Hour+time.Minute {
				t.Errorf("%s: the counter lives %v", what, life)
			}
			must(t, s.ReleaseLock(ctx, "lock:a", "t"))
		}
		outlives("first acquire")
		must(t, c.PExpire(ctx, "{lock:a}:fence", time.Minute).Err())
		outlives("next acquire")
		must(t, c.Persist(ctx, "{lock:a}:fence").Err())
		outlives("acquire after somebody made it live for ever")
	})
}

// A worker is free only after its actor has left: a refused write of the actor leaves the worker claimed.
func TestReleaseWritesTheActorFirst(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := actorstore.NewPersistence(c)
		put(t, c, "actor:a1", actorDoc)
		put(t, c, "worker:ns:pool:pod-0", workerDoc)
		a, err := s.GetActor(ctx, "a1")
		must(t, err)
		w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
		must(t, err)
		other := *a
		must(t, s.UpdateActor(ctx, &other, 7))
		unchanged(t, c, "worker:ns:pool:pod-0", actorstore.ErrPersistenceRetry, func() error { return s.Release(ctx, a, w) })
	})
}

// A document that changes after the half was confirmed is not mended.
func TestMendHoldsToTheVersionThatWasReported(t *testing.T) {
	for name, tc := range map[string]struct {
		half     actorstore.Half
		key      string
		now, new string
	}{
		"actor": {actorstore.Half{Actor: "a1", Worker: "ns/pod-0", OfActor: true, Version: 1}, "actor:a1",
			`{"actorId":"a1","version":"1","ateomPodNamespace":"ns","ateomPodName":"pod-0"}`, `{"actorId":"a1","version":"2","ateomPodNamespace":"ns","ateomPodName":"pod-0"}`},
		"worker": {actorstore.Half{Actor: "a1", Worker: "ns:pool:pod-0", Version: 2}, "worker:ns:pool:pod-0", workerDoc,
			`{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","actorId":"a1","version":"3"}`},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := redistest.Mini(t)
			put(t, c, tc.key, tc.now)
			c.AddHook(beforeGet(func() { must(t, m.Set(tc.key, tc.new)) }))
			s := actorstore.NewPersistence(c)
			if err := s.Mend(ctx, tc.half); err == nil {
				t.Error("mended what changed meanwhile")
			}
			if got, _ := m.Get(tc.key); got != tc.new {
				t.Errorf("became %s", got)
			}
		})
	}
}

// beforeGet runs before each single GET; what confirms a half comes in pipelines.
type beforeGet func()

func (f beforeGet) DialHook(next redis.DialHook) redis.DialHook { return next }
func (f beforeGet) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "get" {
			f()
		}
		return next(ctx, cmd)
	}
}
func (f beforeGet) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
