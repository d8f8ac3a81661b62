package actorstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

func TestAnAssignmentIsWrittenInAFixedOrder(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		must(t, s.CreateActor(ctx, suspended("a1")))
		must(t, s.CreateWorker(ctx, worker("pod-0")))
		read := func() (*actorstore.Actor, *actorstore.Worker) {
			a, err := s.GetActor(ctx, "a1")
			must(t, err)
			w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
			must(t, err)
			return a, w
		}
		a, w := read()
		a.Status = actorstore.StatusResuming
		must(t, s.Assign(ctx, a, w))
		if got, other := read(); got.AteomPodName != "pod-0" || got.WorkerPoolName != "" || got.AteomPodIp != "10.0.0.7" || got.Status != actorstore.StatusResuming ||
			other.ActorId != "a1" || other.ActorTemplate != "tmpl" || got.Version != a.Version || other.Version != w.Version {
			t.Errorf("assigned %+v to %+v", got, other)
		}
		if halves, err := s.Halves(ctx); len(halves) != 0 || err != nil {
			t.Errorf("a whole assignment has halves %v, %v", halves, err)
		}
		if err := s.Assign(ctx, a, w); !errors.Is(err, actorstore.ErrFailedPrecondition) {
			t.Errorf("assigned twice: %v", err)
		}
		must(t, s.CreateActor(ctx, suspended("a2")))
		b, err := s.GetActor(ctx, "a2")
		must(t, err)
		if err := s.Assign(ctx, b, w); !errors.Is(err, actorstore.ErrFailedPrecondition) {
			t.Errorf("assigned to a busy worker: %v", err)
		}
		if err := s.Release(ctx, b, w); !errors.Is(err, actorstore.ErrFailedPrecondition) {
			t.Errorf("released from another's worker: %v", err)
		}
		a.Status = actorstore.StatusSuspended
		must(t, s.Release(ctx, a, w))
		if got, other := read(); got.AteomPodName != "" || got.WorkerPoolName != "" || other.ActorId != "" || other.ActorNamespace != "" {
			t.Errorf("released %+v from %+v", got, other)
		}
		must(t, s.Assign(ctx, b, w))
	})
}

func TestALostRaceGivesTheWorkerBack(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		must(t, s.CreateActor(ctx, suspended("a1")))
		must(t, s.CreateWorker(ctx, worker("pod-0")))
		a, err := s.GetActor(ctx, "a1")
		must(t, err)
		w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
		must(t, err)
		other := *a
		must(t, s.UpdateActor(ctx, &other, 1))
		if err := s.Assign(ctx, a, w); !errors.Is(err, actorstore.ErrPersistenceRetry) || a.AteomPodName != "" || w.ActorId != "" {
			t.Errorf("%v, %+v, %+v", err, a, w)
		}
		if got, err := s.GetWorker(ctx, "ns", "pool", "pod-0"); err != nil || got.ActorId != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if err := s.Assign(ctx, &other, w); !errors.Is(err, actorstore.ErrPersistenceRetry) {
			t.Errorf("assigned by a worker's old version: %v", err)
		}
		w, err = s.GetWorker(ctx, "ns", "pool", "pod-0")
		must(t, err)
		must(t, s.Assign(ctx, &other, w))
		stale := *w
		must(t, s.UpdateWorker(ctx, w, w.Version))
		if err := s.Release(ctx, &other, &stale); !errors.Is(err, actorstore.ErrPersistenceRetry) {
			t.Errorf("released by a worker's old version: %v", err)
		}
		if err := s.Release(ctx, a, w); !errors.Is(err, actorstore.ErrPersistenceRetry) {
			t.Errorf("released by an actor's old version: %v", err)
		}
	})
}

func TestHalvesAreReportedAndMended(t *testing.T) {
	actor := func(id, more string) string {
		return `{"actorId":"` + id + `","version":"1","status":"STATUS_RUNNING"` + more + `}`
	}
	pod := func(name, more string) string {
		return `{"workerNamespace":"ns","workerPool":"pool","workerPod":"` + name + `","version":"5"` + more + `}`
	}
	const onPod0 = `,"ateomPodNamespace":"ns","ateomPodName":"pod-0"`
	cases := []struct {
		name string
		docs map[string]string
		want []string // Half as text
		then map[string]string
	}{
		{"whole, pool unknown", map[string]string{"actor:a1": actor("a1", onPod0), "worker:ns:pool:pod-0": pod("pod-0", `,"actorId":"a1"`)}, nil, nil},
		{"whole, newer layout", map[string]string{"actor:s:a1": actor("a1", onPod0+`,"workerPoolName":"pool","atespace":"s"`), "worker:ns:pool:pod-0": pod("pod-0", `,"actorId":"a1","actorAtespace":"s"`)}, nil, nil},
		{"nothing assigned", map[string]string{"actor:a1": actor("a1", ""), "worker:ns:pool:pod-0": pod("pod-0", "")}, nil, nil},
		{"worker missing", map[string]string{"actor:a1": actor("a1", onPod0+`,"ateomPodIp":"10.0.0.7","x":1`)},
			[]string{"{a1 ns/pod-0 true 1 the worker is missing}"},
			map[string]string{"actor:a1": `{"actorId":"a1","version":"2","status":"STATUS_SUSPENDED","x":1}`}},
		{"worker missing, actor paused", map[string]string{"actor:a1": `{"actorId":"a1","version":"1","status":"STATUS_PAUSED","ateomPodName":"p"}`},
			[]string{"{a1 /p true 1 the worker is missing}"},
			map[string]string{"actor:a1": `{"actorId":"a1","version":"2","status":"STATUS_PAUSED"}`}},
		{"worker free", map[string]string{"actor:a1": actor("a1", onPod0), "worker:ns:pool:pod-0": pod("pod-0", "")},
			[]string{"{a1 ns:pool:pod-0 true 1 the worker is free}"},
			map[string]string{"actor:a1": `{"actorId":"a1","version":"2","status":"STATUS_SUSPENDED"}`, "worker:ns:pool:pod-0": pod("pod-0", "")}},
		{"worker runs another", map[string]string{"actor:a1": actor("a1", onPod0), "actor:a2": actor("a2", onPod0+`,"workerPoolName":"pool"`), "worker:ns:pool:pod-0": pod("pod-0", `,"actorId":"a2"`)},
			[]string{"{a1 ns:pool:pod-0 true 1 the worker runs actor a2}"},
			map[string]string{"actor:a1": `{"actorId":"a1","version":"2","status":"STATUS_SUSPENDED"}`}},
		{"actor missing", map[string]string{"worker:ns:pool:pod-0": pod("pod-0", `,"actorNamespace":"tns","actorTemplate":"t","actorId":"a1","actorAtespace":"s","zone":"z"`)},
			[]string{"{s:a1 ns:pool:pod-0 false 5 the actor is missing}"},
			map[string]string{"worker:ns:pool:pod-0": `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","version":"6","zone":"z"}`}},
		{"actor on none", map[string]string{"actor:a1": actor("a1", ""), "worker:ns:pool:pod-0": pod("pod-0", `,"actorId":"a1"`)},
			[]string{"{a1 ns:pool:pod-0 false 5 the actor is on no worker}"},
			map[string]string{"actor:a1": actor("a1", ""), "worker:ns:pool:pod-0": `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","version":"6"}`}},
		{"actor on another", map[string]string{"actor:a1": actor("a1", onPod0), "worker:ns:pool:pod-0": pod("pod-0", `,"actorId":"a1"`), "worker:ns:pool:pod-1": pod("pod-1", `,"actorId":"a1"`)},
			[]string{"{a1 ns:pool:pod-1 false 5 the actor is on worker ns/pod-0}"}, nil},
		{"actor of another space", map[string]string{"actor:a1": actor("a1", onPod0+`,"atespace":"s"`), "worker:ns:pool:pod-0": pod("pod-0", `,"actorId":"a1","actorAtespace":"r"`)},
			[]string{"{a1 ns:pool:pod-0 false 5 the actor is of another atespace}", "{a1 ns:pool:pod-0 true 1 the worker runs actor r:a1}"}, nil},
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				must(t, s.DebugClearAll(ctx))
				for key, doc := range tc.docs {
					put(t, c, key, doc)
				}
				halves, err := s.Halves(ctx)
				must(t, err)
				var got []string
				for _, h := range halves {
					got = append(got, fmt.Sprint(h))
				}
				slices.Sort(got)
				if !slices.Equal(got, tc.want) {
					t.Fatalf("halves %q, want %q", got, tc.want)
				}
				for _, h := range halves {
					old := h
					old.Version--
					if err := s.Mend(ctx, old); !errors.Is(err, actorstore.ErrPersistenceRetry) {
						t.Errorf("mended an older version: %v", err)
					}
					must(t, s.Mend(ctx, h))
					if err := s.Mend(ctx, h); !errors.Is(err, actorstore.ErrFailedPrecondition) {
						t.Errorf("mended twice: %v", err)
					}
				}
				for key, want := range tc.then {
					if doc := stored(t, c, key); doc != want {
						t.Errorf("%s became %s", key, doc)
					}
				}
				if halves, err := s.Halves(ctx); len(halves) != 0 || err != nil {
					t.Errorf("after mending: %v, %v", halves, err)
				}
			})
		}
	})
}

func TestNothingIsMendedOnTheWordOfABadRecord(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "actor:a1", actorDoc[:len(actorDoc)-1])
		put(t, c, "worker:ns:pool:pod-0", workerDoc)
		put(t, c, "actor:a2", `{"actorId":"a2","ateomPodNamespace":"ns","workerPoolName":"pool","ateomPodName":"pod-1"}`)
		put(t, c, "worker:ns:pool:pod-1", "text")
		halves, err := s.Halves(ctx)
		if len(halves) != 0 || !errors.Is(err, actorstore.ErrBadRecord) {
			t.Errorf("%v, %v", halves, err)
		}
		var bad actorstore.BadRecords
		if !errors.As(err, &bad) || len(bad) != 2 {
			t.Errorf("%v", err)
		}
	})
}
