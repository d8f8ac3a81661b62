package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/themes"
	"holdfast/tui/view"
	"holdfast/tui/view/viewtest"
)

func drawRow(t *rapid.T, id string) kind.Row {
	n, word := rapid.IntRange(0, 5).Draw(t, "n"), rapid.SampledFrom([]string{"", "red", "Green", "blue", "a b"}).Draw(t, "word")
	if rapid.IntRange(0, 9).Draw(t, "bad") == 0 {
		return viewtest.Row(id, n, word, errors.New("unreadable"))
	}
	return viewtest.Row(id, n, word)
}

func drawRows(t *rapid.T, most int) viewtest.Rows {
	var rows viewtest.Rows
	for _, id := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-e][0-9]`), 0, most, rapid.ID).Draw(t, "ids") {
		rows = append(rows, drawRow(t, id))
	}
	slices.SortFunc(rows, func(a, b kind.Row) int { return strings.Compare(a.ID(), b.ID()) })
	return rows
}

var fakeFilters = []string{"", "", "red", "!red", "~^[ab]", "n:3", "word:~e", "!n:~[0-2]", "a r"}

// The cursor and the marks are on rows, not on places: whatever comes and goes, they stay.
func TestTableKeepsCursorAndMarksByIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawRows(t, 30)
		v := viewtest.View(func() live.Rows { return rows.Table() })
		tab := New(v)
		tab.Resize(80, rapid.IntRange(1, 12).Draw(t, "height"))
		arrangeIt := func() {
			tab.Show(arrange(context.Background(), v, &live.Snapshot{}, tab.Order, view.Clock{}, tab.Rows))
		}
		arrangeIt()
		// shown tells whether a row is there and not filtered out.
		shown := func(id string) bool {
			i, ok := rows.Index(id)
			return ok && (tab.Order.Filter.Empty() || tab.Order.Filter.keeps(rows[i], v.Columns, view.Clock{}))
		}
		rearranged := func() {
			cursor, marks := tab.Cursor, slices.Collect(mapKeys(tab.Marks))
			arrangeIt()
			if cursor != "" && shown(cursor) && tab.Cursor != cursor {
				t.Fatalf("the cursor went from %q to %q", cursor, tab.Cursor)
			}
			for _, id := range marks {
				_, exists := rows.Index(id)
				if _, kept := tab.Marks[id]; kept != exists {
					t.Fatalf("row %q exists: %v, marked: %v", id, exists, kept)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"refresh": func(t *rapid.T) {
				next := slices.Clone(rows)
				for range rapid.IntRange(0, 5).Draw(t, "gone") {
					if len(next) > 0 {
						i := rapid.IntRange(0, len(next)-1).Draw(t, "which")
						next = slices.Delete(next, i, i+1)
					}
				}
				for _, id := range rapid.SliceOfN(rapid.StringMatching(`[a-f][0-9]`), 0, 5).Draw(t, "new or changed") {
					i, exists := next.Index(id)
					if exists {
						next[i] = drawRow(t, id)
					} else {
						next = slices.Insert(next, i, drawRow(t, id))
					}
				}
				rows = next
				rearranged()
			},
			"move": func(t *rapid.T) { tab.MoveTo(tab.At + rapid.IntRange(-15, 15).Draw(t, "by")) },
			"mark": func(*rapid.T) { tab.toggleMark() },
			"mark all": func(*rapid.T) {
				if !tab.MarkAll() {
					t.Fatal("not all could be marked")
				}
			},
			"clear marks": func(*rapid.T) { tab.ClearMarks() },
			"sort": func(t *rapid.T) {
				tab.Order.Column, tab.Order.Descending = rapid.IntRange(-1, 2).Draw(t, "column"), rapid.Bool().Draw(t, "descending")
				rearranged()
			},
			"filter": func(t *rapid.T) {
				tab.Order.Filter, _ = ParseFilter(rapid.SampledFrom(fakeFilters).Draw(t, "filter"), v.Columns)
				rearranged()
			},
			"resize": func(t *rapid.T) {
				tab.Resize(rapid.IntRange(40, 90).Draw(t, "width"), rapid.IntRange(1, 12).Draw(t, "height"))
			},
			"": func(t *rapid.T) {
				n := tab.Rows.Len()
				if n > 0 && (tab.At < 0 || tab.At >= n || tab.Rows.At(tab.At).ID() != tab.Cursor) {
					t.Fatalf("cursor %q at %d of %d", tab.Cursor, tab.At, n)
				}
				if n == 0 && (tab.Cursor != "" || tab.Selected() != nil) {
					t.Fatalf("cursor %q in no rows", tab.Cursor)
				}
				if tab.Top < 0 || n > 0 && (tab.At < tab.Top || tab.At >= tab.Top+tab.height) || tab.Top > max(0, n-tab.height) {
					t.Fatalf("window from %d of height %d, cursor at %d of %d", tab.Top, tab.height, tab.At, n)
				}
				var window, targets []string
				hidden := 0
				for i := range n {
					id := tab.Rows.At(i).ID()
					if i >= tab.Top && i < tab.Top+tab.height {
						window = append(window, id)
					}
					if _, marked := tab.Marks[id]; marked {
						targets = append(targets, id)
					}
				}
				for id := range tab.Marks {
					if !shown(id) {
						hidden++
					}
				}
				if len(tab.Marks) == 0 && n > 0 {
					targets = []string{tab.Cursor}
				}
				if got := tab.Window(); !slices.Equal(got, window) {
					t.Fatalf("window %v, want %v", got, window)
				}
				var got []string
				for _, r := range tab.Targets() {
					got = append(got, r.ID())
				}
				if !slices.Equal(got, targets) {
					t.Fatalf("an action is for %v, want %v", got, targets)
				}
				if tab.Hidden != hidden {
					t.Fatalf("%d marks hidden, want %d", tab.Hidden, hidden)
				}
				lines := strings.Split(tab.Render(themes.Default(true), view.Clock{Now: time.Now()}), "\n")
				if len(lines) != tab.height+1 {
					t.Fatalf("%d lines, want %d", len(lines), tab.height+1)
				}
				for i, l := range lines {
					if w := ansi.StringWidth(l); w > tab.width {
						t.Fatalf("line %d of %d cells in a table of %d", i, w, tab.width)
					}
				}
			},
		})
	})
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// arrange is a filter and a stable sort, and find leads back.
func TestArrangeIsFilterAndSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawRows(t, 60)
		v := viewtest.View(func() live.Rows { return rows.Table() })
		o := order{Column: rapid.IntRange(-1, 2).Draw(t, "column"), Descending: rapid.Bool().Draw(t, "descending")}
		o.Filter, _ = ParseFilter(rapid.SampledFrom(fakeFilters).Draw(t, "filter"), v.Columns)

		var want []live.Row
		for _, r := range rows {
			if o.Filter.keeps(r, v.Columns, view.Clock{}) {
				want = append(want, r)
			}
		}
		if o.Column >= 0 && v.Columns[o.Column].Key != nil {
			key := func(r live.Row) []byte { return v.Columns[o.Column].Key(nil, r.(kind.Row)) }
			slices.SortStableFunc(want, func(a, b live.Row) int {
				switch bad, worse := a.Problem() != nil, b.Problem() != nil; {
				case bad && worse:
					return 0
				case bad:
					return 1
				case worse:
					return -1
				case o.Descending:
					return -bytes.Compare(key(a), key(b))
				}
				return bytes.Compare(key(a), key(b))
			})
		} else if o.Descending {
			slices.Reverse(want)
		}

		a := arrange(context.Background(), v, &live.Snapshot{}, o, view.Clock{}, &Arranged{})
		if a.Len() != len(want) {
			t.Fatalf("%d rows, want %d", a.Len(), len(want))
		}
		for i, r := range want {
			if a.At(i) != r {
				t.Fatalf("row %d is %v, want %v", i, a.At(i).ID(), r.ID())
			}
		}
		for _, r := range rows {
			at, ok := a.Find(r.ID())
			if i := slices.Index(want, live.Row(r)); ok != (i >= 0) || ok && at != i {
				t.Fatalf("find %q gives %d, %v; it stands at %d", r.ID(), at, ok, i)
			}
		}
		for _, id := range []string{"", "nobody"} {
			if at, ok := a.Find(id); ok {
				t.Fatalf("find %q gives %d", id, at)
			}
		}
	})
}

// What was arranged is brought up to date by what changed, and by a letter more of the filter: it is the same as if it
// were arranged anew.
func TestArrangeGoesOnFromWhatItHad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := viewtest.View(nil)
		v.Kind, v.Rows = "k", nil
		present := map[string]kind.Row{}
		rev := uint64(0)
		snapshot := func() *live.Snapshot {
			table := live.NewTable("k", viewtest.Schema, slices.Collect(maps.Values(present))...)
			table.Rev = rev
			return &live.Snapshot{Tables: []*live.Table{table}}
		}
		o := order{Column: rapid.IntRange(-1, 2).Draw(t, "column"), Descending: rapid.Bool().Draw(t, "descending")}
		last := &Arranged{}
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			if rapid.Bool().Draw(t, "new rows") {
				rev++
				for _, r := range drawRows(t, 20) {
					present[r.ID()] = r
				}
				for id := range present {
					if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
						delete(present, id)
					}
				}
			}
			text := rapid.SampledFrom(append(fakeFilters, o.Filter.Text+"a", o.Filter.Text+" b", o.Filter.Text)).Draw(t, "filter")
			if f, err := ParseFilter(text, v.Columns); err == nil {
				o.Filter = f
			}
			snap := snapshot()
			got, want := arrange(context.Background(), v, snap, o, view.Clock{}, last), arrange(context.Background(), v, snap, o, view.Clock{}, &Arranged{})
			if got.Len() != want.Len() {
				t.Fatalf("%d rows, want %d, filter %q", got.Len(), want.Len(), o.Filter.Text)
			}
			for i := range got.Len() {
				if got.At(i) != want.At(i) {
					t.Fatalf("row %d is %v, want %v", i, got.At(i), want.At(i))
				}
				if at, ok := got.Find(got.At(i).ID()); !ok || at != i {
					t.Fatalf("row %d is found at %d, %v", i, at, ok)
				}
			}
			last = got
		}
	})
}

// A row that no longer fits the filter goes, one that fits by now comes, and one that still fits shows what it is now.
func TestAFilteredTableFollowsItsRows(t *testing.T) {
	v := viewtest.View(nil)
	v.Kind, v.Rows = "k", nil
	for column := -1; column < 3; column++ {
		o := order{Column: column}
		o.Filter, _ = ParseFilter("word:red", v.Columns)
		last := &Arranged{}
		for rev, words := range [][]string{{"red", "blue", "red"}, {"blue", "red", "red"}, {"red", "red", "blue"}} {
			var rows []kind.Row
			var want []live.Row
			for i, word := range words {
				rows = append(rows, viewtest.Row(string(rune('a'+i)), rev, word))
				if word == "red" {
					want = append(want, rows[i])
				}
			}
			table := live.NewTable("k", viewtest.Schema, rows...)
			table.Rev = uint64(rev + 1)
			last = arrange(context.Background(), v, &live.Snapshot{Tables: []*live.Table{table}}, o, view.Clock{}, last)
			var got []live.Row
			for _, r := range each(last) {
				got = append(got, r)
			}
			if !slices.Equal(got, want) {
				t.Errorf("by column %d, then %v: %d rows, want %d of this reading", column, words, len(got), len(want))
			}
		}
	}
}

// What is marked at once is bounded: each row is a round trip when something is done to it.
func TestMarkAllIsBounded(t *testing.T) {
	rows := make(viewtest.Rows, MaxMarks+1)
	for i := range rows {
		rows[i] = viewtest.Row(fmt.Sprintf("%06d", i), 0, "")
	}
	tab := New(viewtest.View(func() live.Rows { return rows.Table() }))
	tab.Show(&Arranged{Rows: rows.Table()})
	if tab.MarkAll() || len(tab.Marks) != MaxMarks {
		t.Errorf("%d rows are marked", len(tab.Marks))
	}
}

// Columns: where they fit they are as wide as they want, then wide ones give way, then the last ones go.
func TestColumnsMakeRoom(t *testing.T) {
	rows := viewtest.Rows{viewtest.Row(strings.Repeat("i", 50), 123456, strings.Repeat("w", 100))}
	for _, c := range []struct {
		width, shift int
		shown        []int
		widths       []int
	}{
		{200, 0, []int{0, 1, 2}, []int{40, 6, 100}}, // only what grows is wider than usual
		{100, 0, []int{0, 1, 2}, []int{40, 6, 49}},
		{80, 0, []int{0, 1, 2}, []int{34, 6, 35}},
		{46, 0, []int{0, 1, 2}, []int{17, 6, 18}},
		{44, 0, []int{0, 1, 2}, []int{16, 6, 17}},
		{40, 0, []int{0, 1, 2}, []int{25, 6, 4}},
		{40, 1, []int{0, 2}, []int{18, 18}},
	} {
		tab := New(viewtest.View(func() live.Rows { return rows.Table() }))
		tab.Resize(c.width, 3)
		tab.Shift = c.shift
		tab.Show(&Arranged{Rows: rows.Table()})
		tab.measure([][]string{tab.cells(rows[0], view.Clock{})})
		if shown, widths := tab.columns(); !slices.Equal(shown, c.shown) || !slices.Equal(widths, c.widths) {
			t.Errorf("%d cells, scrolled by %d: columns %v of widths %v, want %v of %v", c.width, c.shift, shown, widths, c.shown, c.widths)
		}
	}
}

func TestColumnsScrollNoFurtherThanTheLast(t *testing.T) {
	rows := viewtest.Rows{viewtest.Row(strings.Repeat("i", 30), 1, strings.Repeat("w", 60))}
	tab := New(viewtest.View(func() live.Rows { return rows.Table() }))
	tab.Resize(40, 3)
	tab.Show(&Arranged{Rows: rows.Table()})
	tab.Render(themes.Default(true), view.Clock{})
	for range 10 {
		tab.slide(1)
	}
	if tab.More() {
		t.Error("there are more columns to the right")
	}
	was := tab.Shift
	tab.slide(1)
	if tab.Shift != was {
		t.Errorf("scrolled on to %d", tab.Shift)
	}
	for range 10 {
		tab.slide(-1)
	}
	if tab.Shift != 0 {
		t.Errorf("scrolled back to %d", tab.Shift)
	}
}

// While rows come in the cursor stays on top, unless it was moved; after that it stays on its row.
func TestCursorStaysOnTopWhileRowsComeIn(t *testing.T) {
	table := func(complete bool, ids ...string) *Arranged {
		var rows []kind.Row
		for _, id := range ids {
			rows = append(rows, viewtest.Row(id, 0, ""))
		}
		table := live.NewTable("k", viewtest.Schema, rows...)
		table.Complete = complete
		return &Arranged{Rows: table}
	}
	for _, tt := range []struct {
		moved bool
		want  string
	}{{false, "a"}, {true, "n"}} {
		tab := New(viewtest.View(nil))
		tab.Resize(80, 3)
		tab.Show(table(false, "m", "n", "o"))
		if tt.moved {
			tab.MoveTo(1)
		}
		tab.Show(table(false, "f", "g", "m", "n", "o"))
		tab.Show(table(true, "a", "f", "g", "m", "n", "o"))
		if tab.Cursor != tt.want || !tt.moved && tab.Top != 0 {
			t.Errorf("moved %v: the cursor is on %s, row %d is the first", tt.moved, tab.Cursor, tab.Top)
		}
		tab.Show(table(true, "A", "a", "f", "g", "m", "n", "o"))
		if tab.Cursor != tt.want {
			t.Errorf("moved %v: the cursor went to %s", tt.moved, tab.Cursor)
		}
	}
}
