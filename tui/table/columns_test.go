package table

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/themes"
	"holdfast/tui/view"
	"holdfast/tui/view/viewtest"
)

func columnsOf(t *Table) (titles []string) {
	shown, _ := t.columns()
	for _, c := range shown {
		titles = append(titles, t.all[c].Title)
	}
	return titles
}

// drawnTable is a table of one row that was drawn once, so that it knows what its cells need.
func drawnTable(width int, row kind.Row) *Table {
	rows := viewtest.Rows{row}
	tab := New(viewtest.View(func() live.Rows { return rows.Table() }))
	tab.Resize(width, 3)
	tab.Show(&Arranged{Rows: rows.Table()})
	tab.Render(themes.Default(true), view.Clock{})
	return tab
}

func TestColumnsAreChosenByTheirTitles(t *testing.T) {
	for _, c := range []struct {
		titles []string
		want   string
	}{
		{nil, "ID N WORD"},
		{[]string{"WORD"}, "ID WORD"}, // the first one always stays
		{[]string{"word", "n"}, "ID WORD N"},
		{[]string{"WORD", "ID", "WORD"}, "ID WORD"},
		{[]string{"NOTHING"}, "ID N WORD"},
	} {
		tab := drawnTable(80, viewtest.Row("a", 1, "w"))
		tab.Choose(c.titles)
		if got := strings.Join(columnsOf(tab), " "); got != c.want {
			t.Errorf("%q shows %s, want %s", c.titles, got, c.want)
		}
		tab.Choose(nil)
		if got := strings.Join(columnsOf(tab), " "); got != "ID N WORD" {
			t.Errorf("after a reset %s are shown", got)
		}
	}
}

// Whatever is done to the columns: each stands there once, the first one is first, and the lines fit.
func TestColumnsStayWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := drawnTable(rapid.IntRange(20, 200).Draw(t, "width"), viewtest.Row("identity", 1234, strings.Repeat("w", 70)))
		at := func(t *rapid.T) int { return rapid.IntRange(0, len(tab.slots)-1).Draw(t, "at") }
		by := func(t *rapid.T) int { return rapid.SampledFrom([]int{-2, -1, 1, 2}).Draw(t, "by") }
		t.Repeat(map[string]func(*rapid.T){
			"toggle": func(t *rapid.T) { tab.toggleColumn(at(t)) },
			"move":   func(t *rapid.T) { tab.moveColumn(at(t), by(t)) },
			"resize": func(t *rapid.T) { tab.resizeColumn(at(t), 10*by(t)) },
			"slide":  func(t *rapid.T) { tab.slide(by(t)) },
			"wide":   func(*rapid.T) { tab.wide = !tab.wide },
			"screen": func(t *rapid.T) { tab.Resize(rapid.IntRange(20, 200).Draw(t, "width"), 3) },
			"": func(t *rapid.T) {
				lines := strings.Split(tab.Render(themes.Default(true), view.Clock{}), "\n")
				if w := text.Width(strings.TrimRight(lines[1], " ")); w > tab.width {
					t.Fatalf("a row of %d cells on %d: %q", w, tab.width, lines[1])
				}
				var all []int
				for _, s := range tab.slots {
					all = append(all, s.column)
				}
				slices.Sort(all)
				if tab.slots[0].column != 0 || !slices.Equal(all, []int{0, 1, 2}) {
					t.Fatalf("the columns are %v", tab.slots)
				}
				if shown, _ := tab.columns(); shown[0] != 0 {
					t.Fatalf("shown first is column %d", shown[0])
				}
			},
		})
	})
}

func TestColumnsAreResizedFromWhatIsSeen(t *testing.T) {
	tab := drawnTable(80, viewtest.Row(strings.Repeat("i", 30), 123456, "w"))
	width := func(c int) int {
		shown, widths := tab.columns()
		return widths[slices.Index(shown, c)]
	}
	tab.resizeColumn(0, -2)
	if got := width(0); got != 28 {
		t.Errorf("2 cells narrower than 30 is %d", got)
	}
	for range 50 {
		tab.resizeColumn(1, -2)
	}
	if got := width(1); got != minColumn {
		t.Errorf("the narrowest is %d", got)
	}
	for range 50 {
		tab.resizeColumn(1, 2)
	}
	if got := tab.slots[1].width; got != 80-Gutter-1 {
		t.Errorf("the widest is %d", got)
	}
}

// In the wide mode nothing is cut that fits on the screen at all: what does not is scrolled to.
func TestWideColumnsAreWhole(t *testing.T) {
	tab := drawnTable(60, viewtest.Row("a", 123456, strings.Repeat("w", 50)))
	squeezed, _ := tab.columns()
	tab.wide = true
	if shown, _ := tab.columns(); len(squeezed) != 3 || !slices.Equal(shown, []int{0, 1}) || !tab.More() {
		t.Fatalf("squeezed %v, wide %v", squeezed, shown)
	}
	tab.slide(1)
	shown, widths := tab.columns()
	if !slices.Equal(shown, []int{0, 2}) || widths[1] != 50 || tab.More() {
		t.Errorf("scrolled there are columns %v of %v", shown, widths)
	}
}
