package actorstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// The documents of the key layout, as upstream writes them.
const (
	actorDoc  = `{"actorId":"a1","version":"7","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RUNNING","ateomPodNamespace":"ns","ateomPodName":"pod-0","ateomPodIp":"10.0.0.7"}`
	workerDoc = `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","actorNamespace":"tns","actorTemplate":"tmpl","actorId":"a1","ip":"10.0.0.7","version":"2"}`
)

func put(t testing.TB, c redis.UniversalClient, key, doc string) {
	t.Helper()
	if err := c.Set(context.Background(), key, doc, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func stored(t testing.TB, c redis.UniversalClient, key string) string {
	t.Helper()
	doc, err := c.Get(context.Background(), key).Result()
	if err != nil && err != redis.Nil {
		t.Fatal(err)
	}
	return doc
}

// unchanged runs a call that must fail with want and checks that no byte of the key changed.
func unchanged(t testing.TB, c redis.UniversalClient, key string, want error, call func() error) {
	t.Helper()
	before, beforeErr := c.Dump(context.Background(), key).Result()
	err := call()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	if after, afterErr := c.Dump(context.Background(), key).Result(); after != before || afterErr != beforeErr {
		t.Errorf("the failed call changed %s", key)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func suspended(id string) *actorstore.Actor {
	return &actorstore.Actor{ActorId: id, ActorTemplateNamespace: "tns", ActorTemplateName: "tmpl", Status: actorstore.StatusSuspended}
}

func worker(pod string) *actorstore.Worker {
	return &actorstore.Worker{WorkerNamespace: "ns", WorkerPool: "pool", WorkerPod: pod, Ip: "10.0.0.7"}
}

var actors, workers, locks = &actorstore.ActorColumns, &actorstore.WorkerColumns, &actorstore.LockColumns

// cells are the values of a row in the order of its columns, for messages.
func cells(r kind.Row) []any {
	out := []any{r.ID()}
	for _, c := range r.Schema().Columns() {
		out = append(out, c.Value(r))
	}
	return append(out, r.Problem())
}
