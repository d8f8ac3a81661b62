package views

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"holdfast/core/kind"
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
		lines := charts(snap, counts(nil), room[0], room[1])
		if len(lines) == 0 || len(lines) > room[1] {
			t.Errorf("%d lines where there is room for %d", len(lines), room[1])
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) > room[0] {
				t.Errorf("%q is wider than %d", l, room[0])
			}
		}
	}
	shown := strings.Join(charts(snap, counts(nil), 118, 12), "\n")
	if !strings.Contains(shown, "buffers 0.0/s") || strings.Contains(shown, "pairs") || !strings.Contains(shown, "\nd 0.0/s") {
		t.Errorf("drawn is\n%s", shown)
	}
	if lines := charts(snap, counts(nil), 118, 3); lines != nil {
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
