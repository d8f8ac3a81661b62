// Package rate tells how often something happens, from counters that are read now and then. A Rate is a value: it falls
// by itself as time goes on, and nothing has to run for that.
package rate

import (
	"math"
	"time"
)

// Memory is the time constant, as that of a load average: what happened so long before counts 1/e of what happens now.
const Memory = 10 * time.Second

// Rate is events a second, as of its last reading. The zero Rate is that of what never happened.
type Rate struct {
	value float64
	at    time.Time
}

// New is a rate that was value at a moment.
func New(value float64, at time.Time) Rate { return Rate{value, at} }

// Add is the rate after n events more, which happened anywhere between two readings. They count as spread evenly over
// that time, so that a pause of the reader is not taken for a burst.
func (r Rate) Add(n uint64, since, now time.Time) Rate {
	recent := float64(n) / Memory.Seconds()
	if span := now.Sub(since); span > 0 {
		recent = float64(n) / span.Seconds() * (1 - fade(span))
	}
	return Rate{r.At(now) + recent, now}
}

// At is the rate at a moment, if nothing happened since the last reading.
func (r Rate) At(now time.Time) float64 {
	if r.value == 0 {
		return 0
	}
	return r.value * fade(max(0, now.Sub(r.at)))
}

// Rank orders rates as they are at any one moment, since all fall alike. It is 0 for what never happened, else above.
func (r Rate) Rank() float64 {
	if r.value == 0 {
		return 0
	}
	return max(math.SmallestNonzeroFloat64, math.Log(r.value)+float64(r.at.UnixMilli())/float64(Memory.Milliseconds()))
}

func fade(span time.Duration) float64 { return math.Exp(-span.Seconds() / Memory.Seconds()) }
