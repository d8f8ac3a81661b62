package record_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/record"
	"holdfast/core/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

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
	v, err := s.Create(context.Background(), record.Record{Key: record.Key(key), Value: record.Value(value), Lease: lease})
	if err != nil {
		t.Fatalf("create %q: %v", key, err)
	}
	return v
}

// everyByte is a name with each byte there is, so also each that must be escaped.
func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}
