package rate_test

import (
	"math"
	"testing"
	"time"

	"holdfast/core/rate"
)

var start = time.Unix(1_000_000, 0)

func near(got, want float64) bool { return math.Abs(got-want) < 0.01 }

func TestASteadyRateIsFoundHoweverItIsRead(t *testing.T) {
	for _, every := range []time.Duration{50 * time.Millisecond, time.Second, 30 * time.Second} {
		var r rate.Rate
		now, seen := start, uint64(0)
		for now.Sub(start) < 3*time.Minute {
			before, had := now, seen
			now = now.Add(every)
			seen = uint64(now.Sub(start).Seconds() * 40)
			r = r.Add(seen-had, before, now)
		}
		if got := r.At(now); math.Abs(got-40) > 0.1 {
			t.Errorf("read every %v: %v", every, got)
		}
	}
}

func TestARateFallsByItself(t *testing.T) {
	r := rate.Rate{}.Add(100, start, start.Add(time.Second))
	first := r.At(start.Add(time.Second))
	if want := 100 * (1 - math.Exp(-0.1)); !near(first, want) {
		t.Errorf("after the first second: %v, want %v", first, want)
	}
	for after, want := range map[time.Duration]float64{0: first, rate.Memory: first / math.E, 2 * rate.Memory: first / math.E / math.E, time.Hour: 0} {
		if got := r.At(start.Add(time.Second + after)); !near(got, want) {
			t.Errorf("after %v: %v, want %v", after, got, want)
		}
	}
	if got := r.At(start); got != first {
		t.Errorf("before it was read: %v", got)
	}
	if got := (rate.Rate{}).At(start); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestAPauseOfTheReaderIsNoBurst(t *testing.T) {
	r := rate.Rate{}.Add(6000, start, start.Add(10*time.Minute))
	if got := r.At(start.Add(10 * time.Minute)); !near(got, 10) {
		t.Errorf("%v a second, want 10", got)
	}
	if got := (rate.Rate{}).Add(5, start, start).At(start); !near(got, 0.5) {
		t.Errorf("two readings of one moment: %v", got)
	}
}

func TestRatesRankAsOfOneMoment(t *testing.T) {
	early := rate.Rate{}.Add(100, start, start.Add(time.Second))
	late := rate.Rate{}.Add(50, start.Add(20*time.Second), start.Add(21*time.Second))
	if early.Rank() >= late.Rank() || (rate.Rate{}).Rank() != 0 || early.Rank() <= 0 {
		t.Error("what happened long ago is not less than what happens now")
	}
}
