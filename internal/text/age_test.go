package text

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAge(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"}, {time.Nanosecond, "0ms"}, {420 * time.Millisecond, "420ms"}, {999 * time.Millisecond, "999ms"},
		{time.Second, "1s"}, {9500 * time.Millisecond, "9.5s"}, {9990 * time.Millisecond, "9.9s"}, {10 * time.Second, "10s"}, {42900 * time.Millisecond, "42s"},
		{time.Minute, "1m00s"}, {187 * time.Second, "3m07s"}, {10*time.Minute - 1, "9m59s"}, {10 * time.Minute, "10m"}, {time.Hour - 1, "59m"},
		{time.Hour, "1h00m"}, {125 * time.Minute, "2h05m"},
		{48*time.Hour - 1, "47h59m"}, {48 * time.Hour, "2d"}, {20000 * 24 * time.Hour, "20000d"},
		{-time.Second, "-1s"}, {-125 * time.Minute, "-2h05m"}, {math.MinInt64, "-106751d"}, {math.MaxInt64, "106751d"},
	} {
		if got := Age(c.d); got != c.want {
			t.Errorf("Age(%v) = %q, want %q", c.d, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(90_000*24*time.Hour)).Draw(t, "d"))
		if got := Age(d); len(got) > 6 || got == "" {
			t.Fatalf("Age(%v) = %q", d, got)
		}
	})
}
