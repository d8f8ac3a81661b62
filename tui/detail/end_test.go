package detail

import (
	"testing"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/tui/view/viewtest"
)

// A row that is gone after its deadline has expired; before that, or without one, somebody deleted it.
func TestHowARowEnded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	lock := func(expires time.Time) kind.Row {
		ends := actorstore.LockColumns.Expires
		return ends.Schema().One("lock:a", func(b *kind.Builder) { ends.Set(b, expires) })
	}
	for _, c := range []struct {
		row  live.Row
		want string
	}{
		{lock(now.Add(-time.Millisecond)), "expired"},
		{lock(now), "expired"},
		{lock(now.Add(time.Second)), "deleted"},
		{lock(time.Time{}), "deleted"},
		{viewtest.Row("a", 0, ""), "deleted"},
	} {
		if got := end(c.row, now); got != c.want {
			t.Errorf("%v: %s, want %s", c.row, got, c.want)
		}
	}
}
