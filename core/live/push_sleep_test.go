package live

import (
	"context"
	"strconv"
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

// Keys that wait are bounded, and so is what a push takes from us when it lets go of them or of a master: a gap tells that
// every row must be read anew.
func TestWhatAPushLetsGoOfIsAGap(t *testing.T) {
	p := newPush(nil, nil)
	before, _ := p.state()
	keys := make([]string, maxPushed)
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	p.changed(keys)
	if gaps, _ := p.state(); gaps != before {
		t.Error("a gap, and nothing is missing")
	}
	p.changed([]string{"one more"})
	if gaps, _ := p.state(); gaps == before || len(p.take()) != 0 {
		t.Error("keys are dropped, and nothing says so")
	}

	before, _ = p.state()
	_, end := context.WithCancel(context.Background())
	p.links["a master that is none any more"] = &link{up: true, end: end}
	p.follow(context.Background(), nil, nil)
	if gaps, whole := p.state(); gaps == before || whole {
		t.Error("a master is gone, and nothing says so")
	}
}
