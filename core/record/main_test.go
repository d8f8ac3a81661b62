package record_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

// open makes a storage of the namespace "ns" that is closed with the test.
func open(t testing.TB, c redis.UniversalClient) *record.RedisStorage {
	t.Helper()
	return openNS(t, c, "ns", record.Options{})
}

func openNS(t testing.TB, c redis.UniversalClient, ns string, o record.Options) *record.RedisStorage {
	t.Helper()
	s, err := record.New(c, ns, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// put creates a record that must not fail.
func put(t testing.TB, s record.Storage, key, value string, lease record.LeaseId) record.Version {
	t.Helper()
	v, err := s.Create(ctx, record.Record{Key: record.Key(key), Value: record.Value(value), Lease: lease})
	if err != nil {
		t.Fatalf("create %q: %v", key, err)
	}
	return v
}

// grant takes a lease that must not fail.
func grant(t testing.TB, s record.Storage, ttl time.Duration, keepAlive bool) *record.RedisLease {
	t.Helper()
	l, err := s.Lessor().NewLease(ctx, ttl, keepAlive)
	if err != nil {
		t.Fatal(err)
	}
	return l.(*record.RedisLease)
}

// everyByte is a name with each byte there is, so also each that must be escaped.
func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

// contents spells out all that is stored, but not how long it lives.
func contents(t testing.TB, c redis.UniversalClient) []string {
	t.Helper()
	var all []string
	err := conn.Scan(ctx, c, "", 100, func(keys []string) error {
		for _, k := range keys {
			var v any
			switch kind := c.Type(ctx, k).Val(); kind {
			case "string":
				v = c.Get(ctx, k).Val()
			case "hash":
				v = c.HGetAll(ctx, k).Val()
			case "zset":
				v = c.ZRangeWithScores(ctx, k, 0, -1).Val()
			case "set":
				members := c.SMembers(ctx, k).Val()
				slices.Sort(members)
				v = members
			default:
				v = kind
			}
			all = append(all, fmt.Sprintf("%s = %v", k, v))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// unchanged runs f and checks that not a byte of what is stored differs afterwards.
func unchanged(t testing.TB, c redis.UniversalClient, what string, f func()) {
	t.Helper()
	before := contents(t, c)
	f()
	if after := contents(t, c); !slices.Equal(before, after) {
		t.Errorf("%s changed\n%v\nto\n%v", what, before, after)
	}
}
