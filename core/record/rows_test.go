package record_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// discover finds the row ids of a kind as the read model does: by pattern, then by key.
func discover(t *testing.T, c redis.UniversalClient, patterns []string, identify func(string) (string, bool)) []string {
	t.Helper()
	var ids []string
	for _, p := range patterns {
		err := conn.Scan(ctx, c, p, 100, func(keys []string) error {
			for _, k := range keys {
				if id, ok := identify(k); ok {
					ids = append(ids, id)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestIdentifyGivesEveryKeyToOneKindAtMost(t *testing.T) {
	c, _ := redistest.Mini(t)
	records, leases := record.NewRecordRows(c, ""), record.NewLeaseRows(c, "")
	for _, k := range []struct{ key, record, lease string }{
		{"rec:{ns}:r:a", "ns:a", ""},
		{"rec:{n%3As}:r:a%2A", "n%3As:a%2A", ""},
		{"rec:{ns}:ix", "", ""},
		{"rec:{ns}:seq", "", ""},
		{"rec:{ns}:exp", "", ""},
		{"rec:{ns}:lease:12", "", "ns:12"},
		{"rec:{ns}:lk:12", "", "ns:12"},
		{"rec:{ns}:lease:x", "?{ns}:lease:x", ""},
		{"rec:{ns}:lease:012", "?{ns}:lease:012", ""},
		{"rec:{ns}:lease:0", "?{ns}:lease:0", ""},
		{"rec:{ns}:lk:-1", "?{ns}:lk:-1", ""},
		{"rec:{ns}:r:", "?{ns}:r:", ""},
		{"rec:{ns}:r:a:b", "?{ns}:r:a:b", ""},
		{"rec:{ns}:r:%61", "?{ns}:r:%61", ""},
		{"rec:{ns}:other", "?{ns}:other", ""},
		{"rec:{}:r:a", "?{}:r:a", ""},
		{"rec:{a:b}:r:a", "?{a:b}:r:a", ""},
		{"rec:ns:a", "?ns:a", ""},
		{"rec:", "?", ""},
		{"kv:{ns}:r:a", "", ""},
	} {
		id, ok := records.Identify(k.key)
		if id != k.record || ok != (k.record != "") {
			t.Errorf("%s is record %q, %v", k.key, id, ok)
		}
		if ok && !slices.Equal(records.Keys(id), []string{k.key}) {
			t.Errorf("%s: its row has the keys %q", k.key, records.Keys(id))
		}
		id, ok = leases.Identify(k.key)
		if id != k.lease || ok != (k.lease != "") {
			t.Errorf("%s is lease %q, %v", k.key, id, ok)
		}
		if ok && !slices.Contains(leases.Keys(id), k.key) {
			t.Errorf("%s: its row has the keys %q", k.key, leases.Keys(id))
		}
	}
}

func TestRecordRowsShowEveryRecordOnceAndTheBadBesideTheGood(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		rows := record.NewRecordRows(c, "")
		s, odd := open(t, c), openNS(t, c, "o:dd", record.Options{})
		l := grant(t, s, time.Hour, false)
		v := put(t, s, "a", "1", l.Id())
		w := put(t, odd, "k*", "2", record.NoLeaseId)
		c.Set(ctx, "rec:{ns}:r:wrong", "type", 0)
		c.HSet(ctx, "rec:{ns}:r:hash", "theirs", "1")
		c.HSet(ctx, "rec:{ns}:r:text", "version", "seven")
		c.HSet(ctx, "rec:{ns}:r:lease", "version", "7", "lease", "x")
		c.Set(ctx, "rec:stray", "key", 0)
		ids := discover(t, c, rows.Patterns(), rows.Identify)
		if len(ids) != 7 {
			t.Fatalf("found %q", ids)
		}
		got, err := rows.Read(ctx, append(ids, "ns:missing", "?missing"))
		if err != nil || len(got) != 7 {
			t.Fatalf("%d rows, %v", len(got), err)
		}
		byID := map[string]kind.Row{}
		for _, r := range got {
			byID[r.ID()] = r
		}
		a, k := byID["ns:a"], byID["o%3Add:k%2A"]
		for _, want := range []struct {
			row                   kind.Row
			namespace, key, value string
			version, lease        int64
		}{{a, "ns", "a", "1", int64(v), int64(l.Id())}, {k, "o:dd", "k*", "2", int64(w), 0}} {
			r, is := want.row, record.RecordColumns
			if is.Namespace.Of(r) != want.namespace || is.Key.Of(r) != want.key || is.Version.Of(r) != want.version || is.Lease.Of(r) != want.lease ||
				is.Value.Text(r) != want.value || r.Problem() != nil {
				t.Errorf("got %v, want %+v", r, want)
			}
		}
		for _, bad := range []string{"ns:wrong", "ns:hash", "ns:text", "ns:lease", "?stray"} {
			if r := byID[bad]; r.Problem() == nil {
				t.Errorf("%s: got %v", bad, r)
			}
		}
		needs := rows.Kind().Needs
		if needs(a) != fmt.Sprint("rec:{ns}:lease:", l.Id()) || needs(k) != "" || needs(byID["?stray"]) != "" {
			t.Errorf("needs %q, %q, %q", needs(a), needs(k), needs(byID["?stray"]))
		}
		again, err := rows.Read(ctx, []string{"ns:a"})
		if err != nil || !kind.Same(again[0], a) || kind.Same(again[0], k) || kind.Same(a, byID["ns:wrong"]) {
			t.Errorf("%v, %v", again, err)
		}
		if none, err := rows.Read(ctx, nil); err != nil || len(none) != 0 {
			t.Errorf("%v, %v", none, err)
		}
	})
}

// To the storage such a record is gone; what is stored all the same is shown, with what is wrong with it.
func TestRowsWithoutTheirLeaseAreShownAsSuchAndNotTouched(t *testing.T) {
	eachClock(t, func(t *testing.T, c redis.UniversalClient, pass func()) {
		s, rows, leases := open(t, c), record.NewRecordRows(c, ""), record.NewLeaseRows(c, "")
		l := grant(t, s, short, false)
		put(t, s, "a", "1", l.Id())
		pass()
		id := fmt.Sprint("ns:", l.Id())
		_ = c.Exists(ctx, leases.Keys(id)[0]) // Redis itself expires the lease's key
		unchanged(t, c, "looking", func() {
			got, err := rows.Read(ctx, []string{"ns:a"})
			if is := record.RecordColumns; err != nil || len(got) != 1 || !errors.Is(got[0].Problem(), record.ErrLeaseGone) ||
				is.Lease.Of(got[0]) != int64(l.Id()) || is.Value.Text(got[0]) != "1" {
				t.Errorf("%v, %v", got, err)
			}
			if _, _, err := rows.Load(ctx, "ns:a"); !errors.Is(err, record.ErrNotFound) {
				t.Errorf("load: %v", err)
			}
			if _, found, err := rows.Inspect(ctx, "ns:a"); found || err != nil {
				t.Errorf("inspect: %v, %v", found, err)
			}
			if got, err := leases.Read(ctx, []string{id}); err != nil || len(got) != 0 {
				t.Errorf("%+v, %v", got, err)
			}
			if _, found, err := leases.Inspect(ctx, id); found || err != nil {
				t.Errorf("inspect lease: %v, %v", found, err)
			}
			for _, get := range []func() error{
				func() error { _, err := s.Get(ctx, "a"); return err },
				func() error { all, err := s.GetRange(ctx, "", "z"); return cmp.Or(err, gone(all)) },
			} {
				if err := get(); !errors.Is(err, record.ErrNotFound) {
					t.Errorf("%v", err)
				}
			}
		})
		put(t, s, "sweeps", "", record.NoLeaseId)
		if got, err := rows.Read(ctx, []string{"ns:a"}); err != nil || len(got) != 0 {
			t.Errorf("swept: %+v, %v", got, err)
		}
	})
}

func gone(all record.Records) error {
	if len(all) == 0 {
		return record.ErrNotFound
	}
	return nil
}

func TestEditingByRowIsCompareAndSet(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s, rows := open(t, c), record.NewRecordRows(c, "")
		l := grant(t, s, time.Hour, false)
		v := put(t, s, "a", "1", l.Id())
		body, version, err := rows.Load(ctx, "ns:a")
		if err != nil || string(body) != "1" || version != int64(v) {
			t.Fatalf("%q, %d, %v", body, version, err)
		}
		w, err := rows.Replace(ctx, "ns:a", version, []byte("\x002"))
		if err != nil || w <= version {
			t.Fatalf("%d, %v", w, err)
		}
		if r, err := s.Get(ctx, "a"); err != nil || string(r.Value) != "\x002" || r.Lease != l.Id() {
			t.Fatalf("%+v, %v", r, err)
		}
		if body, found, err := rows.Inspect(ctx, "ns:a"); err != nil || !found || string(body) != "\x002" {
			t.Fatalf("%q, %v, %v", body, found, err)
		}
		c.Set(ctx, "rec:stray", "", 0)
		unchanged(t, c, "a refused edit", func() {
			if _, err := rows.Replace(ctx, "ns:a", version, nil); !errors.Is(err, record.ErrWrongVersion) {
				t.Errorf("replace: %v", err)
			}
			if err := rows.Remove(ctx, "ns:a", version); !errors.Is(err, record.ErrWrongVersion) {
				t.Errorf("remove: %v", err)
			}
			if _, err := rows.Replace(ctx, "ns:b", 1, nil); !errors.Is(err, record.ErrNotFound) {
				t.Errorf("replace of nothing: %v", err)
			}
			if err := rows.Remove(ctx, "ns:b", 1); !errors.Is(err, record.ErrNotFound) {
				t.Errorf("remove of nothing: %v", err)
			}
			for _, foreign := range []string{"?stray", "", "ns", "a:b:c"} {
				_, _, load := rows.Load(ctx, foreign)
				_, replace := rows.Replace(ctx, foreign, 0, nil)
				if remove := rows.Remove(ctx, foreign, 0); load == nil || replace == nil || remove == nil {
					t.Errorf("%q: a foreign key is not ours to edit", foreign)
				}
			}
		})
		if err := rows.Remove(ctx, "ns:a", w); err != nil {
			t.Fatal(err)
		}
		if n := c.Exists(ctx, "rec:{ns}:r:a", "rec:{ns}:ix", fmt.Sprint("rec:{ns}:lk:", l.Id())).Val(); n != 0 {
			t.Fatalf("left behind: %v", contents(t, c))
		}
	})
}

func TestLeaseRows(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s, leases := open(t, c), record.NewLeaseRows(c, "")
		l := grant(t, s, time.Minute, false)
		put(t, s, "b", "", l.Id())
		put(t, s, "a", "", l.Id())
		put(t, s, "\xff", "", l.Id())
		c.RPush(ctx, "rec:{ns}:lease:77", "wrong type")
		c.Set(ctx, "rec:{ns}:lease:78", "soon", 0)
		c.Set(ctx, "rec:{ns}:lease:79", "1000", 0)
		c.Set(ctx, "rec:{ns}:lk:79", "wrong type", 0)
		ids := discover(t, c, leases.Patterns(), leases.Identify)
		id := fmt.Sprint("ns:", l.Id())
		if len(ids) != 4 || !slices.Contains(ids, id) {
			t.Fatalf("found %q", ids)
		}
		got, err := leases.Read(ctx, append(ids, "ns:4711"))
		if err != nil || len(got) != 4 {
			t.Fatalf("%d rows, %v", len(got), err)
		}
		var good kind.Row
		for _, r := range got {
			if r.ID() == id {
				good = r
			} else if r.Problem() == nil {
				t.Errorf("it has no problem: %v", r)
			}
		}
		is := record.LeaseColumns
		left := time.Until(is.Expires.Of(good))
		if good.None() || good.Problem() != nil || is.Namespace.Of(good) != "ns" || is.Lease.Of(good) != int64(l.Id()) || is.Granted.Of(good) != time.Minute ||
			is.Records.Of(good) != 3 || left <= 50*time.Second || left > time.Minute || !good.Deadline().Equal(is.Expires.Of(good)) {
			t.Fatalf("got %v", good)
		}
		later := func(d time.Duration) kind.Row {
			b := leases.Kind().Schema.Builder(1)
			b.Copy(good)
			is.Expires.Set(b, is.Expires.Of(good).Add(d))
			return b.Rows()[0]
		}
		if !kind.Same(good, later(400*time.Millisecond)) {
			t.Error("a deadline within 500 ms is the same")
		}
		if kind.Same(good, later(600*time.Millisecond)) {
			t.Error("another deadline is a change")
		}
		body, found, err := leases.Inspect(ctx, id)
		if err != nil || !found || string(body) != `["a","b",{"base64":"/w=="}]` {
			t.Fatalf("%s, %v, %v", body, found, err)
		}
		if got := slices.Collect(record.RecordsOf(good, body)); !slices.Equal(got, []string{"ns:a", "ns:b", "ns:\xff"}) {
			t.Errorf("its records are %q", got)
		}
		if _, _, err := leases.Inspect(ctx, "ns:79"); err == nil {
			t.Error("a key set of another type cannot be inspected")
		}
		if err := leases.Release(ctx, id); err != nil {
			t.Fatal(err)
		}
		if err := leases.Release(ctx, id); !errors.Is(err, record.ErrWrongLeaseId) {
			t.Fatalf("got %v", err)
		}
		if all, err := s.GetRange(ctx, "", "\xff\xff"); err != nil || len(all) != 0 {
			t.Fatalf("%v, %v", all, err)
		}
	})
}

func TestRowsTellTheWayFromARow(t *testing.T) {
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	defer c.Close()
	_, records := record.NewRecordRows(c, "").Read(ctx, []string{"ns:a"})
	_, leases := record.NewLeaseRows(c, "").Read(ctx, []string{"ns:1"})
	_, _, inspect := record.NewRecordRows(c, "").Inspect(ctx, "ns:a")
	_, _, inspectLease := record.NewLeaseRows(c, "").Inspect(ctx, "ns:1")
	for what, err := range map[string]error{"records": records, "leases": leases, "inspect": inspect, "inspect lease": inspectLease} {
		if !conn.Unreachable(err) || !strings.Contains(err.Error(), "rec:") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A server that does not let us look for the lease has not said that it is gone: the record stays, and whether its lease
// lives is not known.
func TestARecordWhoseLeaseCannotBeLookedForIsShown(t *testing.T) {
	admin := redistest.Single(t)
	s := openNS(t, admin, "ns", record.Options{})
	l := grant(t, s, time.Minute, false)
	put(t, s, "a", "text", l.Id())
	if err := admin.ACLSetUser(ctx, "poor", "on", "nopass", "~*", "+@all", "-exists").Err(); err != nil {
		t.Fatal(err)
	}
	defer admin.ACLDelUser(ctx, "poor")
	c := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "poor", Password: "any"})
	defer c.Close()
	rows, err := record.NewRecordRows(c, "rec:").Read(ctx, []string{"ns:a"})
	if err != nil || len(rows) != 1 || rows[0].Problem() != nil || !conn.Refused(record.RecordColumns.Lease.Err(rows[0])) ||
		record.RecordColumns.Value.Text(rows[0]) != "text" {
		t.Errorf("rows %v, %v", rows, err)
	}
}
