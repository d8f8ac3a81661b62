package layout_test

import (
	"context"
	"testing"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/record"
	"holdfast/internal/redistest"

	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// compile makes kinds of a layout file alone.
func compile(t testing.TB, c redis.UniversalClient, text string, base ...kind.Kind) []kind.Kind {
	t.Helper()
	specs, err := layout.Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	kinds, _, errs := layout.Compile(c, base, specs)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return kinds
}

// the reads all rows that some keys make.
func rows(t testing.TB, k kind.Kind, keys ...string) map[string]kind.Row {
	t.Helper()
	var ids []string
	for _, key := range keys {
		id, ok := k.Source.Identify(key)
		if !ok {
			t.Fatalf("%s is no key of %s", key, k.Name)
		}
		ids = append(ids, id)
	}
	list, err := k.Source.Read(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]kind.Row{}
	for _, r := range list {
		out[r.ID()] = r
	}
	return out
}

// value is a column of a row.
func value(t testing.TB, r kind.Row, column string) any {
	t.Helper()
	if r.None() {
		t.Fatal("no row")
	}
	c, ok := r.Schema().Column(column)
	if !ok {
		t.Fatalf("no column %s", column)
	}
	return c.Value(r)
}

// compiled is what a layout file makes beside the kinds of the primitives, without a server.
func compiled(t testing.TB, text string) ([]kind.Kind, *layout.Set, []error) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { c.Close() })
	specs, err := layout.Parse("test.toml", []byte(text))
	if err != nil {
		return nil, nil, []error{err}
	}
	base := []kind.Kind{
		actorstore.NewLockRows(c, "lock:").Kind(), actorstore.NewWorkerRows(c, "worker:").Kind(), record.NewLeaseRows(c, "rec:").Kind(),
	}
	return layout.Compile(c, base, specs)
}
