package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/internal/text/texttest"
	"holdfast/themes"
	"holdfast/tui/view"
)

func TestBrief(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.0k", 9999: "9.9k", 12_345: "12k", 999_999: "999k", 1_000_000: "1.0M", 9_999_999: "9.9M", 12_000_000: "12M"} {
		if got := brief(n); got != want {
			t.Errorf("brief(%d) = %q, want %q", n, got, want)
		}
	}
}

// Whatever strangers write, each cell takes just the cells of its column, so that the next begins below its title.
func TestColumnsStayStraight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var rows fakeRows
		for i := range rapid.IntRange(1, 8).Draw(rt, "rows") {
			rows = append(rows, fake(fmt.Sprint(i)+texttest.Strangers().Draw(rt, "id"), i, texttest.Strangers().Draw(rt, "word")))
		}
		v := fakeView(func() live.Rows { return rows.table() })
		tab := newTable(v)
		tab.resize(rapid.SampledFrom([]int{40, 80, 200, 300}).Draw(rt, "width"), 9)
		tab.show(&arranged{rows: rows.table()})
		at := view.Clock{Now: time.Now()}
		for y, l := range lines(ansi.Strip(tab.render(themes.Default(true), at)))[1:] {
			if y >= len(rows) {
				break
			}
			want := l[:2]
			for _, s := range tab.titled {
				if w := text.Width(want); w != s.from {
					rt.Fatalf("a column begins at %d, its title at %d", w, s.from)
				}
				want += text.Fit(text.Clean(v.Columns[s.what].Text(rows[y], at)), s.to-s.from-1, v.Columns[s.what].Right) + " "
			}
			if strings.TrimRight(l, " ") != strings.TrimRight(want, " ") {
				rt.Fatalf("row %d is %q, want %q", y, l, want)
			}
			if w := max(ansi.StringWidth(l), ansi.StringWidthWc(l)); w > tab.width {
				rt.Fatalf("%d cells: %q", w, l)
			}
		}
	})
}

func TestTerse(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1k", 99_999: "99k", 100_000: ".1M", 999_999: ".9M", 1_000_000: "1M", 99_999_999: "99M", 100_000_000: ".1G", 2_000_000_000: "2G"} {
		if got := terse(n); got != want {
			t.Errorf("terse(%d) = %q, want %q", n, got, want)
		}
	}
}
