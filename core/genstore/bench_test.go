package genstore_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/genstore"
	"holdfast/internal/redistest"
)

// lasting can be cancelled, as the contexts of services can.
var lasting, _ = context.WithCancel(context.Background())

// compare measures ours against bare, each on a client of its own so that our round trips can be counted.
func compare(b *testing.B, bare func(c *redis.Client) error, ours func(c *redis.Client) func() error) {
	c, counted, trips := redistest.Single(b), redistest.Single(b), &redistest.Trips{}
	for _, k := range thousand("gen:ns:") {
		if err := c.Set(lasting, k, 42, 0).Err(); err != nil {
			b.Fatal(err)
		}
	}
	counted.AddHook(trips) // before the first call, which a later hook would stand behind
	call := ours(counted)
	if err := call(); err != nil { // dials and loads the script
		b.Fatal(err)
	}
	trips.N.Store(0)
	redistest.Compare(b, func(int) error { return bare(c) }, func(int) error { return call() })
	b.ReportMetric(float64(trips.N.Load())/float64(b.N), "trips/op")
}

func thousand(prefix string) []string {
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("%ssingle:user:%d", prefix, i)
	}
	return keys
}

// Bump sends the same two commands as one atomic script, and looks at what is there before it counts up.
func BenchmarkBump(b *testing.B) {
	compare(b,
		func(c *redis.Client) error {
			_, err := c.TxPipelined(lasting, func(p redis.Pipeliner) error {
				p.Get(lasting, "gen:ns:single:user:1")
				p.Incr(lasting, "gen:ns:single:user:1")
				return nil
			})
			return err
		}, bumping(0))
}

// A bare INCR does less: it takes a negative number for a generation and, sent again, bumps twice.
func BenchmarkBumpAgainstINCR(b *testing.B) {
	compare(b, func(c *redis.Client) error { return c.Incr(lasting, "gen:ns:single:user:1").Err() }, bumping(0))
}

func bumping(ttl time.Duration) func(c *redis.Client) func() error {
	return func(c *redis.Client) func() error {
		s := genstore.NewRedisGenStoreWithTTL(c, "ns", ttl)
		return func() error { _, err := s.Bump(lasting, "single:user:0"); return err }
	}
}

// MULTI is what a careful user sends: a plain pipeline may leave a counter that never expires.
func BenchmarkBumpTTL(b *testing.B) {
	compare(b,
		func(c *redis.Client) error {
			_, err := c.TxPipelined(lasting, func(p redis.Pipeliner) error {
				p.Incr(lasting, "gen:ns:single:user:1")
				p.PExpire(lasting, "gen:ns:single:user:1", time.Hour)
				return nil
			})
			return err
		}, bumping(time.Hour))
}

func BenchmarkSnapshot(b *testing.B) {
	compare(b,
		func(c *redis.Client) error { return c.Get(lasting, "gen:ns:single:user:0").Err() },
		func(c *redis.Client) func() error {
			s := genstore.NewRedisGenStore(c, "ns")
			return func() error { _, err := s.Snapshot(lasting, "single:user:0"); return err }
		})
}

// A caller who needs what SnapshotMany returns has to make the keys, read the numbers and fill a map.
func BenchmarkSnapshotManyIntoMap(b *testing.B) {
	keys := thousand("")
	compare(b,
		func(c *redis.Client) error {
			raw := make([]string, len(keys))
			for i, k := range keys {
				raw[i] = "gen:ns:" + k
			}
			texts, err := c.MGet(lasting, raw...).Result()
			gens := make(map[string]uint64, len(keys))
			for i, text := range texts {
				if text != nil {
					gens[keys[i]], _ = strconv.ParseUint(text.(string), 10, 64)
				}
			}
			return err
		},
		func(c *redis.Client) func() error {
			s := genstore.NewRedisGenStore(c, "ns")
			return func() error { _, err := s.SnapshotMany(lasting, keys); return err }
		})
}

// The bare MGET gets its keys ready made and looks at no value.
func BenchmarkSnapshotMany(b *testing.B) {
	raw, keys := thousand("gen:ns:"), thousand("")
	compare(b,
		func(c *redis.Client) error {
			return c.MGet(lasting, raw...).Err()
		},
		func(c *redis.Client) func() error {
			s := genstore.NewRedisGenStore(c, "ns")
			return func() error { _, err := s.SnapshotMany(lasting, keys); return err }
		})
}
