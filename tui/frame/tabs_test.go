package frame

import (
	"testing"
)

func TestBrief(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.0k", 9999: "9.9k", 12_345: "12k", 999_999: "999k", 1_000_000: "1.0M", 9_999_999: "9.9M", 12_000_000: "12M"} {
		if got := brief(n); got != want {
			t.Errorf("brief(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestTerse(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1k", 99_999: "99k", 100_000: ".1M", 999_999: ".9M", 1_000_000: "1M", 99_999_999: "99M", 100_000_000: ".1G", 2_000_000_000: "2G"} {
		if got := terse(n); got != want {
			t.Errorf("terse(%d) = %q, want %q", n, got, want)
		}
	}
}
