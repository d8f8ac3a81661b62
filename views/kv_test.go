package views_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/tui/view"
	"holdfast/views"
)

// cell is what a column of the kv view says of a row, and how loud.
func cell(t *testing.T, title string, r live.Row, at view.Clock) (string, view.Tone) {
	t.Helper()
	v, _ := views.All().Named("kv")
	i := slices.IndexFunc(v.Columns, func(c view.Column) bool { return c.Title == title })
	if i < 0 {
		t.Fatalf("there is no column %s", title)
	}
	tone := view.Plain
	if v.Columns[i].Tone != nil {
		tone = v.Columns[i].Tone(r, at)
	}
	return v.Columns[i].Text(r, at), tone
}

func (w *world) kv(db string, n int, value string) *redisdb.Store {
	w.t.Helper()
	s, err := w.core.KV(db)
	must(w.t, err)
	for i := range n {
		must(w.t, s.Put(&kvstore.KVPair{Key: fmt.Append(nil, i), Value: []byte(value)}))
	}
	w.t.Cleanup(func() { s.Close() })
	return s
}

func (w *world) database(db string) (kind.Row, view.Clock) {
	w.t.Helper()
	s, at := w.read()
	at.Others, at.Server = s, serverTime // exactly
	r, ok := s.Table("kv").Get(db)
	if !ok {
		w.t.Fatalf("there is no database %s", db)
	}
	return r, at
}

func TestDatabasesTellTheirBytes(t *testing.T) {
	w := newWorld(t)
	w.kv("large", 20, strings.Repeat("x", 300))
	w.kv("small:{er}", 3, "xy")
	v, _ := views.All().Named("kv")
	bytes := v.Columns[slices.IndexFunc(v.Columns, func(c view.Column) bool { return c.Title == "BYTES" })]
	large, at := w.database("large")
	small, _ := w.database("small%3A%7Ber%7D")
	for r, want := range map[kind.Row]string{large: "6.0 kB", small: "6 B"} {
		if got, _ := cell(t, "BYTES", r, at); got != want {
			t.Errorf("%s: %s, want %s", r.ID(), got, want)
		}
	}
	if key := bytes.KeyIn(at.Others); string(key(nil, large)) <= string(key(nil, small)) {
		t.Error("they are not sorted by their bytes")
	}
	if got, _ := cell(t, "BYTES", large, view.Clock{}); got != "0 B" {
		t.Errorf("where nothing is known of the keys: %s", got)
	}
}

func TestDatabasesTellHowOftenTheyChange(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	for _, tt := range []struct {
		changes uint64
		ago     time.Duration // since the second in which they happened
		want    string
	}{{0, 0, "-"}, {42, 0, "4.0/s"}, {9500, 0, "904/s"}, {50_000, 0, "4,758/s"}, {42, 10 * time.Second, "1.5/s"}, {42, time.Minute, "-"}} {
		of := redisdb.NewRows(nil, "").Kind()
		read, _ := of.Schema.Column("read")
		at := func(changes uint64, when time.Time) kind.Row {
			return packed("db", of.Schema, is(dbs.Changes, changes), is(kind.Time{Column: read}, when))
		}
		r := of.Follow(at(0, start), at(tt.changes, start.Add(time.Second)))
		if got, _ := cell(t, "RATE", r, view.Clock{Now: start.Add(time.Second + tt.ago)}); got != tt.want {
			t.Errorf("%d changes in a second, %v ago: %s, want %s", tt.changes, tt.ago, got, tt.want)
		}
	}
}

func TestDatabasesTellHowFarReplicasAre(t *testing.T) {
	w := newWorld(t)
	s := w.kv("db", 10, "x")
	report := func(ago time.Duration, name string, applied uint64) {
		w.ago(ago, func() { must(t, s.ReportReplica(ctx, name, applied)) })
	}
	says := func(replicas, lag string, tone view.Tone, facts ...string) {
		t.Helper()
		r, at := w.database("db")
		count, _ := cell(t, "REPLICAS", r, at)
		if text, loud := cell(t, "LAG", r, at); count != replicas || text != lag || loud != tone {
			t.Errorf("%s replicas, lag %s, tone %v; want %s, %s, %v", count, text, loud, replicas, lag, tone)
		}
		v, _ := views.All().Named("kv")
		var all []string
		for _, f := range v.Facts(r, at) {
			if strings.HasPrefix(f.Name, "replica") {
				all = append(all, f.Text)
			}
		}
		if !slices.Equal(all, facts) {
			t.Errorf("facts %q, want %q", all, facts)
		}
	}
	says("-", "-", view.Plain, "-", "none has reported within a day")
	report(2*time.Hour, "still", 10)
	says("1", "0", view.Plain, "-", "still: applied 10, 0 behind, reported 2h00m ago")
	report(20*time.Second, "behind", 6)
	says("2", "4", view.Plain, "-", "behind: applied 6, 4 behind, reported 20s ago", "still: applied 10, 0 behind, reported 2h00m ago")
	report(45*time.Second, "lost", 9)
	says("3", "4, silent 45s", view.Warn, "-", "behind: applied 6, 4 behind, reported 20s ago",
		"lost: applied 9, 1 behind, reported 45s ago: silent", "still: applied 10, 0 behind, reported 2h00m ago")
	report(0, "stray", 12)
	says("4", "2 ahead", view.Bad, "-", "behind: applied 6, 4 behind, reported 20s ago",
		"lost: applied 9, 1 behind, reported 45s ago: silent", "still: applied 10, 0 behind, reported 2h00m ago",
		"stray: applied 12, 2 ahead of the database, reported 0s ago: it followed another history")
}
