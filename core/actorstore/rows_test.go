package actorstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

func TestActorRowsShowTheColumns(t *testing.T) {
	docs := map[string]string{
		"a1":       actorDoc,
		"a2":       `{"actorId":"a2","version":3,"status":4,"workerPoolName":"pool","ateomPodName":"pod-1","ateomPodNamespace":"ns","atespace":"space","x":{"y":[]}}`,
		"space:a1": `{"actorId":"a1","status":"STATUS_NEW","ateomPodIp":"10.0.0.1"}`,
		"text":     "hello", "a:b:c": actorDoc, "a3": actorDoc,
	}
	want := map[string]string{
		"a1":       `{ a1 7 STATUS_RUNNING tns/tmpl ns/pod-0 10.0.0.7}`,
		"a2":       `{space a2 3 STATUS_SUSPENDED  ns:pool:pod-1 }`,
		"space:a1": `{space a1 0 STATUS_NEW   10.0.0.1}`,
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		rows := actorstore.NewActorRows(c, "actor:")
		ids := []string{"missing", "list"}
		for id, doc := range docs {
			put(t, c, "actor:"+id, doc)
			ids = append(ids, id)
		}
		must(t, c.RPush(ctx, "actor:list", "x").Err())
		got, err := rows.Read(ctx, ids)
		must(t, err)
		if len(got) != len(docs)+1 {
			t.Errorf("%d rows", len(got))
		}
		for _, r := range got {
			shown := fmt.Sprint(struct {
				A, B       string
				C          int64
				D, E, F, G string
			}{actors.Atespace.Of(r), actorstore.ActorID(r), actors.Version.Of(r), actors.Status.Of(r), actors.Template.Of(r), actors.Worker.Of(r), actors.IP.Of(r)})
			good, ok := want[r.ID()]
			if !ok && !errors.Is(r.Problem(), actorstore.ErrBadRecord) || ok && (r.Problem() != nil || shown != good) {
				t.Errorf("%s: %s, problem %v", r.ID(), shown, r.Problem())
			}
			if op, is := errors.AsType[*conn.OpError](r.Problem()); !ok && (!is || op.Key != "actor:"+r.ID() || actorstore.ActorID(r) != r.ID()) {
				t.Errorf("%s: problem %v of actor %s", r.ID(), r.Problem(), actorstore.ActorID(r))
			}
		}
		again, err := rows.Read(ctx, ids[:2])
		must(t, err)
		for _, r := range got {
			if same := kind.Same(r, again[0]); same != (r.ID() == "list") {
				t.Errorf("%s equal to the list: %v", r.ID(), same)
			}
		}
		if none, err := rows.Read(ctx, nil); err != nil || len(none) != 0 {
			t.Errorf("%v, %v", none, err)
		}
	})
}

func TestWorkerRowsShowTheColumns(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		rows := actorstore.NewWorkerRows(c, "worker:")
		put(t, c, "worker:ns:pool:pod-0", `{"actorAtespace":"space","x":1,`+workerDoc[1:])
		put(t, c, "worker:ns:pool:other", workerDoc)
		put(t, c, "worker:ns:pod", workerDoc)
		put(t, c, "worker:ns:pool:text", "{")
		got, err := rows.Read(ctx, []string{"ns:pool:pod-0", "ns:pool:other", "ns:pod", "ns:pool:text", "no:such:pod"})
		must(t, err)
		if len(got) != 4 {
			t.Fatalf("%d rows", len(got))
		}
		for _, r := range got {
			if good := r.ID() == "ns:pool:pod-0"; good != (r.Problem() == nil) {
				t.Errorf("%s: problem %v", r.ID(), r.Problem())
			}
		}
		r := got[0]
		shown := fmt.Sprint(workers.Namespace.Of(r), workers.Pool.Of(r), workers.Pod.Of(r), workers.IP.Of(r), workers.Version.Of(r), workers.Actor.Of(r), workers.ActorSpace.Of(r))
		if shown != "nspoolpod-010.0.0.72a1space" || actorstore.WorkerName(r) != r.ID() {
			t.Errorf("shown %s of %s", shown, actorstore.WorkerName(r))
		}
		again, err := rows.Read(ctx, []string{r.ID()})
		must(t, err)
		if !kind.Same(r, again[0]) || kind.Same(r, got[1]) {
			t.Error("equality of rows")
		}
	})
}

func TestRowsOwnTheirKeys(t *testing.T) {
	c, _ := redistest.Mini(t)
	cases := []struct {
		rows     kind.Source
		patterns string
		key, id  string
		ok       bool
	}{
		{actorstore.NewActorRows(c, "actor:"), "actor:*", "actor:a1", "a1", true},
		{actorstore.NewActorRows(c, "actor:"), "actor:*", "actor:s:a1", "s:a1", true},
		{actorstore.NewActorRows(c, "actor:"), "actor:*", "worker:a1", "", false},
		{actorstore.NewActorRows(c, "x*:"), `x\*:*`, "x*:a1", "a1", true},
		{actorstore.NewWorkerRows(c, "worker:"), "worker:*", "worker:n:p:q", "n:p:q", true},
		{actorstore.NewWorkerRows(c, "worker:"), "worker:*", "actor:n", "", false},
		{actorstore.NewLockRows(c, "lock:"), "lock:* {lock:*:fence", "lock:a", "lock:a", true},
		{actorstore.NewLockRows(c, "lock:"), "lock:* {lock:*:fence", "{lock:a}:fence", "lock:a", true},
		{actorstore.NewLockRows(c, "lock:"), "lock:* {lock:*:fence", "lock:{a}::fence", "lock:{a}", true},
		{actorstore.NewLockRows(c, "lock:"), "lock:* {lock:*:fence", "{other:a}:fence", "other:a", false},
	}
	for _, tc := range cases {
		if got := tc.rows.Patterns(); strings.Join(got, " ") != tc.patterns {
			t.Errorf("patterns %q", got)
		}
		if id, ok := tc.rows.Identify(tc.key); ok != tc.ok || ok && id != tc.id {
			t.Errorf("%s is %q, %v", tc.key, id, ok)
		} else if keys := tc.rows.Keys(id); ok && keys[0] != tc.key && keys[len(keys)-1] != tc.key {
			t.Errorf("the keys of %s are %q", id, keys)
		}
	}
}

func TestLockRowsShowWhoHoldsUntilWhen(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		rows := actorstore.NewLockRows(c, "lock:")
		fence, _, err := s.AcquireLockFenced(ctx, "lock:a", "token\x1b", time.Minute)
		must(t, err)
		put(t, c, "lock:foreign", "v")
		must(t, c.RPush(ctx, "lock:list", "x").Err())
		ids := []string{"lock:a", "lock:foreign", "lock:list", "lock:gone"}
		got, err := rows.Read(ctx, ids)
		must(t, err)
		if len(got) != 3 {
			t.Fatalf("%d rows", len(got))
		}
		if r := got[0]; r.ID() != "lock:a" || locks.Token.Of(r) != "token\x1b" || locks.Fence.Of(r) != fence || r.Problem() != nil ||
			time.Until(locks.Expires.Of(r)) > time.Minute || time.Until(locks.Expires.Of(r)) < 50*time.Second || r.Deadline() != locks.Expires.Of(r) {
			t.Errorf("%v", cells(r))
		}
		if r := got[1]; locks.Token.Of(r) != "v" || locks.Fence.Of(r) != 0 || !locks.Expires.Of(r).IsZero() || !r.Deadline().IsZero() {
			t.Errorf("%v", cells(r))
		}
		if r := got[2]; !errors.Is(r.Problem(), actorstore.ErrBadRecord) {
			t.Errorf("%v", cells(r))
		}
		again, err := rows.Read(ctx, ids)
		must(t, err)
		for i := range got {
			if !kind.Same(got[i], again[i]) || kind.Same(got[i], got[(i+1)%3]) {
				t.Errorf("equality of %s", got[i].ID())
			}
		}
		b := again[0].Schema().Builder(1)
		b.Copy(again[0])
		locks.Expires.Set(b, locks.Expires.Of(again[0]).Add(time.Second))
		if later := b.Rows()[0]; kind.Same(later, again[0]) {
			t.Error("an end a second later is another")
		}
		if none, err := rows.Read(ctx, nil); err != nil || len(none) != 0 {
			t.Errorf("%v, %v", none, err)
		}
		if body, found, err := rows.Inspect(ctx, "lock:a"); string(body) != "token\x1b" || !found || err != nil {
			t.Errorf("%q, %v, %v", body, found, err)
		}
	})
}

// editor is what rows that are edited by hand have.
type editor interface {
	Inspect(ctx context.Context, id string) ([]byte, bool, error)
	Load(ctx context.Context, id string) ([]byte, int64, error)
	Replace(ctx context.Context, id string, version int64, body []byte) (int64, error)
	Remove(ctx context.Context, id string, version int64) error
}

func TestARowIsEditedByCompareAndSet(t *testing.T) {
	cases := []struct {
		name              string
		rows              func(redis.UniversalClient) editor
		key, id           string
		stored            string
		edited, wantAfter string
	}{
		{"actor", func(c redis.UniversalClient) editor { return actorstore.NewActorRows(c, "actor:") }, "actor:a1", "a1",
			`{"actorId":"a1","version":"7","status":"STATUS_RUNNING","gone":1,"x":{"n":12345678901234567890}}`,
			"{\n  \"status\": \"STATUS_SUSPENDED\",\n  \"actorId\": \"a1\",\n  \"version\": \"99\",\n  \"x\": {\n    \"n\": 12345678901234567890,\n    \"e\": []\n  }\n}\n",
			`{"actorId":"a1","version":"8","status":"STATUS_SUSPENDED","x":{"n":12345678901234567890,"e":[]}}`},
		{"newer actor", func(c redis.UniversalClient) editor { return actorstore.NewActorRows(c, "actor:") }, "actor:space:a1", "space:a1",
			`{"actorId":"a1","version":"7","atespace":"space"}`,
			`{"actorId":"a1","status":"STATUS_SUSPENDED","atespace":"space"}`,
			`{"actorId":"a1","version":"8","status":"STATUS_SUSPENDED","atespace":"space"}`},
		{"worker", func(c redis.UniversalClient) editor { return actorstore.NewWorkerRows(c, "worker:") }, "worker:ns:pool:pod-0", "ns:pool:pod-0",
			`{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","actorId":"a1","version":"7","zone":"z"}`,
			`{"zone":"z","workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0"}`,
			`{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","version":"8","zone":"z"}`},
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				rows := tc.rows(c)
				if _, found, err := rows.Inspect(ctx, tc.id); found || err != nil {
					t.Errorf("inspect of nothing: %v, %v", found, err)
				}
				_, _, load := rows.Load(ctx, tc.id)
				_, replace := rows.Replace(ctx, tc.id, 7, []byte(tc.edited))
				for what, err := range map[string]error{"load": load, "replace": replace, "remove": rows.Remove(ctx, tc.id, 7)} {
					if !errors.Is(err, actorstore.ErrNotFound) {
						t.Errorf("%s of nothing: %v", what, err)
					}
				}
				must(t, c.Set(ctx, tc.key, tc.stored, time.Hour).Err())
				body, version, err := rows.Load(ctx, tc.id)
				if string(body) != tc.stored || version != 7 || err != nil {
					t.Fatalf("loaded %s, %d, %v", body, version, err)
				}
				unchanged(t, c, tc.key, actorstore.ErrPersistenceRetry, func() error { _, err := rows.Replace(ctx, tc.id, 6, []byte(tc.edited)); return err })
				unchanged(t, c, tc.key, actorstore.ErrPersistenceRetry, func() error { return rows.Remove(ctx, tc.id, 6) })
				for _, junk := range []string{"", "{", "[]", "7", tc.edited + "x"} {
					unchanged(t, c, tc.key, actorstore.ErrInvalid, func() error { _, err := rows.Replace(ctx, tc.id, 7, []byte(junk)); return err })
				}
				unchanged(t, c, tc.key, actorstore.ErrFailedPrecondition, func() error { _, err := rows.Replace(ctx, tc.id, 7, []byte(`{}`)); return err })
				newVersion, err := rows.Replace(ctx, tc.id, 7, []byte(tc.edited))
				if newVersion != 8 || err != nil {
					t.Fatalf("replaced to version %d, %v", newVersion, err)
				}
				if body, found, err := rows.Inspect(ctx, tc.id); string(body) != tc.wantAfter || !found || err != nil {
					t.Errorf("stored %s, %v, %v", body, found, err)
				}
				if ttl := c.PTTL(ctx, tc.key).Val(); ttl <= 0 {
					t.Errorf("time to live %v after the edit", ttl)
				}
				must(t, rows.Remove(ctx, tc.id, 8))
				if stored(t, c, tc.key) != "" {
					t.Error("not removed")
				}
				put(t, c, tc.key, "text")
				if _, _, err := rows.Load(ctx, tc.id); !errors.Is(err, actorstore.ErrBadRecord) {
					t.Errorf("load of a bad record: %v", err)
				}
			})
		}
	})
}

func TestAnEditKeepsWhatIsImmutable(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		actors, workers := actorstore.NewActorRows(c, "actor:"), actorstore.NewWorkerRows(c, "worker:")
		put(t, c, "actor:a1", actorDoc)
		put(t, c, "actor:space:a1", `{"actorId":"a1","version":"7","atespace":"space"}`)
		put(t, c, "worker:ns:pool:pod-0", workerDoc)
		for _, body := range []string{`{"actorId":"a2","actorTemplateNamespace":"tns","actorTemplateName":"tmpl"}`, `{"actorId":"a1","actorTemplateNamespace":"tns","actorTemplateName":"x"}`} {
			unchanged(t, c, "actor:a1", actorstore.ErrFailedPrecondition, func() error { _, err := actors.Replace(ctx, "a1", 7, []byte(body)); return err })
		}
		unchanged(t, c, "actor:space:a1", actorstore.ErrFailedPrecondition, func() error {
			_, err := actors.Replace(ctx, "space:a1", 7, []byte(`{"actorId":"a1","atespace":"other"}`))
			return err
		})
		unchanged(t, c, "worker:ns:pool:pod-0", actorstore.ErrFailedPrecondition, func() error {
			_, err := workers.Replace(ctx, "ns:pool:pod-0", 2, []byte(`{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","ip":"10.0.0.8"}`))
			return err
		})
		unchanged(t, c, "actor:a1", actorstore.ErrFailedPrecondition, func() error { return actors.Remove(ctx, "a1", 7) })
		if _, err := actors.Replace(ctx, "a:b:c", 1, []byte(actorDoc)); !errors.Is(err, actorstore.ErrInvalid) {
			t.Errorf("a key of neither layout: %v", err)
		}
		if _, err := workers.Replace(ctx, "ns:pod", 1, []byte(workerDoc)); !errors.Is(err, actorstore.ErrInvalid) {
			t.Errorf("a key that is no worker's: %v", err)
		}
		for _, text := range []string{"\xff", "9223372036854775807"} { // not UTF-8; no version left
			version := int64(7)
			if text != "\xff" {
				version = 1<<63 - 1
			}
			unchanged(t, c, "actor:a1", actorstore.ErrInvalid, func() error {
				_, err := actors.Replace(ctx, "a1", version, []byte(`{"actorId":"a1","ateomPodName":"`+text+`"}`))
				return err
			})
		}
	})
}
