package demo

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/internal/redistest"
)

// What is left to a key is always what TIME has not counted yet, and TIME never goes back.
func TestTimeAndTTLsMoveInStep(t *testing.T) {
	start := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		c, server := redistest.Mini(t)
		clock := newClock(server, start)
		const life = time.Hour
		c.Set(ctx, "k", "v", life)
		last := start
		for _, ms := range rapid.SliceOfN(rapid.IntRange(0, 2*int(life.Milliseconds())), 1, 10).Draw(r, "times") {
			clock.set(start.Add(time.Duration(ms) * time.Millisecond))
			now, left := c.Time(ctx).Val(), c.PTTL(ctx, "k").Val()
			if now.Before(last) {
				r.Fatalf("%v after %v", now, last)
			}
			last = now
			if want := life - now.Sub(start); want > 0 && left != want || want <= 0 && left != -2 {
				r.Fatalf("at %v: %v left, want %v", now, left, want)
			}
		}
	})
}

// While the demo runs the server's clock moves by itself, and never ahead of ours.
func TestTheServersClockFollowsOurs(t *testing.T) {
	d := must[*Demo](t)(Start(ctx, Options{}))
	defer d.Close()
	c := d.session.core.Conn
	first, left := c.Time(ctx).Val(), c.PTTL(ctx, "lock:"+longLock).Val()
	redistest.Eventually(t, "the clock moves", func() bool {
		now := c.Time(ctx).Val()
		if ours := time.Now(); now.After(ours) {
			t.Fatalf("it is %v there and %v here", now, ours)
		}
		return now.Sub(first) >= 5*tick
	})
	if c.PTTL(ctx, "lock:"+longLock).Val() > left-5*tick {
		t.Error("a time to live did not move with it")
	}
}
