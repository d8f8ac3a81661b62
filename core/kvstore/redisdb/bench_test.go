package redisdb_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// The baselines are what a careful user would send bare for the same effects in one trip. The number of a change goes
// into the id of its log entry, so no MULTI can do it: the bare form of a mutation is an EVALSHA of the same commands,
// without epoch, type checks, expiry and encoding of keys.
var (
	barePut = conn.NewScript(`
local n = redis.call('INCR', KEYS[1])
redis.call('XADD', KEYS[2], n .. '-0', 'k', ARGV[1], 'v', ARGV[2])
redis.call('SET', KEYS[4], ARGV[2])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return n`)
	bareCas = conn.NewScript(`
if redis.call('GET', KEYS[4]) ~= ARGV[3] then return 0 end
local n = redis.call('INCR', KEYS[1])
redis.call('XADD', KEYS[2], n .. '-0', 'k', ARGV[1], 'v', ARGV[2])
redis.call('SET', KEYS[4], ARGV[2])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return n`)
	barePage = conn.NewScript(`
local out = {}
for i, k in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], '+', 'LIMIT', 0, 512)) do
  out[3 * i - 2] = k
  out[3 * i - 1] = redis.call('GET', ARGV[1] .. k)
  out[3 * i] = redis.call('PEXPIRETIME', ARGV[1] .. k)
end
return out`)
)

// compare is redistest.Compare with the round trips of our side.
func compare(b *testing.B, c *redis.Client, bare, ours func(i int) error) {
	trips := &redistest.Trips{}
	c.AddHook(trips)
	mine := int64(0)
	redistest.Compare(b, bare, func(i int) error {
		before := trips.N.Load()
		defer func() { mine += trips.N.Load() - before }()
		return ours(i)
	})
	b.ReportMetric(float64(mine)/float64(b.N), "trips/op")
}

// cancellable is a context as services pass it.
func cancellable(b *testing.B) context.Context {
	life, stop := context.WithCancel(ctx)
	b.Cleanup(stop)
	return life
}

var (
	body     = []byte(`{"holder":"pod-0","since":"2026-01-02T03:04:05Z","epoch":12}`)
	bareKeys = []string{"{b}:seq", "{b}:log", "{b}:ix"}
)

func BenchmarkPut(b *testing.B) {
	ctx := cancellable(b)
	c := redistest.Single(b)
	s := open(b, c, "db")
	compare(b, c,
		func(i int) error {
			k := fmt.Sprintf("key-%d", i)
			return barePut.Run(ctx, c, append(bareKeys[:3:3], "{b}:d:"+k), k, body).Err()
		},
		func(i int) error { return s.Put(&kvstore.KVPair{Key: fmt.Appendf(nil, "key-%d", i), Value: body}) })
}

func BenchmarkCompareAndSet(b *testing.B) {
	ctx := cancellable(b)
	c := redistest.Single(b)
	s := open(b, c, "db")
	put(b, s, pair("k", "0"))
	c.Set(ctx, "{b}:d:k", "0", 0)
	value := func(i int) []byte { return fmt.Append(nil, i) }
	compare(b, c,
		func(i int) error {
			return bareCas.Run(ctx, c, append(bareKeys[:3:3], "{b}:d:k"), "k", value(i+1), value(i)).Err()
		},
		func(i int) error {
			ok, err := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("k"), OldValue: value(i), NewValue: value(i + 1)})
			if err == nil && !ok {
				err = fmt.Errorf("%d was refused", i)
			}
			return err
		})
}

// A pair has its value and its expiry, of one moment: GET and PEXPIRETIME in a MULTI.
func BenchmarkGet(b *testing.B) {
	ctx := cancellable(b)
	c := redistest.Single(b)
	s := open(b, c, "db")
	put(b, s, &kvstore.KVPair{Key: []byte("k"), Value: body})
	compare(b, c, bareGet(ctx, c, "k"), func(int) error { _, err := s.Get([]byte("k")); return err })
}

// LoadValue is Get with a context.
func BenchmarkLoadValue(b *testing.B) {
	ctx := cancellable(b)
	c := redistest.Single(b)
	s := open(b, c, "db")
	put(b, s, &kvstore.KVPair{Key: []byte("k"), Value: body})
	compare(b, c, bareGet(ctx, c, "k"), func(int) error { _, _, err := s.LoadValue(ctx, []byte("k")); return err })
}

func BenchmarkGet100(b *testing.B) {
	c := redistest.Single(b)
	s := open(b, c, "db")
	var names []string
	var keys [][]byte
	for i := range 100 {
		names = append(names, fmt.Sprintf("key-%d", i))
		keys = append(keys, []byte(names[i]))
		put(b, s, &kvstore.KVPair{Key: keys[i], Value: body})
	}
	compare(b, c, bareGet(ctx, c, names...), func(int) error { _, err := s.Get(keys...); return err })
}

func bareGet(ctx context.Context, c *redis.Client, keys ...string) func(int) error {
	return func(int) error {
		_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for _, k := range keys {
				p.Get(ctx, "kv:{db}:d:"+k)
				p.PExpireTime(ctx, "kv:{db}:d:"+k)
			}
			return nil
		})
		return err
	}
}

func filledStore(b *testing.B, c *redis.Client) *redisdb.Store {
	s := open(b, c, "db")
	for i := range 10 {
		var pairs []*kvstore.KVPair
		for k := range 1000 {
			pairs = append(pairs, &kvstore.KVPair{Key: fmt.Appendf(nil, "key-%05d", i*1000+k), Value: body})
		}
		put(b, s, pairs...)
	}
	return s
}

// 10,000 pairs in pages of 512, each of one moment: bare, the same walk without epoch, clock, names to encode and bounds on
// bytes. Ours asks for no expiry where the database has none, and hands out bytes of its own for each pair.
func BenchmarkIterate(b *testing.B) {
	c := redistest.Single(b)
	s := filledStore(b, c)
	compare(b, c,
		func(int) error {
			n, from := 0, "-"
			for {
				page, err := barePage.Run(ctx, c, []string{"kv:{db}:ix"}, "kv:{db}:d:", from).Slice()
				if err != nil {
					return err
				}
				if n += len(page) / 3; len(page) < 3*512 {
					break
				}
				from = "(" + page[len(page)-3].(string)
			}
			if n != 10000 {
				return fmt.Errorf("%d pairs", n)
			}
			return nil
		},
		func(int) error {
			it := s.Iterate(nil)
			defer it.Close()
			n := 0
			for it.HasNext() {
				it.Next()
				n++
			}
			if n != 10000 {
				return fmt.Errorf("%d pairs, %v", n, it.Err())
			}
			return nil
		})
}

// 1,000 changes: bare, XRANGE and the counter that tells trimmed from not yet there, at one moment.
func BenchmarkLoadChanges(b *testing.B) {
	c := redistest.Single(b)
	s := open(b, c, "db")
	for i := range 1000 {
		put(b, s, &kvstore.KVPair{Key: fmt.Appendf(nil, "key-%05d", i), Value: body})
	}
	compare(b, c,
		func(int) error {
			_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Get(ctx, "kv:{db}:seq")
				p.XRangeN(ctx, "kv:{db}:log", "1-0", "+", 1000)
				return nil
			})
			return err
		},
		func(int) error {
			list, err := s.LoadChanges(1, 1000)
			if err == nil && len(list) != 1000 {
				err = fmt.Errorf("%d changes", len(list))
			}
			return err
		})
}

func BenchmarkLoadOneChange(b *testing.B) {
	c := redistest.Single(b)
	s := filledStore(b, c)
	put(b, s, pair("k", "1"))
	compare(b, c,
		func(int) error {
			_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Get(ctx, "kv:{db}:seq")
				p.XRangeN(ctx, "kv:{db}:log", "11-0", "+", 10)
				return nil
			})
			return err
		},
		func(int) error { _, err := s.LoadChanges(11, 10); return err })
}
