package fencing

import (
	"testing"

	"pgregory.net/rapid"

	"holdfast/core/conn"
)

func TestEveryLockHasACounterOfItsOwnInItsSlot(t *testing.T) {
	for lock, want := range map[string]string{
		"lock:a":    "{lock:a}:fence",
		"lock:{a}":  "lock:{a}::fence",
		"{a}":       "{a}::fence",
		"a":         "{a}:fence",
		"{{a}}":     "{{a}}::fence",
		"a{b":       "{a{b}:fence",
		"lock:{}:a": Counter("lock:{}:a"),
	} {
		if got := Counter(lock); got != want {
			t.Errorf("%s: %s, want %s", lock, got, want)
		}
	}
	if got := slot("123456789"); got != 0x31c3 {
		t.Errorf("the check value of CRC-16/XMODEM is %#x", got)
	}
	counters := make(map[string]string)
	key := rapid.StringOfN(rapid.SampledFrom([]rune("{}:.ab01")), 1, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		lock := key.Draw(t, "lock") + rapid.SampledFrom([]string{"", ":fence", "}:fence", "::fence", ".:fence"}).Draw(t, "end")
		counter := Counter(lock)
		if slot(conn.HashTag(counter)) != slot(conn.HashTag(lock)) {
			t.Fatalf("%q lies in another slot than %q", counter, lock)
		}
		if other, ok := counters[counter]; ok && other != lock {
			t.Fatalf("%q and %q share %q", lock, other, counter)
		}
		counters[counter] = lock
		if back, ok := Lock(counter); !ok || back != lock {
			t.Fatalf("%q is the counter of %q, not of %q (%v)", counter, lock, back, ok)
		}
		if owner, ok := Lock(lock); ok && Counter(owner) != lock {
			t.Fatalf("%q is no counter of %q", lock, owner)
		}
	})
}
