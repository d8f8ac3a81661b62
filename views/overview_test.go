package views

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"holdfast/core/buffer"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/tui/view"
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

// A chart is as a sparkline of more lines: a bar stands on the lowest line, and nothing at all is an eighth.
func TestBars(t *testing.T) {
	for _, c := range []struct {
		counts        []int
		width, height int
		want          []string
	}{
		{nil, 3, 2, []string{"   ", "   "}},
		{[]int{0, 0}, 3, 2, []string{"   ", " ▁▁"}},
		{[]int{0, 1}, 3, 2, []string{"  █", " ▁█"}},
		{[]int{1, 0, 1, 2, 4}, 4, 2, []string{"   █", "▁▄██"}},
		{[]int{3, 3}, 2, 3, []string{"██", "██", "██"}},
	} {
		if got := bars(c.counts, c.width, c.height); !slices.Equal(got, c.want) {
			t.Errorf("bars(%v, %d, %d) = %q, want %q", c.counts, c.width, c.height, got, c.want)
		}
	}
}

func TestChartsFillTheirRoom(t *testing.T) {
	snap := &live.Snapshot{}
	for _, name := range []kind.Name{"buffers", "pairs", "a", "b", "c", "d"} {
		snap.Tables = append(snap.Tables, live.NewTable(name, nil))
	}
	for _, room := range [][2]int{{118, 12}, {200, 30}, {40, 6}} {
		lines := charts(snap, room[0], room[1])
		if len(lines) == 0 || len(lines) > room[1] {
			t.Errorf("%d lines where there is room for %d", len(lines), room[1])
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) > room[0] {
				t.Errorf("%q is wider than %d", l, room[0])
			}
		}
	}
	shown := strings.Join(charts(snap, 118, 12), "\n")
	if !strings.Contains(shown, "buffers 0.0/s") || strings.Contains(shown, "pairs") || !strings.Contains(shown, "\nd 0.0/s") {
		t.Errorf("drawn is\n%s", shown)
	}
	if lines := charts(snap, 118, 3); lines != nil {
		t.Errorf("in 3 lines there is %q", lines)
	}
}

// The actor of a lock is looked for in each atespace, and never in each actor.
func TestActorsInSpaces(t *testing.T) {
	rows := []kind.Row{}
	for _, id := range []string{"a", "bare"} {
		rows = append(rows, named(id))
	}
	for i := range 30_000 {
		rows = append(rows, named(fmt.Sprintf("s%d:a%d", i%3, i)))
	}
	rows = append(rows, named("s0:a"), named("s2:a"), named("s2:other:a"))
	actors := live.NewTable("actors", nameless, rows...)
	if got := inSpaces(actors, "a"); !slices.Equal(got, []string{"s0:a", "s2:a"}) {
		t.Errorf("found %q", got)
	}
	if got := inSpaces(actors, "none"); got != nil {
		t.Errorf("found %q", got)
	}
}

// nameless has no columns.
var nameless = kind.NewSchema()

// named is a row of which nothing but the ID is known.
func named(id string) kind.Row { return nameless.One(id, func(*kind.Builder) {}) }

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
	still, timed := question{kinds: []kind.Name{"a"}}, question{kinds: []kind.Name{"a"}, timed: true}
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

// A finding that says "flush it" of a buffer is no good advice where nobody may see whether somebody has locked it.
func TestAFindingDoesNotJudgeALockThatIsNotKnown(t *testing.T) {
	r := buffer.Columns.Locked.Schema().One("s", func(b *kind.Builder) { buffer.Columns.Locked.Unknown(b, errors.New("NOPERM")) })
	if got := flushable(r, "flush it if nobody does", view.Clock{}); got != "whether it is locked is not known" {
		t.Errorf("advice: %q", got)
	}
}
