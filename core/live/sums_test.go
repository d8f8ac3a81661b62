package live

import (
	"context"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// weighing is a fake whose rows weigh as much as their text is long, in the group of their first letter.
type weighing struct{ fake }

func (*weighing) Weigh(r *fakeRow) (string, int64) { return r.id[:1], int64(len(r.text)) }

func TestSumsAreThoseOfThePublishedRows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := newTracker(NewFeed("k", &weighing{}))
		model := map[string]string{}
		var published []*Table
		var sums []map[string]int64
		id := rapid.StringMatching(`[a-c][a-d]{0,2}`)
		rt.Repeat(map[string]func(*rapid.T){
			"read": func(rt *rapid.T) {
				ids := rapid.SliceOfNDistinct(id, 0, 8, func(s string) string { return s }).Draw(rt, "ids")
				var rows []Row
				for _, id := range ids {
					if rapid.Bool().Draw(rt, "gone") {
						delete(model, id)
						continue
					}
					model[id] = strings.Repeat("x", rapid.IntRange(0, 9).Draw(rt, "weight"))
					rows = append(rows, &fakeRow{id, model[id]})
				}
				tr.apply(ids, rows, time.Now())
			},
			"publish": func(*rapid.T) {
				want := map[string]int64{"a": 0, "b": 0, "c": 0}
				for id, text := range model {
					want[id[:1]] += int64(len(text))
				}
				published, sums = append(published, tr.publish(true)), append(sums, want)
			},
			"": func(rt *rapid.T) {
				for i, table := range published {
					for group, want := range sums[i] {
						if got := table.Sum(group); got != want {
							rt.Errorf("table %d, group %s: %d, want %d", i, group, got, want)
						}
					}
				}
			},
		})
	})
}

func TestSumsAreCopiedOnlyWhereTheyChanged(t *testing.T) {
	tr := newTracker(NewFeed("k", &weighing{}))
	publish := func(rows ...string) *Table {
		for _, r := range rowsOf(rows...) {
			tr.apply([]string{r.ID()}, []Row{r}, time.Now())
		}
		return tr.publish(true)
	}
	publish("aa=12", "ab=345", "b=6")
	if n := testing.AllocsPerRun(10, func() { tr.sums.publish(tr.table.sums) }); n != 0 {
		t.Errorf("sums that did not change cost %v allocations", n)
	}
	if table := publish("aa=21"); table.Sum("a") != 5 || table.Sum("b") != 1 || table.Within("a").Sum("a") != 5 || table.Sum("none") != 0 {
		t.Errorf("sums %v", table.sums)
	}
	if tr.sums.changed {
		t.Error("what weighs the same changed the sums")
	}
	if table := newFakeTracker().publish(true); table.Sum("") != 0 {
		t.Error("a kind without weights has a sum")
	}
}

// counted is a row that remembers its text before.
type counted struct{ id, text, before string }

func (r *counted) ID() string            { return r.id }
func (r *counted) Problem() error        { return nil }
func (r *counted) Equal(o *counted) bool { return r.text == o.text }
func (r *counted) Follow(old *counted)   { r.before = old.before + old.text }

// countedRows is a source of nothing: the test makes the rows.
type countedRows struct{}

func (countedRows) Patterns() []string                                 { return nil }
func (countedRows) Identify(key string) (string, bool)                 { return key, true }
func (countedRows) Keys(string) []string                               { return nil }
func (countedRows) Read(context.Context, []string) ([]*counted, error) { return nil, nil }
func (countedRows) Inspect(context.Context, string) ([]byte, bool, error) {
	return nil, false, nil
}

func TestARowFollowsItsEarlierReading(t *testing.T) {
	tr := newTracker(NewFeed("k", Source[*counted](countedRows{})))
	for _, text := range []string{"1", "1", "2", "3"} {
		tr.apply([]string{"a", "b"}, []Row{&counted{id: "a", text: text}, &counted{id: "b", text: "same"}}, time.Now())
		tr.publish(true)
	}
	table := tr.publish(true)
	for id, want := range map[string]string{"a": "12", "b": ""} {
		if r, _ := table.Get(id); r.(*counted).before != want {
			t.Errorf("%s took over %q, want %q", id, r.(*counted).before, want)
		}
	}
	tr.apply([]string{"a"}, nil, time.Now())
	tr.publish(true)
	tr.apply([]string{"a"}, []Row{&counted{id: "a", text: "4"}}, time.Now())
	if r, _ := tr.publish(true).Get("a"); r.(*counted).before != "" {
		t.Error("a row that was gone takes over from the one before")
	}
}
