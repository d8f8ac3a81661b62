package views

import (
	"testing"
	"time"

	"holdfast/core/live"
)

func TestSparkline(t *testing.T) {
	for _, c := range []struct {
		counts []int
		want   string
	}{
		{nil, "    "}, {[]int{0, 0}, "  ▁▁"}, {[]int{0, 1}, "  ▁█"}, {[]int{7, 14, 0}, " ▄█▁"}, {[]int{9, 9, 9, 1, 2, 4, 8}, "▁▂▄█"},
	} {
		if got := sparkline(c.counts, 4); got != c.want {
			t.Errorf("sparkline(%v) = %q, want %q", c.counts, got, c.want)
		}
	}
}

// A question is asked again when rows changed or, if time alone makes another answer, each time; but one that takes
// long rests for many times as long.
func TestQuestionsAreAskedNoMoreThanNeeded(t *testing.T) {
	snap := func(rev uint64) *live.Snapshot {
		return &live.Snapshot{Tables: []*live.Table{{Kind: "a", Rev: rev}, {Kind: "b", Rev: 7}}}
	}
	asked := 0
	ask := func(q question, rev uint64, before finding) finding {
		q.find = func(*live.Snapshot) []*line { asked++; return nil }
		return q.answer(snap(rev), before)
	}
	still, timed := question{kinds: []live.Kind{"a"}}, question{kinds: []live.Kind{"a"}, timed: true}
	quick := finding{rev: ask(still, 1, finding{}).rev, at: time.Now().Add(-time.Second), took: time.Microsecond}
	slow := finding{rev: quick.rev, at: time.Now(), took: time.Minute}
	for _, c := range []struct {
		name   string
		q      question
		rev    uint64
		before finding
		want   int
	}{
		{"nothing changed", still, 1, quick, 0},
		{"a row changed", still, 2, quick, 1},
		{"time went on", timed, 1, quick, 1},
		{"a row changed, but it takes long", still, 2, slow, 0},
		{"time went on, but it takes long", timed, 1, slow, 0},
		{"it takes long and was never asked", still, 1, finding{}, 1},
		{"it took long, long ago", still, 2, finding{rev: 1, at: time.Now().Add(-time.Hour), took: time.Minute}, 1},
	} {
		asked = 0
		ask(c.q, c.rev, c.before)
		if asked != c.want {
			t.Errorf("%s: asked %d times, want %d", c.name, asked, c.want)
		}
	}
}
