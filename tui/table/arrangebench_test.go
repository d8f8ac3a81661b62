package table

import (
	"context"
	"testing"

	"holdfast/core/live"
	"holdfast/tui/view"
	"holdfast/tui/view/viewtest"
)

// What happens off the screen's goroutine when a filter or an order is given.
func BenchmarkArrange(b *testing.B) {
	const n = 100_000
	rows := viewtest.Many(n)
	v := viewtest.Wide(rows)
	for _, c := range []struct {
		name, filter string
		column       int
	}{
		{"fuzzy filter", "ag77", -1}, {"fuzzy filter of one column", "actor:ag77", -1}, {"inverse filter", "!running", -1}, {"regular expression", "~^agent-.*7$", -1},
		{"sort by text", "", 1}, {"sort by number", "", 5}, {"fuzzy filter and sort", "ag7", 5},
	} {
		b.Run(c.name, func(b *testing.B) {
			f, err := ParseFilter(c.filter, v.Columns)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				arrange(context.Background(), v, &live.Snapshot{}, order{Filter: f, Column: c.column}, view.Clock{}, &Arranged{})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}

// Taking in a newer table with ten thousand marks.
func BenchmarkShowWithMarks(b *testing.B) {
	rows := viewtest.Many(1_000_000)
	tab := New(viewtest.Wide(rows))
	tab.Resize(200, 50)
	tab.Show(&Arranged{Rows: rows})
	tab.MarkAll()
	for b.Loop() {
		tab.Show(&Arranged{Rows: rows})
	}
}
