package live

import (
	"testing"
	"time"
)

// A computer that slept counted no time: what lives on our clock must be read again, though nothing was missed.
func TestSleepIsAGap(t *testing.T) {
	for _, tt := range []struct {
		wall, ours time.Duration
		gap        bool
	}{
		{time.Second, time.Second, false},
		{time.Hour, time.Hour, false}, // a process that was stopped
		{time.Second + 50*time.Millisecond, time.Second, false},
		{time.Hour, time.Second, true},
		{-time.Hour, time.Second, true}, // somebody set the clock
	} {
		p := newPush(nil, nil)
		before, _ := p.state()
		p.elapsed(tt.wall, tt.ours)
		if now, _ := p.state(); now != before != tt.gap {
			t.Errorf("%v by the wall clock, %v by ours: %d gaps", tt.wall, tt.ours, now-before)
		}
	}
}
