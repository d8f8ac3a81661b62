package actorstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

// A newer writer's members: what a codec that mangles would mangle.
const news = `"labels":{"b":[],"a":{}},"big":12345678901234567890,"f":1.50,"s":"\u00e9}\"\\{"`

func TestUnknownMembersSurviveAnUpdateWhoeverMakesIt(t *testing.T) {
	const before = `{"labels":{"b":[],"a":{}} , "actorId":"a1","version":"7","big":12345678901234567890,"f":1.50,"s":"\u00e9}\"\\{","status":"STATUS_RUNNING"}`
	const after = `{"actorId":"a1","version":"8","status":"STATUS_SUSPENDED",` + news + `}`
	makers := map[string]func(*actorstore.Persistence) (*actorstore.Actor, error){
		"read": func(s *actorstore.Persistence) (*actorstore.Actor, error) {
			return s.GetActor(context.Background(), "a1")
		},
		"listed": func(s *actorstore.Persistence) (*actorstore.Actor, error) {
			all, err := s.ListActors(context.Background())
			return all[0], err
		},
		"built": func(*actorstore.Persistence) (*actorstore.Actor, error) { return &actorstore.Actor{ActorId: "a1"}, nil },
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for name, maker := range makers {
			t.Run(name, func(t *testing.T) {
				put(t, c, "actor:a1", before)
				a, err := maker(s)
				must(t, err)
				a.Status = actorstore.StatusSuspended
				must(t, s.UpdateActor(ctx, a, 7))
				if got := stored(t, c, "actor:a1"); got != after {
					t.Errorf("stored %s\nwant   %s", got, after)
				}
				must(t, s.UpdateActor(ctx, a, 8)) // and again from the value that was written
				must(t, s.UpdateActor(ctx, a, 9))
				if got, want := stored(t, c, "actor:a1"), `{"actorId":"a1","version":"10"`+after[len(`{"actorId":"a1","version":"8"`):]; got != want {
					t.Errorf("stored %s\nwant   %s", got, want)
				}
			})
		}
	})
}

func TestTheStoredUnknownMembersWinOverThoseOfAnOlderRead(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "actor:a1", `{"actorId":"a1","version":"1","old":1,"x":"old"}`)
		a, err := s.GetActor(ctx, "a1")
		must(t, err)
		put(t, c, "actor:a1", `{"actorId":"a1","version":"2","x":"new"}`)
		must(t, s.UpdateActor(ctx, a, 2)) // the caller knows of version 2 from elsewhere
		if got := stored(t, c, "actor:a1"); got != `{"actorId":"a1","version":"3","x":"new"}` {
			t.Errorf("stored %s", got)
		}
		must(t, s.UpdateActor(ctx, a, 3))
		if got := stored(t, c, "actor:a1"); got != `{"actorId":"a1","version":"4","x":"new"}` {
			t.Errorf("stored %s", got)
		}
	})
}

func TestUnknownMembersOfAWorkerSurvive(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "worker:ns:pool:pod-0", `{"status":"READY",`+workerDoc[1:])
		w := worker("pod-0")
		must(t, s.UpdateWorker(ctx, w, 2))
		if got := stored(t, c, "worker:ns:pool:pod-0"); got != `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","ip":"10.0.0.7","version":"3","status":"READY"}` {
			t.Errorf("stored %s", got)
		}
		must(t, s.UpdateWorker(ctx, w, 3))
	})
}

func TestUnknownEnumsSurvive(t *testing.T) {
	for _, status := range []string{`"STATUS_CRASHED"`, `77`} {
		c, _ := redistest.Mini(t)
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "actor:a1", `{"actorId":"a1","version":"1","status":`+status+`}`)
		a, err := s.GetActor(ctx, "a1")
		must(t, err)
		must(t, s.UpdateActor(ctx, a, 1))
		if got := stored(t, c, "actor:a1"); got != `{"actorId":"a1","version":"2","status":`+status+`}` {
			t.Errorf("stored %s", got)
		}
	}
}

func TestAnUpdateIsOneRoundTripAndKeepsTheTimeToLive(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		must(t, c.Set(ctx, "actor:a1", actorDoc, time.Hour).Err())
		must(t, s.UpdateActor(ctx, &actorstore.Actor{ActorId: "a1", ActorTemplateNamespace: "tns", ActorTemplateName: "tmpl"}, 7))
		if ttl := c.PTTL(ctx, "actor:a1").Val(); ttl <= 0 {
			t.Errorf("time to live %v after the update", ttl)
		}
		trips := &redistest.Trips{}
		c.AddHook(trips)
		must(t, s.UpdateActor(ctx, &actorstore.Actor{ActorId: "a1", ActorTemplateNamespace: "tns", ActorTemplateName: "tmpl"}, 8))
		if n := trips.N.Load(); n != 1 {
			t.Errorf("%d round trips", n)
		}
	})
}
