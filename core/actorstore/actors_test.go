package actorstore_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

func TestAnActorLivesThroughCreateGetUpdateDelete(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		a := suspended("a1")
		a.Version = 41
		asked := *a
		must(t, s.CreateActor(ctx, a))
		if !reflect.DeepEqual(*a, asked) {
			t.Errorf("create changed the caller's value to %+v", a)
		}
		if got := stored(t, c, "actor:a1"); got != `{"actorId":"a1","version":"1","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_SUSPENDED"}` {
			t.Errorf("stored %s", got)
		}
		unchanged(t, c, "actor:a1", actorstore.ErrAlreadyExists, func() error { return s.CreateActor(ctx, a) })

		got, err := s.GetActor(ctx, "a1")
		must(t, err)
		if got.Version != 1 || got.Status != actorstore.StatusSuspended || got.ActorTemplateName != "tmpl" {
			t.Errorf("got %+v", got)
		}
		got.Status = actorstore.StatusRunning
		must(t, s.UpdateActor(ctx, got, 1))
		must(t, s.UpdateActor(ctx, got, got.Version))
		if got.Version != 3 {
			t.Errorf("version %d in the caller's value after two updates, want 3", got.Version)
		}
		unchanged(t, c, "actor:a1", actorstore.ErrFailedPrecondition, func() error { return s.DeleteActor(ctx, "a1") })
		got.Status = actorstore.StatusSuspended
		must(t, s.UpdateActor(ctx, got, 3))
		must(t, s.DeleteActor(ctx, "a1"))
		if _, err := s.GetActor(ctx, "a1"); !errors.Is(err, actorstore.ErrNotFound) {
			t.Errorf("get after delete: %v", err)
		}
		if err := s.DeleteActor(ctx, "a1"); !errors.Is(err, actorstore.ErrNotFound) {
			t.Errorf("delete after delete: %v", err)
		}
	})
}

func TestUpdateActorRefusesInOrderAndWritesNothing(t *testing.T) {
	template := func(a *actorstore.Actor) { a.ActorTemplateName = "other" }
	cases := []struct {
		name     string
		stored   string
		change   func(*actorstore.Actor)
		expected int64
		want     error
	}{
		{"missing before all else", "", template, 9, actorstore.ErrNotFound},
		{"version before immutable", actorDoc, template, 9, actorstore.ErrPersistenceRetry},
		{"negative version", actorDoc, nil, -1, actorstore.ErrPersistenceRetry},
		{"template name", actorDoc, template, 7, actorstore.ErrFailedPrecondition},
		{"template namespace", actorDoc, func(a *actorstore.Actor) { a.ActorTemplateNamespace = "" }, 7, actorstore.ErrFailedPrecondition},
		{"another actor's document", `{"actorId":"a2","version":"7"}`, func(a *actorstore.Actor) { a.ActorTemplateNamespace, a.ActorTemplateName = "", "" }, 7, actorstore.ErrFailedPrecondition},
		{"immutable of another type", `{"actorId":"a1","version":"7","actorTemplateNamespace":5}`, nil, 7, actorstore.ErrFailedPrecondition},
		{"version a fraction", `{"actorId":"a1","version":7.5}`, nil, 8, actorstore.ErrPersistenceRetry},
		{"no version left", actorDoc, nil, math.MaxInt64, actorstore.ErrInvalid},
		{"not JSON", `{"actorId":"a1","version":"7"`, nil, 7, actorstore.ErrBadRecord},
		{"not an object", `["a1"]`, nil, 0, actorstore.ErrBadRecord},
		{"not UTF-8", actorDoc, func(a *actorstore.Actor) { a.AteomPodName = "\xff" }, 7, actorstore.ErrInvalid},
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for _, tc := range cases {
			for _, read := range []bool{false, true} { // built from scratch, or read while it was good
				c.Del(ctx, "actor:a1")
				put(t, c, "actor:a1", actorDoc)
				a, err := s.GetActor(ctx, "a1")
				must(t, err)
				if !read {
					a = &actorstore.Actor{ActorId: "a1", ActorTemplateNamespace: "tns", ActorTemplateName: "tmpl"}
				}
				put(t, c, "actor:a1", tc.stored)
				if tc.stored == "" {
					c.Del(ctx, "actor:a1")
				}
				if tc.change != nil {
					tc.change(a)
				}
				was := *a
				t.Run(tc.name, func(t *testing.T) {
					unchanged(t, c, "actor:a1", tc.want, func() error { return s.UpdateActor(ctx, a, tc.expected) })
					if !reflect.DeepEqual(*a, was) {
						t.Errorf("the failed update changed the caller's value")
					}
				})
			}
		}
	})
}

func TestAnEmptyStringIsNoDocument(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "actor:a1", "")
		unchanged(t, c, "actor:a1", actorstore.ErrBadRecord, func() error { return s.UpdateActor(ctx, suspended("a1"), 0) })
		unchanged(t, c, "actor:a1", actorstore.ErrBadRecord, func() error { return s.DeleteActor(ctx, "a1") })
		unchanged(t, c, "actor:a1", actorstore.ErrBadRecord, func() error { _, err := s.GetActor(ctx, "a1"); return err })
	})
}

func TestVersionsAreComparedExactly(t *testing.T) {
	const beyond = 1<<53 + 1 // what no double holds
	cases := []struct {
		name, version string
		expected      int64
		want          error
	}{
		{"omitted is 0", ``, 0, nil},
		{"null is 0", `"version":null,`, 0, nil},
		{"bare number", `"version":7,`, 7, nil},
		{"other bare number", `"version":7,`, 8, actorstore.ErrPersistenceRetry},
		{"large text", `"version":"9007199254740993",`, beyond, nil},
		{"large text's neighbour", `"version":"9007199254740992",`, beyond, actorstore.ErrPersistenceRetry},
		{"large bare number", `"x":[{"version":1},"\"}"], "version" : 9007199254740993 ,`, beyond, nil},
		{"large bare number's neighbour", `"version":9007199254740992,`, beyond, actorstore.ErrPersistenceRetry},
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				put(t, c, "actor:a1", `{`+tc.version+`"actorId":"a1"}`)
				a := &actorstore.Actor{ActorId: "a1"}
				if err := s.UpdateActor(ctx, a, tc.expected); !errors.Is(err, tc.want) {
					t.Fatalf("error %v, want %v", err, tc.want)
				}
				if got, err := s.GetActor(ctx, "a1"); tc.want == nil && (err != nil || got.Version != tc.expected+1) {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
	})
}

func TestDeleteActorReadsTheStatusHoweverItIsSpelled(t *testing.T) {
	cases := []struct {
		doc  string
		want error
	}{
		{`{"actorId":"a1","status":"STATUS_SUSPENDED"}`, nil},
		{`{"actorId":"a1","status":4}`, nil},
		{`{"actorId":"a1","status":"STATUS_PAUSED"}`, actorstore.ErrFailedPrecondition},
		{`{"actorId":"a1","status":99}`, actorstore.ErrFailedPrecondition},
		{`{"actorId":"a1","status":null}`, actorstore.ErrFailedPrecondition},
		{`{"actorId":"a1"}`, actorstore.ErrFailedPrecondition},
		{`{"x":{"status":"STATUS_SUSPENDED"}}`, actorstore.ErrFailedPrecondition},
		{`{"status":"STATUS_SUSPENDED"`, actorstore.ErrBadRecord},
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := actorstore.NewPersistence(c)
		for _, tc := range cases {
			put(t, c, "actor:a1", tc.doc)
			if tc.want == nil {
				must(t, s.DeleteActor(context.Background(), "a1"))
				continue
			}
			unchanged(t, c, "actor:a1", tc.want, func() error { return s.DeleteActor(context.Background(), "a1") })
		}
	})
}

func TestBothActorLayoutsAreReadAndWrittenBackWhereTheyLie(t *testing.T) {
	const newer = `{"actorId":"a1","version":"3","status":"STATUS_SUSPENDED","atespace":"space"}`
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "actor:a1", actorDoc)
		put(t, c, "actor:space:a1", newer)
		a, err := s.GetActor(ctx, "space:a1")
		must(t, err)
		if a.ActorId != "a1" || a.Atespace != "space" || a.Version != 3 {
			t.Fatalf("got %+v", a)
		}
		copied := *a
		copied.AteomPodIp = "10.0.0.9"
		must(t, s.UpdateActor(ctx, &copied, 3))
		if got := stored(t, c, "actor:a1"); got != actorDoc {
			t.Errorf("the namesake in the older layout became %s", got)
		}
		if got := stored(t, c, "actor:space:a1"); got != `{"actorId":"a1","version":"4","status":"STATUS_SUSPENDED","ateomPodIp":"10.0.0.9","atespace":"space"}` {
			t.Errorf("stored %s", got)
		}
		all, err := s.ListActors(ctx)
		if err != nil || len(all) != 2 {
			t.Fatalf("listed %d, %v", len(all), err)
		}
		for _, a := range all { // listed values know their layout, too
			if got, err := s.GetActor(ctx, a.Name()); err != nil || got.Version != a.Version {
				t.Errorf("%s: %+v, %v", a.Name(), got, err)
			}
			must(t, s.UpdateActor(ctx, a, a.Version))
		}
		must(t, s.DeleteActor(ctx, copied.Name()))
		if stored(t, c, "actor:space:a1") != "" || stored(t, c, "actor:a1") == "" {
			t.Error("delete of space:a1 hit the wrong key")
		}
		must(t, s.CreateActor(ctx, &copied)) // undo
		if stored(t, c, "actor:space:a1") == "" {
			t.Error("a value read from the newer layout was not created there again")
		}
		fresh := suspended("a3")
		fresh.Atespace = "space"
		must(t, s.CreateActor(ctx, fresh))
		if stored(t, c, "actor:space:a3") == "" || stored(t, c, "actor:a3") != "" {
			t.Error("a new actor of an atespace was not created under actor:<atespace>:<id>")
		}
		moved := copied
		if moved.Atespace = "elsewhere"; !errors.Is(s.UpdateActor(ctx, &moved, moved.Version), actorstore.ErrNotFound) {
			t.Error("the atespace of the newer layout is not part of the key")
		}
		if moved.Atespace = "a:b"; !errors.Is(s.CreateActor(ctx, &moved), actorstore.ErrInvalid) {
			t.Error("an atespace with a colon was stored")
		}
	})
}

func TestTheKeyTellsAnAtespaceThatTheDocumentOmits(t *testing.T) {
	c, _ := redistest.Mini(t)
	ctx, s := context.Background(), actorstore.NewPersistence(c)
	put(t, c, "actor:space:a1", actorDoc)
	a, err := s.GetActor(ctx, "space:a1")
	must(t, err)
	if a.Atespace != "space" {
		t.Errorf("atespace %q", a.Atespace)
	}
	must(t, s.UpdateActor(ctx, a, 7))
}

func TestADocumentOfAnotherKeyIsABadRecord(t *testing.T) {
	c, _ := redistest.Mini(t)
	ctx, s := context.Background(), actorstore.NewPersistence(c)
	put(t, c, "actor:a2", actorDoc)
	put(t, c, "actor:space:a1", `{"actorId":"a1","atespace":"other"}`)
	put(t, c, "worker:ns:pool:pod-1", workerDoc)
	for _, id := range []string{"a2", "space:a1"} {
		if _, err := s.GetActor(ctx, id); !errors.Is(err, actorstore.ErrBadRecord) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := s.GetWorker(ctx, "ns", "pool", "pod-1"); !errors.Is(err, actorstore.ErrBadRecord) {
		t.Errorf("worker: %v", err)
	}
}

func TestNamesThatCouldBeReadAsOthersAreRefused(t *testing.T) {
	c, _ := redistest.Mini(t)
	trips := &redistest.Trips{}
	c.AddHook(trips)
	ctx, s := context.Background(), actorstore.NewPersistence(c)
	for _, id := range []string{"", ":", "a:", ":a", "a:b:c", "a\x00b", "a\nb", "\x7f", "\xff"} {
		_, get := s.GetActor(ctx, id)
		for what, err := range map[string]error{"get": get, "delete": s.DeleteActor(ctx, id), "create": s.CreateActor(ctx, suspended(id)), "update": s.UpdateActor(ctx, suspended(id), 1)} {
			if !errors.Is(err, actorstore.ErrInvalid) {
				t.Errorf("%s actor %q: %v", what, id, err)
			}
		}
	}
	if err := s.CreateActor(ctx, suspended("space:a1")); !errors.Is(err, actorstore.ErrInvalid) {
		t.Errorf("an id with a colon would be another actor's key: %v", err)
	}
	for _, part := range []string{"", "a:b", "a\x1fb"} {
		for i := range 3 {
			parts := [3]string{"ns", "pool", "pod"}
			parts[i] = part
			w := &actorstore.Worker{WorkerNamespace: parts[0], WorkerPool: parts[1], WorkerPod: parts[2]}
			_, get := s.GetWorker(ctx, parts[0], parts[1], parts[2])
			for what, err := range map[string]error{"get": get, "delete": s.DeleteWorker(ctx, parts[0], parts[1], parts[2]), "create": s.CreateWorker(ctx, w), "update": s.UpdateWorker(ctx, w, 1)} {
				if !errors.Is(err, actorstore.ErrInvalid) {
					t.Errorf("%s worker %q: %v", what, parts, err)
				}
			}
		}
	}
	if n := trips.N.Load(); n != 0 {
		t.Errorf("%d commands were sent for names that are refused", n)
	}
}

func TestErrorsSayOperationAndKeyAndWhetherItIsAPrecondition(t *testing.T) {
	c, _ := redistest.Mini(t)
	_, err := actorstore.NewPersistence(c).GetActor(context.Background(), "a1")
	if err == nil || err.Error() != `actorstore: get actor "actor:a1": not found` {
		t.Errorf("%v", err)
	}
	for err, want := range map[error]bool{
		actorstore.ErrNotFound: false, actorstore.ErrInvalid: false, actorstore.ErrBadRecord: false,
		actorstore.ErrAlreadyExists: true, actorstore.ErrPersistenceRetry: true, actorstore.ErrFailedPrecondition: true,
	} {
		if errors.Is(err, conn.ErrPrecondition) != want {
			t.Errorf("%v: a precondition is %v", err, want)
		}
	}
}

func TestACancelledContextReturnsItsError(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s := actorstore.NewPersistence(c)
		_, get := s.GetActor(ctx, "a1")
		_, list := s.ListActors(ctx)
		_, workers := s.ListWorkers(ctx)
		_, acquire := s.AcquireLock(ctx, "lock:a", "t", 1e9)
		_, halves := s.Halves(ctx)
		_, rows := actorstore.NewLockRows(c, "lock:").Read(ctx, []string{"lock:a"})
		for i, err := range []error{get, list, workers, acquire, halves, rows, s.CreateActor(ctx, suspended("a1")),
			s.UpdateActor(ctx, suspended("a1"), 1), s.DeleteActor(ctx, "a1"), s.ReleaseLock(ctx, "lock:a", "t"), s.DebugClearAll(ctx)} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("call %d: %v", i, err)
			}
		}
	})
}

func TestDebugClearAllFlushesEveryMaster(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		for _, k := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			put(t, c, k, "v")
		}
		must(t, actorstore.NewPersistence(c).DebugClearAll(ctx))
		left := 0
		must(t, conn.Scan(ctx, c, "", 100, func(keys []string) error { left += len(keys); return nil }))
		if left != 0 {
			t.Errorf("%d keys left", left)
		}
	})
}

func TestOtherPrefixes(t *testing.T) {
	c, _ := redistest.Mini(t)
	p := kind.Prefixes{"actor": "x*[a]:", "worker": "x?:"}
	ctx, s := context.Background(), actorstore.NewPersistenceWith(c, p)
	put(t, c, "xyz[a]:a1", actorDoc)
	must(t, s.CreateActor(ctx, suspended("a1")))
	must(t, s.CreateWorker(ctx, worker("pod-0")))
	if stored(t, c, "x*[a]:a1") == "" || stored(t, c, "x?:ns:pool:pod-0") == "" {
		t.Error("not stored under the given prefixes")
	}
	if all, err := s.ListActors(ctx); err != nil || len(all) != 1 {
		t.Errorf("listed %d, %v", len(all), err)
	}
}
