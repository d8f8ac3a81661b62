package conn_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestADeadlineIsRightHoweverFarItIs(t *testing.T) {
	ctx := context.Background()
	c := redistest.Single(t)
	for _, want := range []time.Time{time.Now().Add(time.Minute), time.Now().AddDate(1, 0, 0), time.Now().AddDate(300, 0, 0), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
		if err := c.Set(ctx, "k", "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.Do(ctx, "PEXPIREAT", "k", want.UnixMilli()).Err(); err != nil {
			t.Fatal(err)
		}
		var life *redis.IntCmd
		now := time.Now()
		if err := conn.Pipeline(ctx, c, func(p redis.Pipeliner) { life = conn.PTTL(ctx, p, "k") }); err != nil {
			t.Fatal(err)
		}
		if got := conn.Deadline(now, life.Val()); got.Sub(want).Abs() > 10*time.Second {
			t.Errorf("%v became %v", want, got)
		}
	}
	for _, none := range []int64{-1, -2} {
		if got := conn.Deadline(time.Now(), none); !got.IsZero() {
			t.Errorf("%d became %v", none, got)
		}
	}
	if got := conn.Deadline(time.Now(), 1<<63-1); got.Before(time.Now()) {
		t.Errorf("the longest life became %v", got)
	}
}
