package live

import (
	"context"
	"testing"
	"time"
)

// paced is a pace on a clock of its own, which sleeping turns on.
func paced(perSecond int) (*pace, *time.Time) {
	now := time.Unix(1000, 0)
	p := newPace(perSecond, func() time.Time { return now })
	p.sleep = func(_ context.Context, d time.Duration) { now = now.Add(d) }
	return p, &now
}

func TestPaceKeepsToTheBudget(t *testing.T) {
	for _, tt := range []struct{ perSecond, trips, least, most int }{
		{100, 1000, 9900, 10_000}, {2000, 1000, 490, 500}, {1, 3, 1900, 2000}, {0, 1000, 0, 0},
	} {
		p, now := paced(tt.perSecond)
		start := *now
		for range tt.trips {
			p.trip(ctx)
		}
		if took := now.Sub(start); took < time.Duration(tt.least)*time.Millisecond || took > time.Duration(tt.most)*time.Millisecond {
			t.Errorf("%d trips at %d a second took %v", tt.trips, tt.perSecond, took)
		}
	}
	p, now := paced(10)
	p.trip(ctx)
	*now = now.Add(time.Hour) // what was not used is not saved up
	start := *now
	for range 11 {
		p.trip(ctx)
	}
	if took := now.Sub(start); took < 900*time.Millisecond {
		t.Errorf("11 trips after a rest took %v", took)
	}
}

func TestPaceLetsASlowServerRest(t *testing.T) {
	p, now := paced(0)
	rest := func(took time.Duration) time.Duration {
		p.page(took)
		start := *now
		p.trip(ctx)
		return now.Sub(start)
	}
	for _, tt := range []struct{ took, rest time.Duration }{
		{time.Millisecond, 0}, {2 * time.Millisecond, 0}, {4 * time.Millisecond, 0}, {40 * time.Millisecond, 40 * time.Millisecond},
		{time.Millisecond, 0}, {time.Minute, time.Second},
	} {
		if got := rest(tt.took); got != tt.rest {
			t.Errorf("after a page of %v it rests %v, want %v", tt.took, got, tt.rest)
		}
	}
	for range 1000 { // a line that has become slow is no reason to rest for ever
		rest(40 * time.Millisecond)
	}
	if got := rest(40 * time.Millisecond); got != 0 {
		t.Errorf("after a thousand pages of the same time it rests %v", got)
	}
}
