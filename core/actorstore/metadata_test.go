package actorstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

const (
	metadataActor  = `{"metadata":{"atespace":"sp","name":"a1","uid":"u1","version":"7","createTime":"2026-01-01T00:00:00Z","updateTime":"2026-01-02T00:00:00Z"},"actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RUNNING","ateomPodNamespace":"ns","ateomPodName":"pod-0"}`
	stateActor     = `{"metadata":{"atespace":"sp","name":"a2","version":"3"},"actorTemplate":{"atespace":"sp","name":"t2"},"status":{"state":"ACTOR_STATE_RUNNING","workerAssignment":{"worker":{"name":"w-uid"},"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-1","workerPodIp":"10.0.0.8"}}}`
	metadataWorker = `{"metadata":{"name":"w-uid","version":"4"},"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-1","assignment":{"actor":{"atespace":"sp","name":"a2"}},"ip":"10.0.0.8","state":"STATE_ACTIVE"}`
)

func TestDocumentsWithMetadataAreShownAndPaired(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		put(t, c, "actor:sp:a1", metadataActor)
		put(t, c, "actor:sp:a2", stateActor)
		put(t, c, "actor:a3", `{"actorId":"a3","status":8}`)
		put(t, c, "actor:a4", `{"actorId":"a4","status":7}`)
		put(t, c, "worker:w-uid", metadataWorker)
		as, err := actorstore.NewActorRows(c, "actor:").Read(ctx, []string{"sp:a1", "sp:a2", "a3", "a4"})
		must(t, err)
		var shown []string
		for _, r := range as {
			shown = append(shown, fmt.Sprint(r.ID(), actors.Atespace.Of(r), actorstore.ActorID(r), actors.Version.Of(r), actors.Status.Of(r), actors.Template.Of(r),
				actors.Worker.Of(r), actors.IP.Of(r), actors.Unread.Of(r), r.Problem()))
		}
		want := []string{
			"sp:a1spa17STATUS_RUNNINGtns/tmplns/pod-0metadata <nil>",
			"sp:a2spa23ACTOR_STATE_RUNNINGsp/t2ns:pool:pod-110.0.0.8status <nil>",
			"a3a30STATUS_DELETING <nil>", "a4a40STATUS_CRASHED <nil>",
		}
		for i := range want {
			if got := strings.Join(strings.Fields(shown[i]), ""); got != strings.Join(strings.Fields(want[i]), "") {
				t.Errorf("shown %s\nwant  %s", got, want[i])
			}
		}
		ws, err := actorstore.NewWorkerRows(c, "worker:").Read(ctx, []string{"w-uid"})
		must(t, err)
		if r := ws[0]; r.ID() != "w-uid" || actorstore.WorkerName(r) != "ns:pool:pod-1" || workers.Version.Of(r) != 4 || workers.Actor.Of(r) != "a2" || r.Problem() != nil || !actorstore.On(as[1], r) {
			t.Errorf("shown %v", cells(r))
		}
		halves, err := s.Halves(ctx)
		if err != nil || len(halves) != 1 || halves[0].Actor != "sp:a1" {
			t.Errorf("halves %v, %v", halves, err)
		}
		unchanged(t, c, "actor:sp:a1", actorstore.ErrUnreadMember, func() error { return s.Mend(ctx, halves[0]) })
	})
}

// updated is the time at which a document says that it was written.
func updated(t *testing.T, doc string) string {
	t.Helper()
	var d struct{ Metadata struct{ UpdateTime string } }
	must(t, json.Unmarshal([]byte(doc), &d))
	return d.Metadata.UpdateTime
}

func TestDocumentsWithMetadataAreOnlyEditedUnderTheirOwnVersion(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), actorstore.NewPersistence(c)
		actors, workers := actorstore.NewActorRows(c, "actor:"), actorstore.NewWorkerRows(c, "worker:")
		type rows interface {
			Load(context.Context, string) ([]byte, int64, error)
			Replace(context.Context, string, int64, []byte) (int64, error)
		}
		for _, tc := range []struct {
			rows              rows
			key, id, doc      string
			version           int64
			old, new, spoiled string
		}{
			{actors, "actor:sp:a1", "sp:a1", metadataActor, 7, "STATUS_RUNNING", "STATUS_PAUSED", `"uid":"u1"`},
			{actors, "actor:sp:a1", "sp:a1", strings.Replace(metadataActor, `"7"`, "7", 1), 7, "STATUS_RUNNING", "STATUS_PAUSED", "tmpl"},
			{actors, "actor:sp:a1", "sp:a1", `{"metadata":{"updateTime":"2026-01-02T00:00:00Z","version":"7","name":"a1","atespace":"sp"},"status":"STATUS_RUNNING"}`, 7, "STATUS_RUNNING", "STATUS_PAUSED", `sp"},`},
			{actors, "actor:sp:a2", "sp:a2", stateActor, 3, "ACTOR_STATE_RUNNING", "ACTOR_STATE_CRASHED", "t2"},
			{actors, "actor:a5", "a5", `{"actorId":"a5","version":"9","status":{"state":"ACTOR_STATE_RUNNING"}}`, 9, "RUNNING", "PAUSED", "a5"},
			{workers, "worker:w-uid", "w-uid", metadataWorker, 4, "STATE_ACTIVE", "STATE_DRAINING", "pod-1"},
		} {
			put(t, c, tc.key, tc.doc)
			_, version, err := tc.rows.Load(ctx, tc.id)
			if err != nil || version != tc.version {
				t.Errorf("%s: loaded version %d, %v", tc.key, version, err)
			}
			edited := []byte(strings.Replace(tc.doc, tc.old, tc.new, 1))
			unchanged(t, c, tc.key, actorstore.ErrPersistenceRetry, func() error { _, err := tc.rows.Replace(ctx, tc.id, tc.version-1, edited); return err })
			unchanged(t, c, tc.key, actorstore.ErrFailedPrecondition, func() error {
				_, err := tc.rows.Replace(ctx, tc.id, tc.version, []byte(strings.Replace(tc.doc, tc.spoiled, tc.spoiled[:1]+"x"+tc.spoiled[1:], 1)))
				return err
			})
			must(t, errors.Join(func() error { _, err := tc.rows.Replace(ctx, tc.id, tc.version, edited); return err }()))
			next := fmt.Sprintf(`"%d"`, tc.version+1)
			want := strings.Replace(string(edited), fmt.Sprintf(`"version":"%d"`, tc.version), `"version":`+next, 1)
			want = strings.Replace(want, fmt.Sprintf(`"version":%d`, tc.version), `"version":`+next, 1)
			got := stored(t, c, tc.key)
			if was := updated(t, tc.doc); was != "" {
				if now := updated(t, got); now <= was {
					t.Errorf("%s: updated at %s, and before at %s", tc.key, now, was)
				} else {
					want = strings.Replace(want, was, now, 1)
				}
			}
			if got != want {
				t.Errorf("%s: stored %s\nwant %s", tc.key, got, want)
			}
		}
		put(t, c, "actor:sp:a1", strings.Replace(metadataActor, `,"version":"7"`, "", 1))
		unchanged(t, c, "actor:sp:a1", actorstore.ErrUnversioned, func() error { _, _, err := actors.Load(ctx, "sp:a1"); return err })
		unchanged(t, c, "actor:sp:a1", actorstore.ErrPersistenceRetry, func() error { _, err := actors.Replace(ctx, "sp:a1", 0, []byte(metadataActor)); return err })

		put(t, c, "actor:sp:a1", strings.Replace(metadataActor, "RUNNING", "SUSPENDED", 1))
		put(t, c, "worker:ns:pool:pod-0", laterFree)
		a, err := s.GetActor(ctx, "sp:a1")
		must(t, err)
		w, err := s.GetWorker(ctx, "ns", "pool", "pod-0")
		must(t, err)
		scratch := &actorstore.Actor{ActorId: "a1", Atespace: "sp", ActorTemplateNamespace: "tns", ActorTemplateName: "tmpl"}
		a.AteomPodName = ""
		for what, call := range map[string]func() error{
			"update":              func() error { return s.UpdateActor(ctx, a, 7) },
			"update from scratch": func() error { return s.UpdateActor(ctx, scratch, 7) },
			"create":              func() error { return s.CreateActor(ctx, a) },
			"assign":              func() error { return s.Assign(ctx, a, w) },
			"delete":              func() error { return s.DeleteActor(ctx, "sp:a1") },
			"removal":             func() error { return actors.Remove(ctx, "sp:a1", 7) },
			"edit without metadata": func() error {
				_, err := actors.Replace(ctx, "sp:a1", 7, []byte(`{"actorId":"a1","version":"7"}`))
				return err
			},
		} {
			t.Run(what, func(t *testing.T) {
				unchanged(t, c, "actor:sp:a1", actorstore.ErrFailedPrecondition, call)
			})
		}
		if got := stored(t, c, "worker:ns:pool:pod-0"); got != laterFree {
			t.Errorf("the refused assignment left %s", got)
		}
	})
}
