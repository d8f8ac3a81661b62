package tui

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
)

// fakeRows are of a kind that no server has, sorted by ID.
type fakeRows []kind.Row

var (
	fakeSchema = kind.NewSchema()
	fakeN      = fakeSchema.Int("n")
	fakeWord   = fakeSchema.Text("word")
)

func fake(id string, n int, word string, bad ...error) kind.Row {
	return fakeSchema.One(id, func(b *kind.Builder) {
		fakeN.Set(b, int64(n))
		fakeWord.Set(b, word)
		for _, err := range bad {
			b.Bad(err)
		}
	})
}

// table is all of the rows, as the first pass leaves them.
func (r fakeRows) table() *live.Table {
	t := live.NewTable("fake", fakeSchema, r...)
	t.Complete = true
	return t
}

func (r fakeRows) Index(id string) (int, bool) {
	return slices.BinarySearchFunc(r, id, func(r kind.Row, id string) int { return strings.Compare(r.ID(), id) })
}

func fakeView(rows func() live.Rows) *view.View {
	return &view.View{
		Name: "fake", Title: "Fake", Short: "F",
		Rows: func(*live.Snapshot, live.Rows) live.Rows { return rows() },
		Columns: []view.Column{
			{Title: "ID", Text: func(r live.Row, _ view.Clock) string { return r.ID() }, Key: func(b []byte, r kind.Row) []byte { return kind.AppendTextKey(b, r.ID()) }},
			{Title: "N", Right: true, Text: func(r live.Row, _ view.Clock) string { return fmt.Sprint(fakeN.Of(r.(kind.Row))) }, Key: fakeN.AppendKey},
			{Title: "WORD", Grow: true, Text: func(r live.Row, _ view.Clock) string { return fakeWord.Of(r.(kind.Row)) }},
		},
	}
}

func drawRow(t *rapid.T, id string) kind.Row {
	n, word := rapid.IntRange(0, 5).Draw(t, "n"), rapid.SampledFrom([]string{"", "red", "Green", "blue", "a b"}).Draw(t, "word")
	if rapid.IntRange(0, 9).Draw(t, "bad") == 0 {
		return fake(id, n, word, errors.New("unreadable"))
	}
	return fake(id, n, word)
}

func drawRows(t *rapid.T, most int) fakeRows {
	var rows fakeRows
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
		v := fakeView(func() live.Rows { return rows.table() })
		tab := newTable(v)
		tab.resize(80, rapid.IntRange(1, 12).Draw(t, "height"))
		arrangeIt := func() {
			tab.show(arrange(context.Background(), v, &live.Snapshot{}, tab.order, view.Clock{}, tab.rows))
		}
		arrangeIt()
		// shown tells whether a row is there and not filtered out.
		shown := func(id string) bool {
			i, ok := rows.Index(id)
			return ok && (tab.order.filter.empty() || tab.order.filter.keeps(rows[i], v.Columns, view.Clock{}))
		}
		rearranged := func() {
			cursor, marks := tab.cursor, slices.Collect(mapKeys(tab.marks))
			arrangeIt()
			if cursor != "" && shown(cursor) && tab.cursor != cursor {
				t.Fatalf("the cursor went from %q to %q", cursor, tab.cursor)
			}
			for _, id := range marks {
				_, exists := rows.Index(id)
				if _, kept := tab.marks[id]; kept != exists {
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
			"move": func(t *rapid.T) { tab.moveTo(tab.at + rapid.IntRange(-15, 15).Draw(t, "by")) },
			"mark": func(*rapid.T) { tab.toggleMark() },
			"mark all": func(*rapid.T) {
				if !tab.markAll() {
					t.Fatal("not all could be marked")
				}
			},
			"clear marks": func(*rapid.T) { tab.clearMarks() },
			"sort": func(t *rapid.T) {
				tab.order.column, tab.order.descending = rapid.IntRange(-1, 2).Draw(t, "column"), rapid.Bool().Draw(t, "descending")
				rearranged()
			},
			"filter": func(t *rapid.T) {
				tab.order.filter, _ = parseFilter(rapid.SampledFrom(fakeFilters).Draw(t, "filter"), v.Columns)
				rearranged()
			},
			"resize": func(t *rapid.T) {
				tab.resize(rapid.IntRange(40, 90).Draw(t, "width"), rapid.IntRange(1, 12).Draw(t, "height"))
			},
			"": func(t *rapid.T) {
				n := tab.rows.Len()
				if n > 0 && (tab.at < 0 || tab.at >= n || tab.rows.At(tab.at).ID() != tab.cursor) {
					t.Fatalf("cursor %q at %d of %d", tab.cursor, tab.at, n)
				}
				if n == 0 && (tab.cursor != "" || tab.selected() != nil) {
					t.Fatalf("cursor %q in no rows", tab.cursor)
				}
				if tab.top < 0 || n > 0 && (tab.at < tab.top || tab.at >= tab.top+tab.height) || tab.top > max(0, n-tab.height) {
					t.Fatalf("window from %d of height %d, cursor at %d of %d", tab.top, tab.height, tab.at, n)
				}
				var window, targets []string
				hidden := 0
				for i := range n {
					id := tab.rows.At(i).ID()
					if i >= tab.top && i < tab.top+tab.height {
						window = append(window, id)
					}
					if _, marked := tab.marks[id]; marked {
						targets = append(targets, id)
					}
				}
				for id := range tab.marks {
					if !shown(id) {
						hidden++
					}
				}
				if len(tab.marks) == 0 && n > 0 {
					targets = []string{tab.cursor}
				}
				if got := tab.window(); !slices.Equal(got, window) {
					t.Fatalf("window %v, want %v", got, window)
				}
				var got []string
				for _, r := range tab.targets() {
					got = append(got, r.ID())
				}
				if !slices.Equal(got, targets) {
					t.Fatalf("an action is for %v, want %v", got, targets)
				}
				if tab.hidden != hidden {
					t.Fatalf("%d marks hidden, want %d", tab.hidden, hidden)
				}
				lines := strings.Split(tab.render(themes.Default(true), view.Clock{Now: time.Now()}), "\n")
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
		v := fakeView(func() live.Rows { return rows.table() })
		o := order{column: rapid.IntRange(-1, 2).Draw(t, "column"), descending: rapid.Bool().Draw(t, "descending")}
		o.filter, _ = parseFilter(rapid.SampledFrom(fakeFilters).Draw(t, "filter"), v.Columns)

		var want []live.Row
		for _, r := range rows {
			if o.filter.keeps(r, v.Columns, view.Clock{}) {
				want = append(want, r)
			}
		}
		if o.column >= 0 && v.Columns[o.column].Key != nil {
			key := func(r live.Row) []byte { return v.Columns[o.column].Key(nil, r.(kind.Row)) }
			slices.SortStableFunc(want, func(a, b live.Row) int {
				switch bad, worse := a.Problem() != nil, b.Problem() != nil; {
				case bad && worse:
					return 0
				case bad:
					return 1
				case worse:
					return -1
				case o.descending:
					return -bytes.Compare(key(a), key(b))
				}
				return bytes.Compare(key(a), key(b))
			})
		} else if o.descending {
			slices.Reverse(want)
		}

		a := arrange(context.Background(), v, &live.Snapshot{}, o, view.Clock{}, &arranged{})
		if a.Len() != len(want) {
			t.Fatalf("%d rows, want %d", a.Len(), len(want))
		}
		for i, r := range want {
			if a.At(i) != r {
				t.Fatalf("row %d is %v, want %v", i, a.At(i).ID(), r.ID())
			}
		}
		for _, r := range rows {
			at, ok := a.find(r.ID())
			if i := slices.Index(want, live.Row(r)); ok != (i >= 0) || ok && at != i {
				t.Fatalf("find %q gives %d, %v; it stands at %d", r.ID(), at, ok, i)
			}
		}
		for _, id := range []string{"", "nobody"} {
			if at, ok := a.find(id); ok {
				t.Fatalf("find %q gives %d", id, at)
			}
		}
	})
}

// What was arranged is brought up to date by what changed, and by a letter more of the filter: it is the same as if it
// were arranged anew.
func TestArrangeGoesOnFromWhatItHad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := fakeView(nil)
		v.Kind, v.Rows = "k", nil
		present := map[string]kind.Row{}
		rev := uint64(0)
		snapshot := func() *live.Snapshot {
			table := live.NewTable("k", fakeSchema, slices.Collect(maps.Values(present))...)
			table.Rev = rev
			return &live.Snapshot{Tables: []*live.Table{table}}
		}
		o := order{column: rapid.IntRange(-1, 2).Draw(t, "column"), descending: rapid.Bool().Draw(t, "descending")}
		last := &arranged{}
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
			text := rapid.SampledFrom(append(fakeFilters, o.filter.text+"a", o.filter.text+" b", o.filter.text)).Draw(t, "filter")
			if f, err := parseFilter(text, v.Columns); err == nil {
				o.filter = f
			}
			snap := snapshot()
			got, want := arrange(context.Background(), v, snap, o, view.Clock{}, last), arrange(context.Background(), v, snap, o, view.Clock{}, &arranged{})
			if got.Len() != want.Len() {
				t.Fatalf("%d rows, want %d, filter %q", got.Len(), want.Len(), o.filter.text)
			}
			for i := range got.Len() {
				if got.At(i) != want.At(i) {
					t.Fatalf("row %d is %v, want %v", i, got.At(i), want.At(i))
				}
				if at, ok := got.find(got.At(i).ID()); !ok || at != i {
					t.Fatalf("row %d is found at %d, %v", i, at, ok)
				}
			}
			last = got
		}
	})
}

// A row that no longer fits the filter goes, one that fits by now comes, and one that still fits shows what it is now.
func TestAFilteredTableFollowsItsRows(t *testing.T) {
	v := fakeView(nil)
	v.Kind, v.Rows = "k", nil
	for column := -1; column < 3; column++ {
		o := order{column: column}
		o.filter, _ = parseFilter("word:red", v.Columns)
		last := &arranged{}
		for rev, words := range [][]string{{"red", "blue", "red"}, {"blue", "red", "red"}, {"red", "red", "blue"}} {
			var rows []kind.Row
			var want []live.Row
			for i, word := range words {
				rows = append(rows, fake(string(rune('a'+i)), rev, word))
				if word == "red" {
					want = append(want, rows[i])
				}
			}
			table := live.NewTable("k", fakeSchema, rows...)
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
	rows := make(fakeRows, maxMarks+1)
	for i := range rows {
		rows[i] = fake(fmt.Sprintf("%06d", i), 0, "")
	}
	tab := newTable(fakeView(func() live.Rows { return rows.table() }))
	tab.show(&arranged{rows: rows.table()})
	if tab.markAll() || len(tab.marks) != maxMarks {
		t.Errorf("%d rows are marked", len(tab.marks))
	}
}

// Columns: where they fit they are as wide as they want, then wide ones give way, then the last ones go.
func TestColumnsMakeRoom(t *testing.T) {
	rows := fakeRows{fake(strings.Repeat("i", 50), 123456, strings.Repeat("w", 100))}
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
		tab := newTable(fakeView(func() live.Rows { return rows.table() }))
		tab.resize(c.width, 3)
		tab.shift = c.shift
		tab.show(&arranged{rows: rows.table()})
		tab.measure([][]string{tab.cells(rows[0], view.Clock{})})
		if shown, widths := tab.columns(); !slices.Equal(shown, c.shown) || !slices.Equal(widths, c.widths) {
			t.Errorf("%d cells, scrolled by %d: columns %v of widths %v, want %v of %v", c.width, c.shift, shown, widths, c.shown, c.widths)
		}
	}
}

func TestColumnsScrollNoFurtherThanTheLast(t *testing.T) {
	rows := fakeRows{fake(strings.Repeat("i", 30), 1, strings.Repeat("w", 60))}
	tab := newTable(fakeView(func() live.Rows { return rows.table() }))
	tab.resize(40, 3)
	tab.show(&arranged{rows: rows.table()})
	tab.render(themes.Default(true), view.Clock{})
	for range 10 {
		tab.slide(1)
	}
	if tab.more() {
		t.Error("there are more columns to the right")
	}
	was := tab.shift
	tab.slide(1)
	if tab.shift != was {
		t.Errorf("scrolled on to %d", tab.shift)
	}
	for range 10 {
		tab.slide(-1)
	}
	if tab.shift != 0 {
		t.Errorf("scrolled back to %d", tab.shift)
	}
}

// While rows come in the cursor stays on top, unless it was moved; after that it stays on its row.
func TestCursorStaysOnTopWhileRowsComeIn(t *testing.T) {
	table := func(complete bool, ids ...string) *arranged {
		var rows []kind.Row
		for _, id := range ids {
			rows = append(rows, fake(id, 0, ""))
		}
		table := live.NewTable("k", fakeSchema, rows...)
		table.Complete = complete
		return &arranged{rows: table}
	}
	for _, tt := range []struct {
		moved bool
		want  string
	}{{false, "a"}, {true, "n"}} {
		tab := newTable(fakeView(nil))
		tab.resize(80, 3)
		tab.show(table(false, "m", "n", "o"))
		if tt.moved {
			tab.moveTo(1)
		}
		tab.show(table(false, "f", "g", "m", "n", "o"))
		tab.show(table(true, "a", "f", "g", "m", "n", "o"))
		if tab.cursor != tt.want || !tt.moved && tab.top != 0 {
			t.Errorf("moved %v: the cursor is on %s, row %d is the first", tt.moved, tab.cursor, tab.top)
		}
		tab.show(table(true, "A", "a", "f", "g", "m", "n", "o"))
		if tab.cursor != tt.want {
			t.Errorf("moved %v: the cursor went to %s", tt.moved, tab.cursor)
		}
	}
}
