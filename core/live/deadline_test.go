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
	for i := range 10_000 { // moved on and on
		put(50, "c", 60+float64(i))
	}
	if n := len(tr.due.queue); n > 10 {
		t.Errorf("%d entries for two rows", n)
	}
	for i := range 100_000 { // coming and going
		put(50, "d", 1000+float64(i))
		tr.merge()
		tr.apply([]string{"d"}, nil, at(50))
		tr.merge()
	}
	if n := len(tr.due.queue); n > 2*dueSpare {
		t.Errorf("%d entries for two rows and one that came and went", n)
	}
	due(101, "a")
	put(101, "a", 0)
	due(2000)
	due(1e6, "c")
	tr.apply([]string{"a", "c", "never"}, nil, at(1e6))
	due(2e6)
	if len(tr.due.queue) != 0 {
		t.Errorf("%d entries for no rows", len(tr.due.queue))
	}
}

func TestPrefixesThatServersTake(t *testing.T) {
	for _, tt := range []struct {
		kinds []kind.Kind
		want  []string
	}{
		{kindsOf("a:*", "b:*"), []string{"a:", "b:"}},
		{kindsOf("rec:{*}:lease:*", "rec:{*}:lk:*", "rec:*", "recent:*"), []string{"rec:", "recent:"}},
		{kindsOf("kv:*", "kv:{*}:d:*"), []string{"kv:"}},
		{kindsOf(`a\*b:*`, "*"), []string{""}},
	} {
		same(t, "prefixes", prefixesOf(tt.kinds), tt.want)
	}
}
