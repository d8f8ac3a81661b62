package frame

import (
	"testing"
	"time"
)

func TestLatencyStandsStill(t *testing.T) {
	var l Latency
	shown := func(want string, measured ...time.Duration) {
		t.Helper()
		for _, d := range measured {
			l.Take(d)
		}
		if got := l.Shown.String(); got != want {
			t.Errorf("after %v it is %s, want %s", measured, got, want)
		}
	}
	const µs = time.Microsecond
	shown("0s")
	shown("420µs", 423*µs)
	shown("420µs", 300*µs, 610*µs, 280*µs, 550*µs, 420*µs, 700*µs, 250*µs) // noise
	shown("420µs", 2*time.Millisecond)                                     // once
	for range 20 {
		l.Take(20_345 * µs) // the same measurement in many snapshots
	}
	shown("3.1ms")
	for i := range 40 {
		l.Take(time.Duration(20_000+i) * µs)
	}
	if l.Shown < 12*time.Millisecond {
		t.Errorf("it stays at %v", l.Shown)
	}
	for i := range 60 {
		l.Take(time.Duration(100+i%2) * µs)
	}
	if l.Shown > 180*µs {
		t.Errorf("it stays at %v", l.Shown)
	}
}
