package live

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"holdfast/core/kind"
)

func TestRowsAreReadWhenTheirDeadlinePasses(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	tr := newFakeTracker()
	put := func(now float64, id string, end float64) {
		row := fakeSchema.One(id, func(b *kind.Builder) {
			if end != 0 {
				fakeEnds.Set(b, at(end))
			}
		})
		tr.apply([]string{id}, []kind.Row{row}, at(now))
	}
	due := func(now float64, want ...string) {
		t.Helper()
		tr.expire(at(now))
		got := tr.take(len(tr.wanted))
		slices.Sort(got)
		same(t, fmt.Sprint("due after ", now), got, append([]string{}, want...))
	}
	put(0, "a", 10)
	put(0, "b", 20)
	put(0, "never", 0)
	due(9.9)
	due(10.2, "a")
	due(10.5)
	due(11.4, "a") // the server has not noticed: asked once a second
	put(11.5, "a", 100)
	due(13, []string{}...)
	put(13, "b", 15) // shortened
	due(15.2, "b")
	tr.apply([]string{"b"}, nil, at(15.3)) // gone
	due(30)
	put(30, "c", 40) // at the place of b
	due(41, "c")
	put(50, "c", 60) // moved on
	due(59)
	put(59, "c", 5000)
	due(101, "a")
	put(101, "a", 0)
	due(2000)
	due(1e6, "c")
	tr.apply([]string{"a", "c", "never"}, nil, at(1e6))
	due(2e6)
	if n := tr.due.Len(); n != 0 {
		t.Errorf("%d deadlines of no rows", n)
	}
}
