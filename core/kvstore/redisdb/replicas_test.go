package redisdb_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// databases is the kind.
var databases = redisdb.NewRows(nil, "").Kind()

// rowOf reads the row of a database.
func rowOf(t testing.TB, c redis.UniversalClient, db string) kind.Row {
	t.Helper()
	rows, err := redisdb.NewRows(c, "").Read(ctx, []string{db})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	return rows[0]
}

func report(t testing.TB, s *redisdb.Store, name string, applied uint64) {
	t.Helper()
	if err := s.ReportReplica(ctx, name, applied); err != nil {
		t.Fatal(err)
	}
}

// lags spells the replicas of a row: "name+lag" of each.
func lags(r kind.Row, now time.Time) []string {
	out := []string{}
	for _, p := range redisdb.Replicas(r, now) {
		out = append(out, fmt.Sprintf("%s+%d", p.Name, p.Lag(r)))
	}
	return out
}

func TestARowTellsHowFarReplicasAre(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, "db")
		for i := range 5 {
			put(t, s, pair("k", fmt.Sprint(i)))
		}
		before := rowOf(t, c, "db")
		const odd = "host:{*}\xff\n"
		report(t, s, odd, 2)
		report(t, s, "b", 5)
		report(t, s, "a", 1)
		report(t, s, "a", 4)
		report(t, s, "ahead", 9) // of another history
		now, err := c.Time(ctx).Result()
		if err != nil {
			t.Fatal(err)
		}
		row := rowOf(t, c, "db")
		if got, want := lags(row, now), []string{"a+1", "ahead+0", "b+0", odd + "+3"}; !slices.Equal(got, want) || row.Problem() != nil {
			t.Errorf("%q, want %q, %v", got, want, row.Problem())
		}
		for _, p := range redisdb.Replicas(row, now) {
			if ago := now.Sub(p.Reported); ago < 0 || ago > time.Minute {
				t.Errorf("%q reported %v ago", p.Name, ago)
			}
		}
		if unchanged(databases, before, row) || !unchanged(databases, row, rowOf(t, c, "db")) {
			t.Error("a report does not make another row, or a second reading does")
		}
		if life := c.PTTL(ctx, "kv:{db}:replicas").Val(); life <= 23*time.Hour || life > 24*time.Hour {
			t.Errorf("the reports live for %v", life)
		}
		if got := lags(row, now.Add(25*time.Hour)); len(got) != 0 {
			t.Errorf("a day later: %q", got)
		}
	})
}

func TestAReplicaThatIsSilentForADayIsForgotten(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, "db")
		put(t, s, pair("k", "1"))
		now, err := c.Time(ctx).Result()
		if err != nil {
			t.Fatal(err)
		}
		at := func(ago time.Duration) string { return fmt.Sprintf("1 %d", now.Add(-ago).UnixMilli()) }
		if err := c.HSet(ctx, "kv:{db}:replicas", "old", at(25*time.Hour), "young", at(23*time.Hour)).Err(); err != nil {
			t.Fatal(err)
		}
		if got := lags(rowOf(t, c, "db"), now); !slices.Equal(got, []string{"young+0"}) {
			t.Errorf("%q", got)
		}
		report(t, s, "new", 1)
		names := c.HKeys(ctx, "kv:{db}:replicas").Val()
		slices.Sort(names)
		if !slices.Equal(names, []string{"new", "young"}) {
			t.Errorf("the next report leaves %q", names)
		}
	})
}

func TestARestoreForgetsTheReplicas(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, "db")
		put(t, s, pair("k", "1"))
		path := t.TempDir() + "/backup"
		if err := s.BackupTo(path); err != nil {
			t.Fatal(err)
		}
		r, err := s.GetSnapshot()
		if err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		report(t, s, "r", 1)
		if err := s.PutSnapshot(io.NopCloser(bytes.NewReader(whole))); err != nil {
			t.Fatal(err)
		}
		if n := c.Exists(ctx, "kv:{db}:replicas").Val(); n != 0 {
			t.Error("a snapshot in the state's place leaves the reports of before")
		}
		report(t, s, "r", 1)
		restored, _, _, _, err := s.RestoreFrom(path)
		if err != nil {
			t.Fatal(err)
		}
		defer restored.Close()
		if n := c.Exists(ctx, "kv:{db}:replicas").Val(); n != 0 {
			t.Error("a restore leaves the reports of before")
		}
	})
}

func TestWhatIsNoReportIsAProblemUntilTheNextOne(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c, "db")
	put(t, s, pair("k", "1"))
	c.HSet(ctx, "kv:{db}:replicas", "r", "many")
	if row := rowOf(t, c, "db"); row.Problem() == nil {
		t.Error("it is none")
	}
	report(t, s, "other", 1)
	if row := rowOf(t, c, "db"); row.Problem() != nil || len(redisdb.Replicas(row, time.Now())) != 1 {
		t.Error(say(row))
	}
	if err := s.ReportReplica(ctx, "r", kvstore.MaxChangeNumber+1); err == nil {
		t.Error("a number that is none was noted")
	}
	c.Set(ctx, "kv:{db}:replicas", "text", 0)
	if row := rowOf(t, c, "db"); row.Problem() == nil {
		t.Error("a key of another type is none")
	}
}

func TestTheRateOfChangesFollowsTheReadings(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	was, is := reading(t, start, 100, 0), reading(t, start.Add(time.Second), 150, 0)
	is = databases.Follow(was, is)
	first := redisdb.Rate(is).At(start.Add(time.Second))
	if want := 50 * (1 - math.Exp(-0.1)); math.Abs(first-want) > 0.01 {
		t.Errorf("%v a second, want %v", first, want)
	}
	same := databases.Follow(is, reading(t, start.Add(11*time.Second), 150, 1)) // another number changed
	if got := redisdb.Rate(same).At(start.Add(11 * time.Second)); math.Abs(got-first/math.E) > 0.01 {
		t.Errorf("ten seconds later %v, want %v", got, first/math.E)
	}
	if col.Changes.Of(same) != 150 || col.Applied.Of(same) != 1 || same.ID() != "db" {
		t.Errorf("beside its rate, the row has become %s", say(same))
	}
	if !unchanged(databases, is, reading(t, start.Add(time.Hour), 150, 0)) {
		t.Error("the moment of a reading makes a change")
	}
}

// reading is a row as it was read at a moment.
func reading(t *testing.T, at time.Time, changes, applied uint64) kind.Row {
	t.Helper()
	read, ok := databases.Schema.Column("read")
	if !ok {
		t.Fatal("a row does not have the moment of its reading")
	}
	return databases.Schema.One("db", func(b *kind.Builder) {
		kind.Time{Column: read}.Set(b, at)
		col.Changes.Set(b, changes)
		col.Applied.Set(b, applied)
	})
}

// Replicas report every few seconds that they live. That is a change only when the last such report that is shown is old.
func TestAReportThatRepeatsItselfIsNoChange(t *testing.T) {
	c := redistest.Single(t)
	put(t, open(t, c, "db"), pair("k", "1"))
	at := func(seconds int64, applied int) kind.Row {
		t.Helper()
		if err := c.HSet(ctx, "kv:{db}:replicas", "a", fmt.Sprintf("%d %d", applied, 1000*(1_000_000+seconds)), "b", "1 1000000000").Err(); err != nil {
			t.Fatal(err)
		}
		return rowOf(t, c, "db")
	}
	was := at(0, 1)
	for what, tt := range map[string]struct {
		is   kind.Row
		want bool
	}{
		"a repeated report":  {at(14, 1), true},
		"one much later":     {at(16, 1), false},
		"another number":     {at(1, 0), false},
		"an earlier report":  {at(-14, 1), true},
		"one of another age": {at(-16, 1), false},
	} {
		if got := unchanged(databases, was, tt.is); got != tt.want {
			t.Errorf("%s means the same: %v", what, got)
		}
		if now := databases.Follow(was, tt.is); !tt.want && !slices.Equal(redisdb.Replicas(now, time.Time{}), redisdb.Replicas(tt.is, time.Time{})) {
			t.Errorf("%s: %s became %s", what, say(tt.is), say(now))
		}
	}
	late := at(14, 1)
	put(t, open(t, c, "db"), pair("k", "2"))
	if unchanged(databases, was, rowOf(t, c, "db")) || unchanged(databases, late, rowOf(t, c, "db")) {
		t.Error("beside a repeated report, a change is none")
	}
}

// A restore moves the number of changes on, and nothing changed as often as that.
func TestARestoreIsNoRateOfChanges(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c, "db")
	put(t, s, pair("k", "1"))
	was := rowOf(t, c, "db")
	r, err := s.GetSnapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutSnapshot(r); err != nil {
		t.Fatal(err)
	}
	is := databases.Follow(was, rowOf(t, c, "db"))
	if rate := redisdb.Rate(is).At(time.Now()); col.Changes.Of(is) <= col.Changes.Of(was) || rate != 0 {
		t.Errorf("from change %d to %d: %v a second", col.Changes.Of(was), col.Changes.Of(is), rate)
	}
	put(t, s, pair("k", "2"))
	next := databases.Follow(is, rowOf(t, c, "db"))
	if redisdb.Rate(next).At(time.Now()) <= 0 {
		t.Error("the next change is none")
	}
}

func TestAPairWeighsItsValueInItsDatabase(t *testing.T) {
	c := redistest.Single(t)
	put(t, open(t, c, "a:b"), pair("k", "12345"))
	r := redisdb.NewPairRows(c, "")
	rows, err := r.Read(ctx, []string{"a%3Ab:k"})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if group, n := r.Kind().Weigh(rows[0]); group != rowOf(t, c, "a%3Ab").ID() || n != 5 {
		t.Errorf("%d in %q", n, group)
	}
}

// A hash of replicas may hold anything: what is too large is not known, and the rest of the row is.
func TestHugeReportsOfReplicasAreNotRead(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	opened, err := conn.Open(conn.Options{URLs: []string{server.URL()}})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	for _, db := range []string{"good", "huge"} {
		s := open(t, admin, db)
		put(t, s, pair("a", "1"))
		report(t, s, "r", 1)
	}
	if err := admin.HSet(ctx, "kv:{huge}:replicas", "x", strings.Repeat("x", 40<<20)).Err(); err != nil {
		t.Fatal(err)
	}
	rows, err := redisdb.NewRows(opened, "").Read(ctx, []string{"good", "huge"})
	if err != nil || len(rows) != 2 || rows[0].Bad() || rows[1].Bad() {
		t.Fatalf("%v, %v", rows, err)
	}
	c := redisdb.Columns
	if n := len(redisdb.Replicas(rows[0], time.Now())); n != 1 || c.Replicas.Err(rows[0]) != nil {
		t.Errorf("%d replicas, %v", n, c.Replicas.Err(rows[0]))
	}
	// Which of the two comes on the first page is the server's choice: what is not read is counted, or the page is too large.
	err = c.Replicas.Err(rows[1])
	tooLarge, counted := strings.Contains(fmt.Sprint(err), "too large"), err == nil && redisdb.MoreReplicas(rows[1]) == 1
	if !tooLarge && !counted || c.Keys.Of(rows[1]) != 1 {
		t.Errorf("%v, %v", err, rows[1])
	}
}
