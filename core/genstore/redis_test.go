package genstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

var (
	_ genstore.GenStore = (*genstore.LocalGenStore)(nil)
	_ genstore.GenStore = (*genstore.RedisGenStore)(nil)
)

// stores are the three ways to bump: they differ in the counter's life and its start, and in nothing else.
func stores(c redis.UniversalClient) map[string]*genstore.RedisGenStore {
	timed, err := genstore.NewRedisGenStoreWithOptions(genstore.RedisGenStoreOptions{Client: c, Namespace: "ns", StartFromTime: true})
	if err != nil {
		panic(err)
	}
	return map[string]*genstore.RedisGenStore{
		"plain":           genstore.NewRedisGenStore(c, "ns"),
		"with a TTL":      genstore.NewRedisGenStoreWithTTL(c, "ns", time.Hour),
		"starting timely": timed,
	}
}

func set(t *testing.T, c redis.UniversalClient, key, value string) {
	t.Helper()
	if err := c.Set(ctx, key, value, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

// bump bumps and fails the test on an error.
func bump(t *testing.T, s genstore.GenStore, key string) uint64 {
	t.Helper()
	gen, err := s.Bump(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return gen
}

func TestAGenerationCountsUpFromOne(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := genstore.NewRedisGenStore(c, "ns")
		for want := uint64(0); want <= 3; want++ {
			if got, err := s.Snapshot(ctx, "k"); err != nil || got != want {
				t.Fatalf("snapshot is %d, %v; want %d", got, err, want)
			}
			if got := bump(t, s, "k"); got != want+1 {
				t.Fatalf("bump gave %d, want %d", got, want+1)
			}
		}
		s.Cleanup(time.Nanosecond) // nothing to do
		if got, _ := s.Snapshot(ctx, "k"); got != 4 {
			t.Fatalf("after Cleanup the generation is %d, want 4", got)
		}
	})
}

// cascache v0.3.2 writes INCR (and EXPIRE) on gen:<namespace>:<storage key> and reads with GET or MGET.
func TestCountersAreSharedWithCascache(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		const raw = "gen:user:single:user:42"
		s := genstore.NewRedisGenStore(c, "user")
		if n := c.Incr(ctx, raw).Val(); n != 1 {
			t.Fatal(n)
		}
		if got, err := s.Snapshot(ctx, "single:user:42"); err != nil || got != 1 {
			t.Fatalf("its bump is not seen: %d, %v", got, err)
		}
		if got := bump(t, s, "single:user:42"); got != 2 {
			t.Fatalf("bump after its bump gave %d", got)
		}
		if text := c.Get(ctx, raw).Val(); text != "2" {
			t.Fatalf("it would read %q", text)
		}
		if n, err := c.Incr(ctx, raw).Result(); err != nil || n != 3 {
			t.Fatalf("its bump after ours gave %d, %v", n, err)
		}
		if c.Expire(ctx, raw, time.Hour); bump(t, s, "single:user:42") != 4 || c.PTTL(ctx, raw).Val() <= 0 {
			t.Fatal("a store without a TTL must keep the one that a counter has")
		}
	})
}

func TestAStoreWithoutAClientAnswersAnError(t *testing.T) {
	for name, c := range map[string]redis.UniversalClient{
		"nil": nil, "nil Client": (*redis.Client)(nil), "nil ClusterClient": (*redis.ClusterClient)(nil), "nil Conn": (*conn.Conn)(nil),
	} {
		s, err := genstore.NewRedisGenStoreWithOptions(genstore.RedisGenStoreOptions{Client: c, Namespace: "ns", CloseClient: true})
		if !errors.Is(err, genstore.ErrNilRedisClient) || s != nil {
			t.Errorf("%s: options gave %v, %v", name, s, err)
		}
		check(t, name, genstore.NewRedisGenStore(c, "ns"), genstore.ErrNilRedisClient)
		check(t, name, genstore.NewRedisGenStoreWithTTL(c, "ns", time.Second), genstore.ErrNilRedisClient)
	}
	check(t, "nil store", nil, genstore.ErrNilRedisClient)
}

// check runs every operation of a store and wants the same error of each.
func check(t *testing.T, name string, s *genstore.RedisGenStore, want error) {
	t.Helper()
	_, bumped := s.Bump(ctx, "k")
	_, one := s.Snapshot(ctx, "k")
	_, many := s.SnapshotMany(ctx, []string{"k"})
	_, none := s.SnapshotMany(ctx, nil)
	for op, err := range map[string]error{"bump": bumped, "snapshot": one, "snapshot many": many, "snapshot none": none} {
		if !errors.Is(err, want) {
			t.Errorf("%s: %s answers %v, want %v", name, op, err, want)
		}
	}
	if err := s.Close(ctx); err != nil {
		t.Errorf("%s: close: %v", name, err)
	}
}

func TestEveryNamespaceIsTakenByteForByte(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		for _, ns := range []string{"", ":", "app:prod:user", "a:", "{tag}:x", "odd \x00*", "\xff"} {
			s, err := genstore.NewRedisGenStoreWithOptions(genstore.RedisGenStoreOptions{Client: c, Namespace: ns})
			if err != nil {
				t.Fatal(err)
			}
			if got := bump(t, s, "single:"+ns+":k"); got != 1 {
				t.Errorf("namespace %q: %d", ns, got)
			}
			if got := c.Get(ctx, "gen:"+ns+":single:"+ns+":k").Val(); got != "1" {
				t.Errorf("namespace %q: stored %q", ns, got)
			}
		}
	})
}

func TestTheEmptyKeyIsRefused(t *testing.T) {
	c, _ := redistest.Mini(t)
	s := genstore.NewRedisGenStore(c, "ns")
	if _, err := s.Bump(ctx, ""); !errors.Is(err, genstore.ErrEmptyKey) {
		t.Errorf("bump of the empty key: %v", err)
	}
	if _, err := s.Snapshot(ctx, ""); !errors.Is(err, genstore.ErrEmptyKey) {
		t.Errorf("snapshot of the empty key: %v", err)
	}
	if keys := c.Keys(ctx, "*").Val(); len(keys) != 0 {
		t.Errorf("refused calls wrote %q", keys)
	}
}

func TestTwoNamesNeverShareACounter(t *testing.T) {
	bytes := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 1, 12).Draw(t, "bytes")) })
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		run := 0
		rapid.Check(t, func(t *rapid.T) {
			type name struct{ ns, key string }
			want := map[name]uint64{}
			run++
			prefix := fmt.Sprintf("%d:", run) // a fresh keyspace
			for range rapid.IntRange(1, 6).Draw(t, "bumps") {
				n := name{rapid.StringMatching(`[a-c{}*]{1,2}`).Draw(t, "ns"), bytes.Draw(t, "key")}
				s, err := genstore.NewRedisGenStoreWithOptions(genstore.RedisGenStoreOptions{Client: c, Namespace: n.ns, Prefix: prefix, TTL: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				want[n]++
				if got, err := s.Bump(ctx, n.key); err != nil || got != want[n] {
					t.Fatalf("bump of %q gave %d, %v; want %d", n, got, err, want[n])
				}
			}
		})
	})
}

// closing counts how often it was closed.
type closing struct {
	redis.UniversalClient
	times atomic.Int32
}

func (c *closing) Close() error { c.times.Add(1); return errors.New("closed with a sigh") }

func TestCloseClosesAnOwnedClientOnceAndASharedOneNever(t *testing.T) {
	for _, owned := range []bool{false, true} {
		c := &closing{}
		s, err := genstore.NewRedisGenStoreWithOptions(genstore.RedisGenStoreOptions{Client: c, Namespace: "ns", CloseClient: owned})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := s.Close(ctx); (err != nil) != owned {
				t.Errorf("owned %v: close answers %v", owned, err)
			}
		}
		if n := c.times.Load(); owned && n != 1 || !owned && n != 0 {
			t.Errorf("owned %v: closed %d times", owned, n)
		}
	}
}

func TestACancelledContextAnswersAtOnce(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := genstore.NewRedisGenStore(c, "ns")
		bump(t, s, "k")
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		_, bumped := s.Bump(cancelled, "k")
		_, one := s.Snapshot(cancelled, "k")
		_, many := s.SnapshotMany(cancelled, []string{"k", "l"})
		_, rows := genstore.NewRows(c, "gen:").Read(cancelled, []string{"ns:k"})
		for op, err := range map[string]error{"bump": bumped, "snapshot": one, "snapshot many": many, "rows": rows} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", op, err)
			}
		}
		if got, _ := s.Snapshot(ctx, "k"); got != 1 {
			t.Errorf("a cancelled bump wrote %d", got)
		}
	})
}
