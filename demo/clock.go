package demo

import (
	"time"

	"github.com/alicebob/miniredis/v2"
)

// clock is the time of the embedded server: what TIME tells and what TTLs count down by, always in step and never
// backward.
//
// Left to itself the server would follow the wall clock, which may step back, and count all TTLs down again at every
// command, which takes longer than most commands do. So its clock stands between two calls of set.
type clock struct {
	server *miniredis.Miniredis
	at     time.Time
}

func newClock(server *miniredis.Miniredis, start time.Time) *clock {
	server.SetTime(start)
	server.ClockTTL(true)
	return &clock{server, start}
}

// set moves the clock to now. Callers take now from the monotonic clock.
func (c *clock) set(now time.Time) {
	if now.After(c.at) {
		c.at = now
		c.server.SetTime(now)
	}
}
