package buffer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/core/redistest"
)

var benchRecord = json.RawMessage(`{"id":1234567,"url":"https://example.org/products/1234567","title":"A thing of some length","price":12.5,"seen":"2024-05-06T07:08:09Z","ok":true}`)

var benchNames = []any{"id", "url", "title", "price", "seen", "ok"}

// The baseline is what a careful user sends for a push in one trip: the commands of the seed in one MULTI, counting on
// the replies of RPUSH and INCRBY rather than asking again, with the client's clock and the member names known already.
func barePush(ctx context.Context, c redis.UniversalClient, more func(redis.Pipeliner)) error {
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
	c, ctx := redistest.Single(b), context.Background()
	buf := buffer.New(c, buffer.Options{})
	compare(b, c,
		func(int) error { return barePush(ctx, c, nil) },
		func(int) error { _, err := buf.Push(ctx, "s", benchRecord); return err })
}

// With an id the careful user adds it to a capped ZSET that expires, as we do (and still pushes twice on a repetition,
// as a MULTI cannot look first).
func BenchmarkPushWithID(b *testing.B) {
	c, ctx := redistest.Single(b), context.Background()
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
		func(i int) error { return barePush(ctx, c, ids(i)) },
		func(i int) error {
			_, err := buf.Push(ctx, "s", benchRecord, buffer.WithID(fmt.Sprint("op-", i)))
			return err
		})
}

// The baseline of a prepare: renames, unlock and reads in one MULTI under a timestamp of the client. Both sides have
// one record of the same size to move, and empty the batch again, so that the server stays small.
func BenchmarkPrepareToPersist(b *testing.B) {
	c, ctx := redistest.Single(b), context.Background()
	buf := buffer.New(c, buffer.Options{})
	compare(b, c,
		func(i int) error {
			if err := barePush(ctx, c, nil); err != nil {
				return err
			}
			at := fmt.Sprintf("bare:%d:{s}:", i+1)
			_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				for _, part := range []string{"list", "keys", "size", "ts"} {
					p.RenameNX(ctx, "bare:{s}:"+part, at+part)
				}
				p.Del(ctx, "bare:{s}:lock")
				p.LRange(ctx, at+"list", 0, -1)
				p.SMembers(ctx, at+"keys")
				return nil
			})
			if err != nil {
				return err
			}
			return c.Unlink(ctx, at+"list", at+"keys", at+"size", at+"ts", at+"lock").Err()
		},
		func(int) error {
			if _, err := buf.Push(ctx, "s", benchRecord); err != nil {
				return err
			}
			batch, _, err := buf.PrepareToPersist(ctx, "s", "")
			if err != nil {
				return err
			}
			return buf.Empty(ctx, "s", batch.At)
		})
}

// compare runs both sides, and tells how many round trips one of our calls takes.
func compare(b *testing.B, c *redis.Client, bare, ours func(i int) error) {
	b.Helper()
	if err := ours(-1); err != nil { // loads the scripts
		b.Fatal(err)
	}
	trips := &redistest.Trips{}
	c.AddHook(trips)
	before := int64(0)
	redistest.Compare(b, bare, func(i int) error {
		before -= trips.N.Load()
		err := ours(i)
		before += trips.N.Load()
		return err
	})
	b.ReportMetric(float64(before)/float64(b.N), "trips/op")
}
