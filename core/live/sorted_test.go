package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// byText is an order in which rows move when their text changes.
func byText(a, b Row) int {
	return cmp.Or(strings.Compare(a.(*fakeRow).text, b.(*fakeRow).text), byID(a, b))
}

func numbered(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = &fakeRow{fmt.Sprintf("%06d", i), "1"}
	}
	return rows
}

func listed(s *Sorted) []Row {
	rows := make([]Row, 0, s.Len())
	for i, r := range s.All(0) {
		if i != len(rows) {
			panic("places out of order")
		}
		rows = append(rows, r)
	}
	return rows
}

// Whatever is edited, the rows are those of a map, in order; what differs is told; and no list made before changes.
func TestSortedAgainstAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, model := NewSorted(nil, byText), map[string]Row{}
		for range rapid.IntRange(1, 8).Draw(rt, "rounds") {
			now := map[string]Row{}
			for id, r := range model {
				now[id] = r
			}
			var edits []Edit
			start, n := rapid.IntRange(0, 3000).Draw(rt, "start"), rapid.IntRange(0, 1000).Draw(rt, "edits")
			step, text := rapid.IntRange(1, 5).Draw(rt, "step"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "text")
			for i := range n {
				id := fmt.Sprintf("%05d", start+i*step)
				if old := now[id]; old != nil {
					edits = append(edits, Edit{At: old})
					delete(now, id)
				}
				if text != "" {
					row := &fakeRow{id, text}
					edits, now[id] = append(edits, Edit{At: row, Row: row}), row
				}
			}
			before := listed(s)
			next := s.Apply(edits)
			if !slices.Equal(listed(s), before) {
				rt.Fatal("a list made before has changed")
			}
			want := slices.Collect(func(yield func(Row) bool) {
				for _, r := range now {
					if !yield(r) {
						return
					}
				}
			})
			slices.SortFunc(want, byText)
			if got := listed(next); !slices.Equal(got, want) {
				rt.Fatalf("%d rows, want %d", len(got), len(want))
			}
			for i, b := range next.blocks {
				if len(b.rows) == 0 || len(b.rows) > maxInBlock {
					rt.Fatalf("%d rows in block %d", len(b.rows), i)
				}
			}
			if n := next.Len(); n > 0 {
				i := rapid.IntRange(0, n-1).Draw(rt, "place")
				if at, found := next.Find(next.At(i)); next.At(i) != want[i] || !found || at != i {
					rt.Fatalf("row %d is at %d, %v", i, at, found)
				}
			}
			replayed := map[Row]bool{}
			for _, r := range before {
				replayed[r] = true
			}
			diff(s, next, func(old, row Row) {
				if old != nil && !replayed[old] || row != nil && replayed[row] || old == row {
					rt.Fatalf("told of %v and %v", old, row)
				}
				delete(replayed, old)
				if row != nil {
					replayed[row] = true
				}
			})
			if delete(replayed, nil); len(replayed) != len(want) {
				rt.Fatalf("%d rows after the differences, want %d", len(replayed), len(want))
			}
			s, model = next, now
		}
	})
}

// One row among many that changes costs one block, to make and to find.
func TestSortedSharesWhatIsTheSame(t *testing.T) {
	rows := numbered(100_000)
	s := NewSorted(rows, byID)
	changed := &fakeRow{"050000", "2"}
	next := s.Apply([]Edit{{At: changed, Row: changed}})
	differ, compared := 0, 0
	for i, b := range next.blocks {
		if b != s.blocks[i] {
			differ++
		}
	}
	next.compare = func(a, b Row) int { compared++; return byID(a, b) }
	var told []string
	diff(s, next, func(before, after Row) { told = append(told, before.ID()+after.(*fakeRow).text) })
	if differ != 1 || len(told) != 1 || told[0] != "0500002" || compared > maxInBlock {
		t.Errorf("%d blocks differ, told %v in %d comparisons", differ, told, compared)
	}
	if s.Apply([]Edit{{At: gone("none")}}) != s {
		t.Error("an edit of nothing made a new list")
	}
	var empty Sorted
	if _, found := empty.Find(changed); found || empty.Len() != 0 {
		t.Error("found a row in nothing")
	}
}

// Rows that go one by one leave no trail of small blocks.
func TestSortedJoinsSmallBlocks(t *testing.T) {
	s := NewSorted(numbered(20_000), byID)
	var edits []Edit
	for i := range 20_000 {
		if i%100 != 0 {
			edits = append(edits, Edit{At: gone(fmt.Sprintf("%06d", i))})
		}
	}
	if s = s.Apply(edits); s.Len() != 200 || len(s.blocks) > 10 {
		t.Errorf("%d rows in %d blocks", s.Len(), len(s.blocks))
	}
}
