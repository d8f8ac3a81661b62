package conn

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// PTTL queues PTTL. The client library's own command has the answer as a time.Duration, which ends after 292 years and
// begins again: a key that lives until the year 9999 had no deadline then.
func PTTL(ctx context.Context, p redis.Pipeliner, key string) *redis.IntCmd {
	cmd := redis.NewIntCmd(ctx, "pttl", key)
	_ = p.Process(ctx, cmd) // only queues
	return cmd
}

// Deadline is when a key ends of which PTTL was asked at now; zero: never, or it is not there.
func Deadline(now time.Time, pttl int64) time.Time {
	const longest = 1 << 60 // further than that a time.Time has no year
	switch {
	case pttl < 0:
		return time.Time{}
	case pttl < int64(24*time.Hour/time.Millisecond):
		return now.Add(time.Duration(pttl) * time.Millisecond) // exact, and on the monotonic clock
	}
	return time.UnixMilli(now.UnixMilli() + min(pttl, longest))
}
