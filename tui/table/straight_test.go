package table

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
	"holdfast/tui/view/viewtest"
)

// Whatever strangers write, each cell takes just the cells of its column, so that the next begins below its title.
func TestColumnsStayStraight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var rows viewtest.Rows
		for i := range rapid.IntRange(1, 8).Draw(rt, "rows") {
			rows = append(rows, viewtest.Row(fmt.Sprint(i)+texttest.Strangers().Draw(rt, "id"), i, texttest.Strangers().Draw(rt, "word")))
		}
		v := viewtest.View(func() live.Rows { return rows.Table() })
		tab := New(v)
		tab.Resize(rapid.SampledFrom([]int{40, 80, 200, 300}).Draw(rt, "width"), 9)
		tab.Show(&Arranged{Rows: rows.Table()})
		at := view.Clock{Now: time.Now()}
		for y, l := range strings.Split(ansi.Strip(tab.Render(themes.Default(true), at)), "\n")[1:] {
			if y >= len(rows) {
				break
			}
			want := l[:2]
			for _, s := range tab.Titled {
				if w := text.Width(want); w != s.From {
					rt.Fatalf("a column begins at %d, its title at %d", w, s.From)
				}
				want += text.Fit(text.Clean(v.Columns[s.What].Text(rows[y], at)), s.To-s.From-1, v.Columns[s.What].Right) + " "
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
