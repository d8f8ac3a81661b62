package genstore_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/genstore"
	"holdfast/internal/redistest"
)

// miniredis keeps its clock still, so that a TTL can be read back to the millisecond.
func TestTTLIsKeptToTheMillisecondAndNeverRoundedToNone(t *testing.T) {
	c, m := redistest.Mini(t)
	for _, tt := range []struct{ ttl, want time.Duration }{
		{1500 * time.Millisecond, 1500 * time.Millisecond},
		{time.Nanosecond, time.Millisecond},
		{time.Millisecond, time.Millisecond},
		{time.Millisecond + 1, 2 * time.Millisecond},
		{time.Hour, time.Hour},
		{0, 0},
		{-time.Second, 0},
	} {
		m.FlushAll()
		s := genstore.NewRedisGenStoreWithTTL(c, "ns", tt.ttl)
		for range 2 { // a new counter, then an old one
			bump(t, s, "k")
			if got := m.TTL("gen:ns:k"); got != tt.want {
				t.Errorf("a TTL of %v became %v, want %v", tt.ttl, got, tt.want)
			}
			m.FastForward(tt.want / 2)
		}
	}
}

func TestEachBumpProlongsTheLifeOnARealServerToo(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		s := genstore.NewRedisGenStoreWithTTL(c, "ns", 90*time.Minute+500*time.Millisecond)
		set(t, c, "gen:ns:k", "6") // written without a TTL by another store
		for want := uint64(7); want <= 8; want++ {
			if got := bump(t, s, "k"); got != want {
				t.Fatalf("got %d, want %d", got, want)
			}
			if ttl := c.PTTL(ctx, "gen:ns:k").Val(); ttl <= 90*time.Minute-time.Minute || ttl > 90*time.Minute+500*time.Millisecond {
				t.Fatalf("the counter lives %v", ttl)
			}
			c.PExpire(ctx, "gen:ns:k", time.Minute)
		}
		const longest = math.MaxInt64 / time.Millisecond * time.Millisecond // a nanosecond more and go-redis could not read it back
		if bump(t, genstore.NewRedisGenStoreWithTTL(c, "ns", longest), "k"); c.PTTL(ctx, "gen:ns:k").Val() < longest-time.Hour {
			t.Fatal("the longest TTL does not hold")
		}
	})
}

// INCR and PEXPIRE as a pipeline leave a counter that never expires when the second is refused (measured). Here an
// access rule refuses one command after the other.
func TestABumpWithTTLHappensWholeOrNotAtAll(t *testing.T) {
	admin := redistest.Single(t)
	t.Cleanup(func() { admin.Do(ctx, "ACL", "DELUSER", "service") })
	for _, refused := range []string{"get", "set", "incr", "expire", "pexpire", "evalsha", "eval", "time"} {
		admin.FlushAll(ctx)
		if err := admin.Do(ctx, "ACL", "SETUSER", "service", "reset", "on", "nopass", "~*", "+@all", "-"+refused).Err(); err != nil {
			t.Fatal(err)
		}
		c := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "service", Password: "any"})
		_, err := genstore.NewRedisGenStoreWithTTL(c, "ns", time.Hour).Bump(ctx, "k")
		c.Close()
		ttl := admin.PTTL(ctx, "gen:ns:k").Val()
		if err == nil && ttl <= 0 || err != nil && ttl != -2 {
			t.Errorf("with %s refused: error %v and a counter with TTL %v", refused, err, ttl)
		}
	}
}

func TestAnExpiredCounterStartsAgain(t *testing.T) {
	c, m := redistest.Mini(t)
	now := time.Date(2026, 3, 9, 12, 0, 0, 7000, time.UTC)
	m.SetTime(now)
	for _, timely := range []bool{false, true} {
		s, err := genstore.NewRedisGenStoreWithOptions(genstore.RedisGenStoreOptions{
			Client: c, Namespace: "ns", TTL: time.Second, StartFromTime: timely, Prefix: fmt.Sprintf("%v:", timely),
		})
		if err != nil {
			t.Fatal(err)
		}
		first, last := bump(t, s, "k"), bump(t, s, "k")
		m.FastForward(time.Second)
		m.SetTime(now.Add(time.Second))
		if got, err := s.Snapshot(ctx, "k"); err != nil || got != 0 {
			t.Fatalf("an expired generation reads %d, %v", got, err)
		}
		again := bump(t, s, "k")
		if !timely && (first != 1 || again != 1) {
			t.Errorf("counters start at %d and %d, want 1", first, again)
		}
		if timely && (first != uint64(now.UnixMicro()) || again <= last) {
			t.Errorf("started at %d, reached %d, then started at %d: want the server's time, rising", first, last, again)
		}
		if ttl := c.PTTL(ctx, fmt.Sprintf("%v:ns:k", timely)).Val(); ttl != time.Second {
			t.Errorf("the new counter lives %v", ttl)
		}
		m.SetTime(now)
	}
}

func TestStartFromTimeRisesAcrossDeletionOnARealServer(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		s := stores(c)["starting timely"]
		last := uint64(c.Time(ctx).Val().UnixMicro()) - 1
		for range 20 {
			for range 3 {
				got := bump(t, s, "k")
				if got <= last {
					t.Fatalf("got %d after %d", got, last)
				}
				last = got
			}
			c.Del(ctx, "gen:ns:k")
		}
	})
}
