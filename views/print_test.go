package views_test

import (
	"encoding/csv"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/internal/print"
	"holdfast/internal/text"
	"holdfast/tui/view"
	"holdfast/views"
)

// printed is how `holdfast get` prints rows of a view; the ID of an unreadable one stands for its key.
func printed(t *testing.T, f print.Format, v views.View, rows []live.Row, at view.Clock) string {
	t.Helper()
	var b strings.Builder
	out, err := print.Printer{Format: f, Out: &b}.Begin(v.FieldNames()...)
	must(t, err)
	must(t, out.Rows(func(yield func(print.Row) bool) {
		for _, r := range rows {
			row := print.Row{Key: r.ID(), Problem: r.Problem()}
			if row.Problem == nil {
				row.Values = v.Values(r, at)
			}
			if !yield(row) {
				return
			}
		}
	}))
	must(t, out.End())
	return b.String()
}

func each(rows live.Rows) iter.Seq[live.Row] {
	return func(yield func(live.Row) bool) {
		for i := range rows.Len() {
			if !yield(rows.At(i)) {
				return
			}
		}
	}
}

// Every view prints in every format: JSON that parses, CSV with a cell for each head, a table safe for a terminal.
func TestPrint(t *testing.T) {
	w := newWorld(t)
	w.fill()
	must(t, w.mini.Set("lock:\x1b[2J\u202e", "\x1b]52;c;x\a"))
	snap, at := w.read()
	for _, v := range views.All() {
		rows := live.Rows(snap.Table(v.Kind))
		if v.Rows != nil {
			rows = v.Rows(snap, nil)
		}
		out := map[print.Format]string{}
		for _, f := range []print.Format{print.Table, print.JSON, print.JSONL, print.CSV} {
			out[f] = printed(t, f, v, slices.Collect(each(rows)), at)
		}
		var all []map[string]any
		must(t, json.Unmarshal([]byte(out[print.JSON]), &all))
		if len(all) != rows.Len() || strings.Count(out[print.JSONL], "\n") != rows.Len() {
			t.Errorf("%s: %d objects, %d lines for %d rows", v.Name, len(all), strings.Count(out[print.JSONL], "\n"), rows.Len())
		}
		records, err := csv.NewReader(strings.NewReader(out[print.CSV])).ReadAll()
		must(t, err)
		if len(records) != rows.Len()+1 || len(records[0]) != len(v.Fields)+1 {
			t.Errorf("%s: %d records of %d cells", v.Name, len(records), len(records[0]))
		}
		for l := range strings.SplitSeq(out[print.Table], "\n") {
			if text.Clean(l) != l {
				t.Errorf("%s: raw text in %q", v.Name, l)
			}
		}
	}
}

// A key expires at a whole second of the server's clock, however the row was read.
func TestTheExpiryOfAKeyIsATime(t *testing.T) {
	c, at := redisdb.PairColumns, view.Clock{Now: serverTime.Add(-3 * time.Hour), Server: serverTime}
	expires := is(c.Expires, at.Now.Add(time.Minute+3*time.Millisecond))
	for want, row := range map[string]live.Row{
		`"expires":"` + serverTime.Add(time.Minute).Format(time.RFC3339) + `"`: packed("db:k", c.Key.Schema(), is(c.Key, "k"), expires),
		`"expires":null`: packed("db:k", c.Key.Schema(), is(c.Key, "k")),
	} {
		if got := printed(t, print.JSONL, anyView("pairs"), []live.Row{row}, at); !strings.Contains(got, want) {
			t.Errorf("printed %s, want %s", got, want)
		}
	}
}
