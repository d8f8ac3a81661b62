package buffer_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

func mustPush(t testing.TB, b *buffer.Buffer, store, record string, opts ...buffer.PushOption) buffer.Stats {
	t.Helper()
	s, err := b.Push(ctx, store, []byte(record), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustPrepare(t testing.TB, b *buffer.Buffer, store, token string) buffer.Batch {
	t.Helper()
	batch, found, err := b.PrepareToPersist(ctx, store, token)
	if err != nil || !found {
		t.Fatalf("prepare %q: found %v, %v", store, found, err)
	}
	return batch
}

func mustEmpty(t testing.TB, b *buffer.Buffer, store string, at int64) {
	t.Helper()
	if err := b.Empty(ctx, store, at); err != nil {
		t.Fatal(err)
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// texts are the records of a batch.
func texts(b buffer.Batch) []string {
	out := []string{}
	for _, r := range b.Records {
		out = append(out, string(r))
	}
	return out
}

// world spells out every key of the server with its value, so that a test can say that nothing changed.
func world(t testing.TB, c redis.UniversalClient) string {
	t.Helper()
	all := map[string]string{}
	err := conn.Scan(ctx, c, "*", 1000, func(page []string) error {
		for _, k := range page {
			kind := c.Type(ctx, k).Val()
			var value any
			switch kind {
			case "string":
				value = c.Get(ctx, k).Val()
			case "list":
				value = c.LRange(ctx, k, 0, -1).Val()
			case "set":
				members := c.SMembers(ctx, k).Val()
				slices.Sort(members)
				value = members
			case "zset":
				value = c.ZRangeWithScores(ctx, k, 0, -1).Val()
			}
			all[k] = fmt.Sprintf("%s %s %v", k, kind, value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(slices.Sorted(maps.Values(all)), "\n")
}

var prefixes atomic.Int64

// fresh makes a Buffer that shares no key with any before it.
func fresh(c redis.UniversalClient) (*buffer.Buffer, string) {
	prefix := fmt.Sprintf("buf%d:", prefixes.Add(1))
	return buffer.New(c, buffer.Options{Prefix: prefix}), prefix
}

// retrying connects to the same servers through a dialer, with the retries that go-redis has by default.
func retrying(t testing.TB, c redis.UniversalClient, dial *redistest.Lossy) redis.UniversalClient {
	var out redis.UniversalClient
	if one, single := c.(*redis.Client); single {
		out = redis.NewClient(&redis.Options{Addr: one.Options().Addr, Dialer: dial.Dial})
	} else {
		out = redis.NewClusterClient(&redis.ClusterOptions{Addrs: redistest.ClusterAddrs(t), Dialer: dial.Dial})
	}
	t.Cleanup(func() { out.Close() })
	if err := out.Set(ctx, "warm", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
