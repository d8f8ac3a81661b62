package actorstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

// calls are all calls that ask the server.
var calls = map[string]func(ctx context.Context, s *actorstore.Persistence, c redis.UniversalClient) error{
	"CreateActor": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.CreateActor(ctx, suspended("new"))
	},
	"CreateActor in an atespace": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.CreateActor(ctx, &actorstore.Actor{ActorId: "new", Atespace: "sp"})
	},
	"GetActor": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		_, err := s.GetActor(ctx, "a1")
		return err
	},
	"UpdateActor": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.UpdateActor(ctx, suspended("a1"), 7)
	},
	"DeleteActor": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.DeleteActor(ctx, "a1")
	},
	"ListActors": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		_, err := s.ListActors(ctx)
		return err
	},
	"CreateWorker": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.CreateWorker(ctx, worker("new"))
	},
	"GetWorker": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		_, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
		return err
	},
	"UpdateWorker": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.UpdateWorker(ctx, worker("pod-0"), 2)
	},
	"DeleteWorker": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.DeleteWorker(ctx, "ns", "pool", "pod-0")
	},
	"ListWorkers": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		_, err := s.ListWorkers(ctx)
		return err
	},
	"AcquireLock": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		_, err := s.AcquireLock(ctx, "lock:a", "t", time.Minute)
		return err
	},
	"ReleaseLock": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.ReleaseLock(ctx, "lock:a", "t")
	},
	"ReleaseLockFenced": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.ReleaseLockFenced(ctx, "lock:a", "t", 7)
	},
	"Assign": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.Assign(ctx, suspended("a1"), worker("pod-0"))
	},
	"Halves": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		_, err := s.Halves(ctx)
		return err
	},
	"Mend": func(ctx context.Context, s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.Mend(ctx, actorstore.Half{Actor: "a1", Worker: "ns:pool:pod-0", OfActor: true})
	},
	"rows of actors": func(ctx context.Context, _ *actorstore.Persistence, c redis.UniversalClient) error {
		_, err := actorstore.NewActorRows(c, "actor:").Read(ctx, []string{"a1"})
		return err
	},
	"rows of locks": func(ctx context.Context, _ *actorstore.Persistence, c redis.UniversalClient) error {
		_, err := actorstore.NewLockRows(c, "lock:").Read(ctx, []string{"lock:a"})
		return err
	},
	"Inspect": func(ctx context.Context, _ *actorstore.Persistence, c redis.UniversalClient) error {
		_, _, err := actorstore.NewActorRows(c, "actor:").Inspect(ctx, "a1")
		return err
	},
	"Load": func(ctx context.Context, _ *actorstore.Persistence, c redis.UniversalClient) error {
		_, _, err := actorstore.NewWorkerRows(c, "worker:").Load(ctx, "ns:pool:pod-0")
		return err
	},
	"Keep": func(ctx context.Context, _ *actorstore.Persistence, c redis.UniversalClient) error {
		_, _, _, err := actorstore.NewActorRows(c, "actor:").Keep(ctx, "a1")
		return err
	},
}

// While the server is stopped every call ends with its context: not by the client's timeout, which is an hour here.
func TestEveryCallEndsWithItsContext(t *testing.T) {
	server := redistest.Start(t)
	c := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1, ReadTimeout: time.Hour, WriteTimeout: time.Hour, PoolSize: 100})
	defer c.Close()
	must(t, c.Ping(context.Background()).Err())
	server.Pause()
	defer server.Resume()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- call(ctx, actorstore.NewPersistence(c), c) }()
			select {
			case err := <-done:
				t.Errorf("returned %v while its context went on", err)
			case <-time.After(10 * time.Millisecond):
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("returned %v", err)
			}
		})
	}
}

func TestANilContextIsAnError(t *testing.T) {
	c, _ := redistest.Mini(t)
	var none context.Context
	for name, call := range calls {
		if err := call(none, actorstore.NewPersistence(c), c); err == nil {
			t.Errorf("%s took no context for one", name)
		}
	}
}
