package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/core/kind"
)

func newFakeTracker() *tracker {
	return newTracker(newFeed(kind.Kind{Name: "k", Schema: fakeSchema, Source: &fake{prefix: "k:"}}))
}

func TestTrackerTakesInWhatAReadingGave(t *testing.T) {
	type step struct {
		asked []string
		came  []string
	}
	for _, tt := range []struct {
		name    string
		steps   []step // the first is that of the first pass
		rows    []string
		changes []string
		bad     int
		rises   bool // Rev
	}{
		{name: "what the first pass finds is no change",
			steps: []step{{[]string{"a", "b"}, []string{"a=1", "b=2"}}}, rows: []string{"a=1", "b=2"}},
		{name: "added", rises: true,
			steps: []step{{}, {[]string{"a"}, []string{"a=1"}}}, rows: []string{"a=1"}, changes: []string{"+a"}},
		{name: "updated", rises: true,
			steps: []step{{[]string{"a"}, []string{"a=1"}}, {[]string{"a"}, []string{"a=2"}}}, rows: []string{"a=2"}, changes: []string{"~a:1>2"}},
		{name: "removed", rises: true,
			steps: []step{{[]string{"a", "b"}, []string{"a=1", "b=2"}}, {[]string{"a", "b"}, []string{"b=2"}}}, rows: []string{"b=2"}, changes: []string{"-a"}},
		{name: "all removed", rises: true,
			steps: []step{{[]string{"a", "b"}, []string{"a=1", "b=2"}}, {[]string{"a", "b"}, nil}}, rows: []string{}, changes: []string{"-a", "-b"}},
		{name: "the shown row stays when the new one means the same",
			steps: []step{{[]string{"a"}, []string{"a=x~1"}}, {[]string{"a"}, []string{"a=x~2"}}}, rows: []string{"a=x~1"}},
		{name: "asked for and never there",
			steps: []step{{[]string{"a"}, []string{"a=1"}}, {[]string{"ghost"}, nil}}, rows: []string{"a=1"}},
		{name: "removed and made again between two publishes",
			steps: []step{{[]string{"a"}, []string{"a=1"}}, {[]string{"a"}, nil}, {[]string{"a"}, []string{"a=1"}}}, rows: []string{"a=1"}},
		{name: "made and removed between two publishes",
			steps: []step{{}, {[]string{"a"}, []string{"a=1"}}, {[]string{"a"}, nil}}, rows: []string{}},
		{name: "sorted by ID whatever the order of the answers", rises: true,
			steps: []step{{[]string{"m"}, []string{"m=1"}}, {[]string{"c", "z", "a"}, []string{"z=3", "a=1", "c=2"}}}, rows: []string{"a=1", "c=2", "m=1", "z=3"}, changes: []string{"+a", "+c", "+z"}},
		{name: "a row turns bad", bad: 1, rises: true,
			steps: []step{{[]string{"a", "b"}, []string{"a=1", "b=2"}}, {[]string{"a"}, []string{"a=bad"}}}, rows: []string{"a=bad", "b=2"}, changes: []string{"~a:1>bad"}},
		{name: "a bad row turns good, another one goes", rises: true,
			steps: []step{{[]string{"a", "b"}, []string{"a=bad", "b=bad"}}, {[]string{"a", "b"}, []string{"a=1"}}}, rows: []string{"a=1"}, changes: []string{"~a:bad>1", "-b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := newFakeTracker()
			now := time.Unix(100, 0)
			tr.apply(tt.steps[0].asked, rowsOf(tt.steps[0].came...), now)
			first := tr.close(true, now)
			kept := texts(first)
			for _, s := range tt.steps[1:] {
				tr.apply(s.asked, rowsOf(s.came...), now)
			}
			got := tr.close(false, now)
			same(t, "rows", texts(got), tt.rows)
			same(t, "changes", spell(got.Recent), append([]string{}, tt.changes...))
			if got.Bad != tt.bad {
				t.Errorf("%d bad rows, want %d", got.Bad, tt.bad)
			}
			if (got.Rev > first.Rev) != tt.rises {
				t.Errorf("Rev went from %d to %d", first.Rev, got.Rev)
			}
			same(t, "the table published before", texts(first), kept)
		})
	}
}

func TestTrackerFollowsTheScan(t *testing.T) {
	tr := newFakeTracker()
	if tr.found("other:a", false) {
		t.Error("took a key of another kind")
	}
	for _, key := range []string{"k:a", "k:b", "k:a"} { // SCAN may repeat a key
		if !tr.found(key, false) {
			t.Errorf("left %s to another kind", key)
		}
	}
	want := tr.take(9)
	slices.Sort(want)
	same(t, "wanted", want, []string{"a", "b"})
	tr.apply(want, rowsOf("a=1", "b=1"), time.Now())
	same(t, "wanted after the reading", tr.take(9), []string{})
	same(t, "unseen in pass 1", tr.unseen(), nil)
	tr.found("k:a", false) // once more, after it was read
	same(t, "wanted again", tr.take(9), []string{})
	tr.begin(2)
	tr.found("k:b", false)
	same(t, "unseen in pass 2", tr.unseen(), []string{"a"})
	tr.apply([]string{"a"}, rowsOf("a=1"), time.Now())
	same(t, "rows", texts(tr.publish(true)), []string{"a=1", "b=1"}) // it was there: the scan had missed it
	tr.begin(3)
	tr.found("k:a", false)
	tr.found("k:b", false)
	same(t, "unseen in pass 3", tr.unseen(), nil)
	tr.begin(4) // one that reads all again
	tr.found("k:a", true)
	tr.apply(tr.take(1), rowsOf("a=1"), time.Now())
	same(t, "unseen in pass 4", tr.unseen(), []string{"b"})
	tr.feed.several = true
	tr.found("k:a", true) // another key of a row that this pass has read
	tr.found("k:b", true)
	same(t, "wanted where several keys make up a row", tr.take(9), []string{"b"})
}

// Rows that could not be read are wanted again only when the scan comes by; the error stays until a pass met none.
func TestTrackerKeepsAnErrorUntilAPassWithoutOne(t *testing.T) {
	tr, boom := newFakeTracker(), errors.New("boom")
	tr.apply([]string{"a"}, rowsOf("a=1"), time.Now())
	tr.found("k:b", false)
	same(t, "wanted", tr.take(9), []string{"b"})
	tr.fail(nil, boom)
	tr.passed(nil)
	if got := tr.close(true, time.Unix(1, 0)); got.Err != boom || !got.ReadAt.IsZero() || got.Len() != 1 {
		t.Errorf("after the pass that failed: %+v", got)
	}
	tr.apply([]string{"a"}, rowsOf("a=1"), time.Now()) // another batch goes well
	if got := tr.close(false, time.Unix(2, 0)); got.Err != boom || !got.ReadAt.IsZero() {
		t.Errorf("within the next pass: %+v", got)
	}
	tr.passed(nil)
	if got := tr.close(true, time.Unix(3, 0)); got.Err != nil || !got.ReadAt.Equal(time.Unix(3, 0)) {
		t.Errorf("after a pass without failure: %+v", got)
	}
}

func TestTrackerReadsAllRowsInTurn(t *testing.T) {
	tr := newFakeTracker()
	same(t, "of no rows", tr.rolling(3), []string{})
	tr.apply([]string{"a", "b", "c", "d", "e"}, rowsOf("a=1", "b=1", "c=1", "d=1", "e=1"), time.Now())
	tr.publish(true)
	for _, want := range []string{"abc", "dea", "bcd"} {
		same(t, "in turn", tr.rolling(3), strings.Split(want, ""))
	}
	tr.apply([]string{"d", "e"}, nil, time.Now()) // the place where it stood goes
	tr.publish(false)
	same(t, "after a removal", tr.rolling(2), []string{"a", "b"})
	same(t, "more than there are", tr.rolling(9), []string{"c", "a", "b"})
}

func TestTableKeepsTheNewestChangesOnly(t *testing.T) {
	tr := newFakeTracker()
	tr.close(true, time.Now())
	var ids []string
	for i := range 5000 { // more than are kept, in one reading
		ids = append(ids, fmt.Sprintf("r%05d", i))
	}
	for batch := range slices.Chunk(ids, 500) {
		var pairs []string
		for _, id := range batch {
			pairs = append(pairs, id+"=1")
		}
		tr.apply(batch, rowsOf(pairs...), time.Now())
		if len(tr.changes) > 2*recentChanges {
			t.Fatalf("%d changes wait to be published", len(tr.changes))
		}
	}
	first := tr.close(false, time.Now())
	if first.Len() != 5000 || first.Rates[0] != 5000 {
		t.Fatalf("%d rows, rates %v", first.Len(), first.Rates)
	}
	if n := len(first.Recent); n != recentChanges || first.Recent[n-1].ID != "r04999" || first.Recent[0].ID != "r04744" {
		t.Errorf("%d changes from %s to %s", n, first.Recent[0].ID, first.Recent[n-1].ID)
	}
	before := spell(first.Recent)
	tr.apply([]string{"r00000"}, nil, time.Now())
	second := tr.close(false, time.Now())
	if n := len(second.Recent); n != recentChanges || spell(second.Recent[n-1:])[0] != "-r00000" || second.Recent[0].ID != "r04745" {
		t.Errorf("%d changes from %s to %s", n, second.Recent[0].ID, second.Recent[n-1].ID)
	}
	same(t, "changes published before", spell(first.Recent), before)
}

func TestRatesCountTheChangesOfEachReading(t *testing.T) {
	tr, now := newFakeTracker(), time.Unix(1000, 0)
	reading := func(took time.Duration, texts ...string) *Table {
		now = now.Add(took)
		for i, text := range texts {
			tr.apply([]string{"a"}, rowsOf("a="+text), now)
			if i == 0 {
				tr.publish(false) // on the way: still the same reading
			}
		}
		return tr.close(true, now)
	}
	if got := reading(0, "0", "1"); len(got.Rates) != 0 || got.Rate() != 0 {
		t.Errorf("the first pass: %v, %v a second", got.Rates, got.Rate())
	}
	if got := reading(0, "2"); got.Rate() != 0 {
		t.Errorf("in no time: %v a second", got.Rate())
	}
	reading(time.Second, "3", "4", "5")
	reading(time.Second)
	got := reading(8*time.Second, "6", "7") // after a pause
	if !slices.Equal(got.Rates, []int{1, 2, 0, 2}) || got.Rate() != 0.5 {
		t.Errorf("%v, %v a second", got.Rates, got.Rate())
	}
	kept := slices.Clone(got.Rates)
	for range 2 * rateReadings {
		reading(time.Second, "x", "y")
	}
	last := reading(time.Second, "x", "y")
	if len(last.Rates) != rateReadings || last.Rate() != 2 {
		t.Errorf("%d readings, %v a second", len(last.Rates), last.Rate())
	}
	if !slices.Equal(got.Rates, kept) {
		t.Errorf("published rates became %v", got.Rates)
	}
}

// Whatever readings come in, the published table is what a plain map would hold, and no table published before changes.
func TestTrackerAgainstAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr, model := newFakeTracker(), map[string]string{}
		var published []*Table
		var spelled [][]string
		id := rapid.StringMatching(`[a-d]{0,3}`)
		rt.Repeat(map[string]func(*rapid.T){
			"read": func(rt *rapid.T) {
				ids := rapid.SliceOfNDistinct(id, 0, 8, func(s string) string { return s }).Draw(rt, "ids")
				var pairs []string
				for _, id := range ids {
					text := rapid.SampledFrom([]string{"", "1", "2", "bad"}).Draw(rt, id)
					if text == "" {
						delete(model, id)
						continue
					}
					pairs = append(pairs, id+"="+text)
					model[id] = text
				}
				tr.apply(ids, rowsOf(pairs...), time.Now())
			},
			"publish": func(rt *rapid.T) {
				table := tr.publish(rapid.Bool().Draw(rt, "complete"))
				published, spelled = append(published, table), append(spelled, texts(table))
			},
			"": func(rt *rapid.T) {
				for i, table := range published {
					same(rt, "a table published before", texts(table), spelled[i])
				}
			},
		})
		got := tr.publish(true)
		var want []string
		bad := 0
		for id, text := range model {
			want = append(want, id+"="+text)
			if text == "bad" {
				bad++
			}
		}
		slices.SortFunc(want, func(a, b string) int {
			x, _, _ := strings.Cut(a, "=")
			y, _, _ := strings.Cut(b, "=")
			return strings.Compare(x, y)
		})
		same(rt, "rows", texts(got), want)
		if got.Bad != bad {
			rt.Errorf("%d bad rows, want %d", got.Bad, bad)
		}
		for i := range got.Len() {
			if at, ok := got.Index(got.At(i).ID()); !ok || at != i {
				rt.Errorf("%q is at %d, Index says %d, %v", got.At(i).ID(), i, at, ok)
			}
		}
	})
}

func TestTableFindsRows(t *testing.T) {
	tr := newFakeTracker()
	tr.apply([]string{"a:1", "a:2", "a:3", "b:1"}, rowsOf("a:1=x", "a:2=x", "a:3=x", "b:1=x"), time.Now())
	table := tr.publish(true)
	if r, ok := table.Get("a:2"); !ok || r.ID() != "a:2" {
		t.Errorf("Get: %v, %v", r, ok)
	}
	if r, ok := table.Get("a:"); ok {
		t.Errorf("Get of nothing: %v", r)
	}
	for _, tt := range []struct {
		prefix string
		most   int
		want   string
	}{
		{"a:", 9, "a:1 a:2 a:3"}, {"a:", 2, "a:1 a:2"}, {"a:2", 9, "a:2"}, {"", 9, "a:1 a:2 a:3 b:1"}, {"b", 9, "b:1"}, {"c", 9, ""}, {"a:20", 9, ""},
	} {
		var got []string
		table.Range(tt.prefix, func(r kind.Row) bool { got = append(got, r.ID()); return len(got) < tt.most })
		same(t, "Range "+tt.prefix, got, strings.Fields(tt.want))
	}
	s := &Snapshot{Tables: []*Table{table}}
	if s.Table("k") != table || s.Table("none").Len() != 0 || s.Table("none").Kind != "none" {
		t.Error("Snapshot.Table finds the wrong one")
	}
	s.Server.Skew = time.Minute
	if now := time.Unix(0, 0); !s.ServerNow(now).Equal(now.Add(time.Minute)) {
		t.Error("ServerNow")
	}
}
