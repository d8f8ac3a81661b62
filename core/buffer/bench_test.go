package buffer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/internal/redistest"
)

var benchRecord = json.RawMessage(`{"id":1234567,"url":"https://example.org/products/1234567","title":"A thing of some length","price":12.5,"seen":"2024-05-06T07:08:09Z","ok":true}`)

var benchNames = []any{"id", "url", "title", "price", "seen", "ok"}

// The seed's push, literally, in one MULTI. What it counts with, the member names, has to be decoded from the record
// first, on both sides. The time of the first write is the client's.
func seedPush(ctx context.Context, c redis.UniversalClient) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(benchRecord, &members); err != nil {
		return err
	}
	names := make([]any, 0, len(members))
	for n := range members {
		names = append(names, n)
	}
	_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.RPush(ctx, "bare:{s}:list", []byte(benchRecord))
		p.SetNX(ctx, "bare:{s}:ts", time.Now().UnixMilli(), 0)
		p.SAdd(ctx, "bare:{s}:keys", names...)
		p.IncrBy(ctx, "bare:{s}:size", int64(len(benchRecord)))
		p.Get(ctx, "bare:{s}:size")
		p.LLen(ctx, "bare:{s}:list")
		p.SMembers(ctx, "bare:{s}:keys")
		p.Get(ctx, "bare:{s}:ts")
		return nil
	})
	return err
}

// The fewest commands that do the same to well-formed keys: names known beforehand, no reply asked for twice.
func fewestPush(ctx context.Context, c redis.UniversalClient, more func(redis.Pipeliner)) error {
	_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.RPush(ctx, "bare:{s}:list", []byte(benchRecord))
		p.SetNX(ctx, "bare:{s}:ts", time.Now().UnixMilli(), 0)
		p.SAdd(ctx, "bare:{s}:keys", benchNames...)
		p.IncrBy(ctx, "bare:{s}:size", int64(len(benchRecord)))
		p.SMembers(ctx, "bare:{s}:keys")
		p.Get(ctx, "bare:{s}:ts")
		if more != nil {
			more(p)
		}
		return nil
	})
	return err
}

func BenchmarkPush(b *testing.B) {
	ctx, cancel := context.WithCancel(ctx) // as services pass them
	defer cancel()
	for against, bare := range map[string]func(c *redis.Client) error{
		"the seed":            func(c *redis.Client) error { return seedPush(ctx, c) },
		"the fewest commands": func(c *redis.Client) error { return fewestPush(ctx, c, nil) },
	} {
		b.Run("against "+against, func(b *testing.B) {
			c := redistest.Single(b)
			buf := buffer.New(c, buffer.Options{})
			compare(b, c, func(int) error { return bare(c) }, func(int) error { _, err := buf.Push(ctx, "s", benchRecord); return err })
		})
	}
}

// With an id the careful user adds it to a capped ZSET that expires, as we do (and still pushes twice on a repetition,
// as a MULTI cannot look first).
func BenchmarkPushWithID(b *testing.B) {
	c := redistest.Single(b)
	ctx, cancel := context.WithCancel(ctx) // as services pass them
	defer cancel()
	buf := buffer.New(c, buffer.Options{})
	ids := func(i int) func(redis.Pipeliner) {
		return func(p redis.Pipeliner) {
			p.ZAddNX(ctx, "bare:{s}:ops", redis.Z{Score: float64(time.Now().UnixMicro()), Member: fmt.Sprint("op-", i)})
			p.ZRemRangeByScore(ctx, "bare:{s}:ops", "-inf", fmt.Sprint(time.Now().Add(-buffer.OpWindow).UnixMicro()))
			p.ZRemRangeByRank(ctx, "bare:{s}:ops", 0, -buffer.OpLimit-1)
			p.PExpire(ctx, "bare:{s}:ops", buffer.OpWindow)
		}
	}
	compare(b, c,
		func(i int) error { return fewestPush(ctx, c, ids(i)) },
		func(i int) error {
			_, err := buf.Push(ctx, "s", benchRecord, buffer.WithID(fmt.Sprint("op-", i)))
			return err
		})
}

// The baseline of a prepare: renames, unlock and reads in one MULTI under a timestamp of the client, which two clients
// may share and which repeats when the clock does. Each call has a store of its own with ten records.
func BenchmarkPrepareToPersist(b *testing.B) {
	c := redistest.Single(b)
	ctx, cancel := context.WithCancel(ctx) // as services pass them
	defer cancel()
	buf := buffer.New(c, buffer.Options{})
	parts := []string{"list", "keys", "size", "ts"}
	for i := range b.N {
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, base := range []string{fmt.Sprintf("bare:{%d}:", i), fmt.Sprintf("buf:{%d}:", i)} {
				for range 10 {
					p.RPush(ctx, base+"list", []byte(benchRecord))
				}
				p.SAdd(ctx, base+"keys", benchNames...)
				p.MSet(ctx, base+"size", len(benchRecord)*10, base+"ts", 1)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	compare(b, c,
		func(i int) error {
			live, at := fmt.Sprintf("bare:{%d}:", i), fmt.Sprintf("bare:%d:{%d}:", time.Now().UnixMilli(), i)
			_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				for _, part := range parts {
					p.RenameNX(ctx, live+part, at+part)
				}
				p.Del(ctx, live+"lock")
				p.LRange(ctx, at+"list", 0, -1)
				p.SMembers(ctx, at+"keys")
				return nil
			})
			return err
		},
		func(i int) error {
			_, _, err := buf.PrepareToPersist(ctx, fmt.Sprint(i), "")
			return err
		})
}

// compare runs both sides, and tells how many round trips one of our calls takes.
func compare(b *testing.B, c *redis.Client, bare, ours func(i int) error) {
	b.Helper()
	trips := &redistest.Trips{}
	c.AddHook(trips)                 // before the first call, which a later hook would stand behind
	if err := ours(-1); err != nil { // loads the scripts
		b.Fatal(err)
	}
	before := int64(0)
	redistest.Compare(b, bare, func(i int) error {
		before -= trips.N.Load()
		err := ours(i)
		before += trips.N.Load()
		return err
	})
	b.ReportMetric(float64(before)/float64(b.N), "trips/op")
}
