package actorstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

func TestAWorkerLivesThroughCreateGetUpdateDelete(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		w := worker("pod-0")
		w.Version = 41
		must(t, s.CreateWorker(ctx, w))
		if w.Version != 41 {
			t.Errorf("create changed the caller's version to %d", w.Version)
		}
		const key = "worker:ns:pool:pod-0"
		unchanged(t, c, key, actorstore.ErrAlreadyExists, func() error { return s.CreateWorker(ctx, w) })
		got, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
		must(t, err)
		got.ActorNamespace, got.ActorTemplate, got.ActorId = "tns", "tmpl", "a1"
		must(t, s.UpdateWorker(ctx, got, 1))
		if got.Version != 2 || stored(t, c, key) != workerDoc {
			t.Errorf("version %d, stored %s", got.Version, stored(t, c, key))
		}
		must(t, s.UpdateWorker(ctx, got, 2))
		must(t, s.DeleteWorker(ctx, "ns", "pool", "pod-0"))
		if err := s.DeleteWorker(ctx, "ns", "pool", "pod-0"); err != nil {
			t.Errorf("deleting a missing worker: %v", err)
		}
		if _, err := s.GetWorker(ctx, "ns", "pool", "pod-0"); !errors.Is(err, actorstore.ErrNotFound) {
			t.Errorf("get after delete: %v", err)
		}
	})
}

func TestUpdateWorkerRefusesInOrderAndWritesNothing(t *testing.T) {
	ip := func(w *actorstore.Worker) { w.Ip = "10.0.0.8" }
	cases := []struct {
		name     string
		stored   string
		change   func(*actorstore.Worker)
		expected int64
		want     error
	}{
		{"missing", "", ip, 9, actorstore.ErrNotFound},
		{"version before immutable", workerDoc, ip, 9, actorstore.ErrPersistenceRetry},
		{"ip", workerDoc, ip, 2, actorstore.ErrFailedPrecondition},
		{"another worker's document", `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-1","ip":"10.0.0.7","version":"2"}`, nil, 2, actorstore.ErrFailedPrecondition},
		{"not JSON", `pod-0`, nil, 2, actorstore.ErrBadRecord},
		{"not UTF-8", workerDoc, func(w *actorstore.Worker) { w.NodeName = "\xc0" }, 2, actorstore.ErrInvalid},
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				const key = "worker:ns:pool:pod-0"
				put(t, c, key, workerDoc)
				w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
				must(t, err)
				put(t, c, key, tc.stored)
				if tc.stored == "" {
					c.Del(ctx, key)
				}
				if tc.change != nil {
					tc.change(w)
				}
				unchanged(t, c, key, tc.want, func() error { return s.UpdateWorker(ctx, w, tc.expected) })
				if w.Version != 2 {
					t.Errorf("the failed update set version %d in the caller's value", w.Version)
				}
			})
		}
	})
}

func TestAKeyOfAnotherTypeIsABadRecordAndStays(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		const actor, pod = "actor:a1", "worker:ns:pool:pod-0"
		must(t, c.RPush(ctx, actor, "x").Err())
		must(t, c.HSet(ctx, pod, "x", "y").Err())
		rows := actorstore.NewActorRows(c, "actor:")
		for what, call := range map[string]func() error{
			"get":     func() error { _, err := s.GetActor(ctx, "a1"); return err },
			"update":  func() error { return s.UpdateActor(ctx, suspended("a1"), 1) },
			"delete":  func() error { return s.DeleteActor(ctx, "a1") },
			"load":    func() error { _, _, err := rows.Load(ctx, "a1"); return err },
			"inspect": func() error { _, _, err := rows.Inspect(ctx, "a1"); return err },
		} {
			t.Run(what, func(t *testing.T) { unchanged(t, c, actor, actorstore.ErrBadRecord, call) })
		}
		unchanged(t, c, actor, actorstore.ErrAlreadyExists, func() error { return s.CreateActor(ctx, suspended("a1")) })
		unchanged(t, c, pod, actorstore.ErrBadRecord, func() error { return s.UpdateWorker(ctx, worker("pod-0"), 1) })
		unchanged(t, c, pod, actorstore.ErrBadRecord, func() error { return s.DeleteWorker(ctx, "ns", "pool", "pod-0") })
	})
}
