// Package cascache_test uses the published cascache as a service does, with our generation store plugged in, and compares
// its own store with ours on one server. It is a module of its own: nothing of holdfast needs cascache.
package cascache_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/unkn0wn-root/cascache"
	"github.com/unkn0wn-root/cascache/codec"
	theirs "github.com/unkn0wn-root/cascache/genstore"

	ours "holdfast/core/genstore"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

// Both packages name one interface.
var (
	_ theirs.GenStore = (*ours.RedisGenStore)(nil)
	_ theirs.GenStore = (*ours.LocalGenStore)(nil)
	_ ours.GenStore   = (*theirs.RedisGenStore)(nil)
)

// memory is the simplest provider.
type memory map[string][]byte

func (m memory) Get(_ context.Context, key string) ([]byte, bool, error) {
	v, ok := m[key]
	return v, ok, nil
}

func (m memory) Set(_ context.Context, key string, value []byte, _ int64, _ time.Duration) (bool, error) {
	m[key] = value
	return true, nil
}

func (m memory) Del(_ context.Context, key string) error { delete(m, key); return nil }
func (m memory) Close(context.Context) error             { return nil }

func stores(c redis.UniversalClient, namespace string) map[string]theirs.GenStore {
	return map[string]theirs.GenStore{
		"ours":          ours.NewRedisGenStore(c, namespace),
		"ours, expires": ours.NewRedisGenStoreWithTTL(c, namespace, time.Hour),
		"theirs":        theirs.NewRedisGenStoreWithTTL(c, namespace, time.Hour),
	}
}

// The namespaces of its README, and odder ones that it takes.
var namespaces = []string{"user", "app:prod:user", "a:", ":b", "{tag}:x", "odd *\x00"}

func TestACacheOnOurStoreForgetsWhatIsInvalidated(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		for _, namespace := range namespaces {
			for name, store := range stores(c, namespace) {
				c.Del(ctx, "gen:"+namespace+":single:"+namespace+":u1") // of the store before
				cache, err := cascache.New(cascache.Options[string]{Namespace: namespace, Provider: memory{}, Codec: codec.String{}, GenStore: store})
				if err != nil {
					t.Fatal(err)
				}
				keys := []string{"u1", "u2"}
				gens, err := cache.TrySnapshotGens(ctx, keys)
				if err != nil || len(gens) != 2 {
					t.Fatalf("%q on %s: %v, %v", namespace, name, gens, err)
				}
				if err := cache.SetWithGen(ctx, "u1", "one", gens["u1"], 0); err != nil {
					t.Fatal(err)
				}
				if err := cache.SetBulkWithGens(ctx, map[string]string{"u1": "one", "u2": "two"}, gens, 0); err != nil {
					t.Fatal(err)
				}
				if v, ok, err := cache.Get(ctx, "u1"); v != "one" || !ok || err != nil {
					t.Errorf("%q on %s: got %q, %v, %v", namespace, name, v, ok, err)
				}
				if err := cache.Invalidate(ctx, "u1"); err != nil {
					t.Fatal(err)
				}
				if _, ok, err := cache.Get(ctx, "u1"); ok || err != nil {
					t.Errorf("%q on %s: still there after Invalidate, %v", namespace, name, err)
				}
				if values, missing, err := cache.GetBulk(ctx, keys); len(values) != 1 || len(missing) != 1 || err != nil {
					t.Errorf("%q on %s: bulk %v without %v, %v", namespace, name, values, missing, err)
				}
				if err := cache.SetWithGen(ctx, "u1", "stale", gens["u1"], 0); err != nil {
					t.Fatal(err)
				}
				if _, ok, _ := cache.Get(ctx, "u1"); ok {
					t.Errorf("%q on %s: a write under the old generation is served", namespace, name)
				}
				if got := c.Get(ctx, "gen:"+namespace+":single:"+namespace+":u1").Val(); got != "1" {
					t.Errorf("%q on %s: generation %q", namespace, name, got)
				}
			}
		}
	})
}

func TestOurStoreAndTheirsAreOne(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		for _, namespace := range append(namespaces, "") {
			all := stores(c, namespace)
			names := []string{"ours", "ours, expires", "theirs"}
			want := map[string]uint64{}
			keys := []string{"{s}missing"} // in one slot: their SnapshotMany is one MGET, also on a cluster
			for _, k := range []string{"single:" + namespace + ":a", "bulk:" + namespace + ":b", "c:d", "{c}"} {
				keys = append(keys, "{s}"+k)
			}
			for range 40 {
				key := keys[1+rand.N(len(keys)-1)]
				want[key]++
				by := names[rand.N(len(names))]
				if got, err := all[by].Bump(ctx, key); err != nil || got != want[key] {
					t.Fatalf("%q: %s bumped %q to %d, %v, want %d", namespace, by, key, got, err, want[key])
				}
			}
			for name, store := range all {
				many, err := store.SnapshotMany(ctx, keys)
				if err != nil {
					t.Fatalf("%q: %s: %v", namespace, name, err)
				}
				for _, key := range keys {
					one, err := store.Snapshot(ctx, key)
					if one != want[key] || many[key] != want[key] || err != nil {
						t.Errorf("%q: %s reads %q as %d and %d, %v, want %d", namespace, name, key, one, many[key], err, want[key])
					}
				}
			}
		}
	})
}

func TestANilClientIsToldAlike(t *testing.T) {
	_, our := ours.NewRedisGenStore(nil, "n").Bump(ctx, "k")
	_, their := theirs.NewRedisGenStore(nil, "n").Bump(ctx, "k")
	if our != ours.ErrNilRedisClient || their != theirs.ErrNilRedisClient {
		t.Errorf("%v and %v", our, their)
	}
}
