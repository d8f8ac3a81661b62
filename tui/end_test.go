package tui

import (
	"testing"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/live"
)

// A row that is gone after its deadline has expired; before that, or without one, somebody deleted it.
func TestHowARowEnded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, c := range []struct {
		row  live.Row
		want string
	}{
		{&actorstore.LockRow{Key: "lock:a", Expires: now.Add(-time.Millisecond)}, "expired"},
		{&actorstore.LockRow{Key: "lock:a", Expires: now}, "expired"},
		{&actorstore.LockRow{Key: "lock:a", Expires: now.Add(time.Second)}, "deleted"},
		{&actorstore.LockRow{Key: "lock:a"}, "deleted"},
		{&actorstore.WorkerRow{}, "deleted"},
	} {
		if got := end(c.row, now); got != c.want {
			t.Errorf("%+v: %s, want %s", c.row, got, c.want)
		}
	}
}
