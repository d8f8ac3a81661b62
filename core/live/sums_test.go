package live

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/core/kind"
)

// newWeighing is a tracker of rows that weigh as much as their text is long, in the group of their first letter.
func newWeighing() *tracker {
	tr := newFakeTracker()
	tr.feed.Weigh = func(r kind.Row) (string, int64) { return r.ID()[:1], int64(len(fakeText.Of(r))) }
	return tr
}

func TestSumsAreThoseOfThePublishedRows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := newWeighing()
		model := map[string]string{}
		var published []*Table
		var sums []map[string]int64
		id := rapid.StringMatching(`[a-c][a-d]{0,2}`)
		rt.Repeat(map[string]func(*rapid.T){
			"read": func(rt *rapid.T) {
				ids := rapid.SliceOfNDistinct(id, 0, 8, func(s string) string { return s }).Draw(rt, "ids")
				var pairs []string
				for _, id := range ids {
					if rapid.Bool().Draw(rt, "gone") {
						delete(model, id)
						continue
					}
					model[id] = strings.Repeat("x", rapid.IntRange(0, 9).Draw(rt, "weight"))
					pairs = append(pairs, id+"="+model[id])
				}
				tr.apply(ids, rowsOf(pairs...), time.Now())
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
	tr := newWeighing()
	publish := func(rows ...string) *Table {
		for _, r := range rowsOf(rows...) {
			tr.apply([]string{r.ID()}, []kind.Row{r}, time.Now())
		}
		return tr.publish(true)
	}
	publish("aa=12", "ab=345", "b=6")
	if n := testing.AllocsPerRun(10, func() { tr.sums.Publish(tr.table.sums) }); n != 0 {
		t.Errorf("sums that did not change cost %v allocations", n)
	}
	if table := publish("aa=21"); table.Sum("a") != 5 || table.Sum("b") != 1 || table.Within("a").Sum("a") != 5 || table.Sum("none") != 0 {
		t.Errorf("sums %v", table.sums)
	}
	tr.apply([]string{"aa"}, rowsOf("aa=34"), time.Now())
	if tr.merge(); tr.sums.Publish(nil) != nil {
		t.Error("what weighs the same changed the sums")
	}
	if table := newFakeTracker().publish(true); table.Sum("") != 0 {
		t.Error("a kind without weights has a sum")
	}
}

func TestARowFollowsItsEarlierReading(t *testing.T) {
	tr := newFakeTracker()
	tr.feed.Follow = func(old, now kind.Row) kind.Row { // a row whose note are the texts before, and of which x is news to nobody
		if fakeText.Of(now) == "x" {
			return old
		}
		b := fakeSchema.Builder(1)
		b.Copy(now)
		fakeNote.Set(b, fakeNote.Of(old)+fakeText.Of(old))
		return b.Rows()[0]
	}
	put := func(pairs ...string) *Table {
		var ids []string
		for _, r := range rowsOf(pairs...) {
			ids = append(ids, r.ID())
		}
		tr.apply(ids, rowsOf(pairs...), time.Now())
		return tr.publish(true)
	}
	for _, text := range []string{"1", "1", "2", "3"} {
		put("a="+text, "b=same")
	}
	table := put()
	same(t, "rows", texts(table), []string{"a=3~12", "b=same"})
	if next := put("a=x"); next.Rev != table.Rev || len(next.Recent) != len(table.Recent) {
		t.Errorf("a row that stays as it is was taken for a change: %q", texts(next))
	}
	tr.apply([]string{"a"}, nil, time.Now())
	tr.publish(true)
	same(t, "a row that was gone", texts(put("a=4")), []string{"a=4", "b=same"})
}
