package record_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// lasting can be cancelled, as the contexts of services can.
var lasting, _ = context.WithCancel(context.Background())

// The baselines are what a careful user would send bare for the same effects in one trip. A version taken from a counter
// goes into the hash and the push, so no MULTI can do it: the bare form is an EVALSHA too, of the same commands without
// the type checks, the sweep and the library around them.
var (
	bareCreate = redis.NewScript(`
if redis.call('EXISTS', KEYS[4]) == 1 then return 0 end
local v = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[4], 'value', ARGV[1], 'version', v, 'lease', '0')
redis.call('ZADD', KEYS[2], 0, ARGV[2])
redis.call('SPUBLISH', KEYS[3], v .. ':' .. ARGV[2])
return v`)
	bareCas = redis.NewScript(`
if redis.call('HGET', KEYS[3], 'version') ~= ARGV[3] then return 0 end
local v = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[3], 'value', ARGV[1], 'version', v)
redis.call('SPUBLISH', KEYS[2], v .. ':' .. ARGV[2])
return v`)
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

var body = []byte(`{"holder":"pod-0","since":"2026-01-02T03:04:05Z","epoch":12}`)

func BenchmarkCreate(b *testing.B) {
	c := redistest.Single(b)
	s := open(b, c)
	compare(b, c,
		func(i int) error {
			k := fmt.Sprintf("key-%d", i)
			return bareCreate.Run(lasting, c, []string{"{b}:seq", "{b}:ix", "{b}:ch", "{b}:r:" + k}, body, k).Err()
		},
		func(i int) error {
			_, err := s.Create(lasting, record.Record{Key: record.Key(fmt.Sprintf("key-%d", i)), Value: body})
			return err
		})
}

func BenchmarkCasByVersion(b *testing.B) {
	c := redistest.Single(b)
	s := open(b, c)
	v := put(b, s, "k", "v", record.NoLeaseId)
	w := int64(1)
	c.HSet(lasting, "{b}:r:k", "value", "v", "version", w, "lease", "0")
	c.Set(lasting, "{b}:seq", w, 0)
	compare(b, c,
		func(i int) (err error) {
			w, err = bareCas.Run(lasting, c, []string{"{b}:seq", "{b}:ch", "{b}:r:k"}, body, "k", w).Int64()
			return err
		},
		func(i int) (err error) {
			v, err = s.CasByVersion(lasting, record.Record{Key: "k", Value: body, Version: v})
			return err
		})
}

// A reader that does not know whether the record has a lease needs both in one trip, and only a script can ask for
// what it has just read: the fair baseline of Get. BenchmarkGetPlain compares with an HMGET that knows.
var bareGet = redis.NewScript(`
local r = redis.call('HMGET', KEYS[1], 'value', 'version', 'lease')
if r[3] ~= '0' and redis.call('EXISTS', ARGV[1] .. r[3]) == 0 then return false end
return r`)

func BenchmarkGet(b *testing.B) {
	c := redistest.Single(b)
	s := open(b, c)
	put(b, s, "k", string(body), record.NoLeaseId)
	compare(b, c,
		func(int) error { return bareGet.Run(lasting, c, []string{"rec:{ns}:r:k"}, "rec:{ns}:lease:").Err() },
		func(int) error { _, err := s.Get(lasting, "k"); return err })
}

func BenchmarkGetPlain(b *testing.B) {
	c := redistest.Single(b)
	s := open(b, c)
	put(b, s, "k", string(body), record.NoLeaseId)
	compare(b, c,
		func(int) error { return c.HMGet(lasting, "rec:{ns}:r:k", "value", "version", "lease").Err() },
		func(int) error { _, err := s.Get(lasting, "k"); return err })
}

func BenchmarkGetLeased(b *testing.B) {
	c := redistest.Single(b)
	s := open(b, c)
	l, err := s.NewLease(ctx, time.Hour, false)
	if err != nil {
		b.Fatal(err)
	}
	put(b, s, "k", string(body), l.Id())
	compare(b, c,
		func(int) error { return bareGet.Run(lasting, c, []string{"rec:{ns}:r:k"}, "rec:{ns}:lease:").Err() },
		func(int) error { _, err := s.Get(lasting, "k"); return err })
}

// A record with a lease must not be changed once that is gone, so the bare form has to look as well.
var bareCasLeased = redis.NewScript(`
local r = redis.call('HMGET', KEYS[3], 'version', 'lease')
if r[1] ~= ARGV[3] or (r[2] ~= '0' and redis.call('EXISTS', ARGV[4] .. r[2]) == 0) then return 0 end
local v = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[3], 'value', ARGV[1], 'version', v)
redis.call('SPUBLISH', KEYS[2], v .. ':' .. ARGV[2])
return v`)

func BenchmarkCasLeased(b *testing.B) {
	c := redistest.Single(b)
	s := open(b, c)
	v := put(b, s, "k", "v", grant(b, s, time.Hour, false).Id())
	w := int64(1)
	c.HSet(lasting, "{b}:r:k", "value", "v", "version", w, "lease", "1")
	c.Set(lasting, "{b}:lease:1", "", 0)
	c.Set(lasting, "{b}:seq", w, 0)
	compare(b, c,
		func(i int) (err error) {
			w, err = bareCasLeased.Run(lasting, c, []string{"{b}:seq", "{b}:ch", "{b}:r:k"}, body, "k", w, "{b}:lease:").Int64()
			return err
		},
		func(i int) (err error) {
			v, err = s.CasByVersion(lasting, record.Record{Key: "k", Value: body, Version: v})
			return err
		})
}
