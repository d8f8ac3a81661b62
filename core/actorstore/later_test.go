package actorstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

// A worker as later versions of the same writer store it.
const (
	laterWorker = `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0"`
	laterRest   = `,"ip":"10.0.0.7","version":"2","sandboxClass":"gvisor","labels":{"zone":"a"},"state":"STATE_ACTIVE"}`
	laterTaken  = laterWorker + `,"assignment":{"actorTemplate":{"namespace":"tns","name":"tmpl"},"actor":{"atespace":"sp","name":"a1"}}` + laterRest
	laterFree   = laterWorker + laterRest
	laterActor  = `{"actorId":"a1","version":"7","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RUNNING","ateomPodNamespace":"ns","ateomPodName":"pod-0","ateomPodIp":"10.0.0.7","workerPoolName":"pool","atespace":"sp"}`
)

func TestALaterWorkersAssignmentIsReadEverywhere(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "worker:ns:pool:pod-0", laterTaken)
		put(t, c, "actor:sp:a1", laterActor)
		w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
		must(t, err)
		all, err := s.ListWorkers(ctx)
		must(t, err)
		for _, w := range append(all, w) {
			if w.ActorId != "a1" || w.ActorAtespace != "sp" || w.ActorNamespace != "tns" || w.ActorTemplate != "tmpl" || w.State() != "ACTIVE" {
				t.Errorf("read %+v", w)
			}
		}
		rows, err := actorstore.NewWorkerRows(c, "worker:").Read(ctx, []string{"ns:pool:pod-0"})
		must(t, err)
		if r := rows[0]; workers.Actor.Of(r) != "a1" || workers.ActorSpace.Of(r) != "sp" || workers.State.Of(r) != "ACTIVE" || workers.Unread.Of(r) != "" || r.Problem() != nil {
			t.Errorf("shown %v", cells(r))
		}
		if halves, err := s.Halves(ctx); len(halves) != 0 || err != nil {
			t.Errorf("a whole assignment has halves %v, %v", halves, err)
		}
		must(t, s.CreateActor(ctx, suspended("a2")))
		other, err := s.GetActor(ctx, "a2")
		must(t, err)
		unchanged(t, c, "worker:ns:pool:pod-0", actorstore.ErrFailedPrecondition, func() error { return s.Assign(ctx, other, w) })
		unchanged(t, c, "actor:sp:a1", actorstore.ErrFailedPrecondition, func() error {
			return s.Mend(ctx, actorstore.Half{Actor: "sp:a1", Worker: "ns:pool:pod-0", OfActor: true, Version: 7})
		})
		w.NodeName = "n1" // an update of something else keeps the object
		must(t, s.UpdateWorker(ctx, w, 2))
		if got, want := stored(t, c, "worker:ns:pool:pod-0"), strings.Replace(laterTaken, `"version":"2"`, `"version":"3","nodeName":"n1"`, 1); got != want {
			t.Errorf("stored %s\nwant   %s", got, want)
		}
		a, err := s.GetActor(ctx, "sp:a1")
		must(t, err)
		a.Status = actorstore.StatusSuspended
		must(t, s.Release(ctx, a, w))
		if got := stored(t, c, "worker:ns:pool:pod-0"); strings.Contains(got, "assignment") || strings.Contains(got, "actor") || !strings.Contains(got, `"labels":{"zone":"a"},"state":"STATE_ACTIVE"`) {
			t.Errorf("freed: %s", got)
		}
		must(t, s.Assign(ctx, a, w))
		if got := stored(t, c, "worker:ns:pool:pod-0"); !strings.Contains(got, `"assignment":{"actorTemplate":{"namespace":"tns","name":"tmpl"},"actor":{"atespace":"sp","name":"a1"}}`) || strings.Contains(got, "actorId") {
			t.Errorf("assigned: %s", got)
		}
		must(t, c.Del(ctx, "actor:sp:a1").Err())
		halves, err := s.Halves(ctx)
		if err != nil || len(halves) != 1 || halves[0].OfActor || halves[0].Actor != "sp:a1" {
			t.Fatalf("halves %v, %v", halves, err)
		}
		must(t, s.Mend(ctx, halves[0]))
		if got := stored(t, c, "worker:ns:pool:pod-0"); strings.Contains(got, "assignment") {
			t.Errorf("mended: %s", got)
		}
	})
}

func TestOnlyAnActiveWorkerIsAssignedTo(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for state, ok := range map[string]bool{`"STATE_ACTIVE"`: true, `"ACTIVE"`: true, `1`: true, `null`: true, `0`: true,
			`"STATE_DRAINING"`: false, `"DRAINING"`: false, `2`: false, `"STATE_NEW"`: false, `7`: false} {
			put(t, c, "worker:ns:pool:pod-0", strings.Replace(laterFree, `"STATE_ACTIVE"`, state, 1))
			put(t, c, "actor:a1", `{"actorId":"a1","version":"1","status":"STATUS_SUSPENDED"}`)
			w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
			must(t, err)
			a, err := s.GetActor(ctx, "a1")
			must(t, err)
			if ok {
				must(t, s.Assign(ctx, a, w))
				continue
			}
			unchanged(t, c, "worker:ns:pool:pod-0", actorstore.ErrFailedPrecondition, func() error { return s.Assign(ctx, a, w) })
		}
	})
}

func TestAWorkerBuiltFromScratchDoesNotSpoilALaterDocument(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		busy := worker("pod-0")
		busy.ActorId = "a2"
		for doc, w := range map[string]*actorstore.Worker{laterTaken: worker("pod-0"), laterFree: busy} {
			put(t, c, "worker:ns:pool:pod-0", doc)
			unchanged(t, c, "worker:ns:pool:pod-0", actorstore.ErrUnreadMember, func() error { return s.UpdateWorker(ctx, w, 2) })
		}
		put(t, c, "worker:ns:pool:pod-0", laterFree)
		must(t, s.UpdateWorker(ctx, worker("pod-0"), 2))
		if got := stored(t, c, "worker:ns:pool:pod-0"); !strings.HasSuffix(got, `,"sandboxClass":"gvisor","labels":{"zone":"a"},"state":"STATE_ACTIVE"}`) {
			t.Errorf("stored %s", got)
		}
	})
}

// carriers are members that this package does not know and that could carry an assignment or a state.
var carriers = []string{`"phase":"RUNNING"`, `"running":{"on":"w1"}`, `"placement":{"node":{"name":"x"}}`, `"bindings":[{"id":"w1"}]`,
	`"assignments":["a2"]`, `"isBusy":true`, `"Draining":1`, `"x":{"STATE":3}`, `"currentActor":"a2"`, `"slots":[1,{"podRef":"x"}]`, `"x":{"y":[{"Id":"x"}]}`}

// passed are members that carry neither.
var passed = []string{`"zone":"z"`, `"x":{"n":12345678901234567890,"e":[],"o":{}}`, `"tags":["a","b"]`, `"labels":{"phase":"x"}`,
	`"annotations":{"a":"b"}`, `"phase":null`, `"n":[[{"id":"w"}]]`, `"f":[false,"x"]`, `"x":{"state":null,"valid":"yes"}`, `"later":{"n":1,"e":"<\u00e9\/>","empty":[]}`}

func TestNothingActsOnAMemberThatCouldCarryAnAssignmentOrAState(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for i, member := range append(carriers, passed...) {
			carries := i < len(carriers)
			actorDoc := func(status, more string) string {
				return `{"actorId":"a1","version":"1","status":"` + status + `"` + more + `}`
			}
			workerDoc := `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","version":"5"`
			name := member[1:strings.Index(member, `":`)]
			check := func(what, key string, call func() error) {
				t.Helper()
				if carries {
					unchanged(t, c, key, actorstore.ErrUnreadMember, call)
					if err := call(); err == nil || !strings.Contains(err.Error(), name) {
						t.Errorf("%s beside %s: %v does not name it", what, member, err)
					}
				} else if err := call(); err != nil {
					t.Errorf("%s beside %s: %v", what, member, err)
				}
			}
			fill := func(status, ofActor, ofWorker string) (*actorstore.Actor, *actorstore.Worker) {
				t.Helper()
				put(t, c, "actor:a1", actorDoc(status, ofActor))
				put(t, c, "worker:ns:pool:pod-0", workerDoc+ofWorker+`}`)
				a, err := s.GetActor(ctx, "a1")
				must(t, err)
				w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
				must(t, err)
				return a, w
			}
			const on = `,"ateomPodNamespace":"ns","ateomPodName":"pod-0"`

			a, w := fill("STATUS_SUSPENDED", ","+member, "")
			check("assign of an actor", "worker:ns:pool:pod-0", func() error { return s.Assign(ctx, a, w) })
			a, w = fill("STATUS_SUSPENDED", "", ","+member)
			check("assign to a worker", "worker:ns:pool:pod-0", func() error { return s.Assign(ctx, a, w) })
			a, w = fill("STATUS_RUNNING", on+","+member, `,"actorId":"a1"`)
			check("release", "actor:a1", func() error { return s.Release(ctx, a, w) })
			fill("STATUS_SUSPENDED", ","+member, "")
			check("delete", "actor:a1", func() error { return s.DeleteActor(ctx, "a1") })
			fill("STATUS_SUSPENDED", ","+member, "")
			check("removal", "actor:a1", func() error { return actorstore.NewActorRows(c, "actor:").Remove(ctx, "a1", 1) })
			fill("STATUS_RUNNING", ","+member, "")
			check("edit of the status", "actor:a1", func() error {
				_, err := actorstore.NewActorRows(c, "actor:").Replace(ctx, "a1", 1, []byte(actorDoc("STATUS_SUSPENDED", ","+member)))
				return err
			})
			fill("STATUS_RUNNING", "", ","+member)
			check("edit of the assignment", "worker:ns:pool:pod-0", func() error {
				_, err := actorstore.NewWorkerRows(c, "worker:").Replace(ctx, "ns:pool:pod-0", 5, []byte(workerDoc+`,"actorId":"a2",`+member+`}`))
				return err
			})
			fill("STATUS_RUNNING", ","+member, "")
			if _, err := actorstore.NewActorRows(c, "actor:").Replace(ctx, "a1", 1, []byte(actorDoc("STATUS_RUNNING", `,"lastSnapshot":"s",`+member))); err != nil {
				t.Errorf("an edit of something else beside %s: %v", member, err)
			}

			fill("STATUS_RUNNING", on, ","+member)
			halves, err := s.Halves(ctx)
			if carries != errors.Is(err, actorstore.ErrUnreadMember) || carries != (len(halves) == 0) {
				t.Errorf("halves beside %s: %v, %v", member, halves, err)
			}
			half := actorstore.Half{Actor: "a1", Worker: "ns:pool:pod-0", OfActor: true, Version: 1}
			if carries {
				unchanged(t, c, "actor:a1", actorstore.ErrFailedPrecondition, func() error { return s.Mend(ctx, half) })
			} else {
				must(t, s.Mend(ctx, half))
			}
			fill("STATUS_RUNNING", on+","+member, "")
			if carries {
				unchanged(t, c, "actor:a1", actorstore.ErrFailedPrecondition, func() error { return s.Mend(ctx, half) })
			} else {
				must(t, s.Mend(ctx, half))
			}

			fill("STATUS_RUNNING", ","+member, ","+member)
			as, err := actorstore.NewActorRows(c, "actor:").Read(ctx, []string{"a1"})
			must(t, err)
			ws, err := actorstore.NewWorkerRows(c, "worker:").Read(ctx, []string{"ns:pool:pod-0"})
			must(t, err)
			if want := map[bool]string{true: name, false: ""}[carries]; actors.Unread.Of(as[0]) != want || workers.Unread.Of(ws[0]) != want ||
				actorstore.ActorObscure(as[0]) != carries || actorstore.WorkerObscure(ws[0]) != carries {
				t.Errorf("rows beside %s show %q and %q", member, actors.Unread.Of(as[0]), workers.Unread.Of(ws[0]))
			}
		}
	})
}

func TestAssignWritesOnlyWhatAStrictReaderOfTheSeedKnows(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "actor:a1", `{"actorId":"a1","version":"1","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RESUMING"}`)
		put(t, c, "worker:ns:pool:pod-0", `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","ip":"10.0.0.7","version":"1"}`)
		a, err := s.GetActor(ctx, "a1")
		must(t, err)
		w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
		must(t, err)
		must(t, s.Assign(ctx, a, w))
		if got := stored(t, c, "actor:a1"); got != strings.NewReplacer(`"7"`, `"2"`, "RUNNING", "RESUMING").Replace(actorDoc) {
			t.Errorf("stored %s", got)
		}
		if got := stored(t, c, "worker:ns:pool:pod-0"); got != workerDoc {
			t.Errorf("stored %s", got)
		}
	})
}

func TestAnActorOfAnAtespaceIsFoundUnderEitherKey(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		for _, key := range []string{"actor:sp:a1", "actor:a1"} {
			a := suspended("a1")
			a.Atespace = "sp"
			if key == "actor:a1" { // as older versions stored it
				put(t, c, key, `{"actorId":"a1","version":"1","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_SUSPENDED","atespace":"sp"}`)
			} else {
				must(t, s.CreateActor(ctx, a))
			}
			if stored(t, c, key) == "" {
				t.Fatalf("not stored under %s", key)
			}
			if err := s.CreateActor(ctx, a); !errors.Is(err, actorstore.ErrAlreadyExists) {
				t.Errorf("%s: created twice: %v", key, err)
			}
			got, err := s.GetActor(ctx, "sp:a1")
			if err != nil || got.ActorId != "a1" || got.Atespace != "sp" {
				t.Errorf("%s: got %+v, %v", key, got, err)
			}
			must(t, s.UpdateActor(ctx, got, 1))
			must(t, s.UpdateActor(ctx, a, 2)) // built from scratch
			if other := (&actorstore.Actor{ActorId: "a1", Atespace: "other"}); !errors.Is(s.UpdateActor(ctx, other, 3), actorstore.ErrNotFound) {
				t.Errorf("%s: updated by another atespace", key)
			}
			if err := s.DeleteActor(ctx, "other:a1"); !errors.Is(err, actorstore.ErrNotFound) {
				t.Errorf("%s: deleted by another atespace: %v", key, err)
			}
			must(t, s.DeleteActor(ctx, "sp:a1"))
			if n := c.Exists(ctx, key).Val(); n != 0 {
				t.Errorf("%s is still there", key)
			}
		}
	})
}

func TestWritesOfWorkersAreTold(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := actorstore.NewPersistence(c)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		sub := c.Subscribe(ctx, "worker-changes")
		defer sub.Close()
		_, err := sub.Receive(ctx)
		must(t, err)
		rows := actorstore.NewWorkerRows(c, "worker:")
		w := worker("pod-\"0é")
		doc := func(version int) string {
			return fmt.Sprintf(`{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-\"0é","ip":"10.0.0.7","version":"%d"}`, version)
		}
		next := func(change int, doc string) {
			t.Helper()
			m, err := sub.ReceiveMessage(ctx)
			must(t, err)
			if got := workerEvent(t, m.Payload); got.T != change || got.W != doc {
				t.Errorf("told %s", m.Payload)
			}
		}
		must(t, s.CreateWorker(ctx, w))
		next(0, doc(1))
		must(t, s.UpdateWorker(ctx, w, 1))
		next(1, doc(2))
		_, err = rows.Replace(ctx, `ns:pool:pod-"0é`, 2, []byte(doc(0)))
		must(t, err)
		next(1, doc(3))
		_, _, back, err := rows.Keep(ctx, `ns:pool:pod-"0é`)
		must(t, err)
		must(t, rows.Remove(ctx, `ns:pool:pod-"0é`, 3))
		next(2, doc(3))
		must(t, back(ctx))
		next(0, doc(3))
		must(t, s.DeleteWorker(ctx, "ns", "pool", `pod-"0é`))
		next(2, doc(3))
	})
}

type event struct {
	T int
	W string
}

func workerEvent(t *testing.T, payload string) (e event) {
	t.Helper()
	must(t, json.Unmarshal([]byte(payload), &e))
	return e
}
