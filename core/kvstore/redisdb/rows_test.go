package redisdb_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

func TestEveryKeyOfADatabaseIsOfItsRow(t *testing.T) {
	r := redisdb.NewRows(nil, "")
	for key, want := range map[string]string{
		"kv:{db}:ix": "db", "kv:{db}:exp": "db", "kv:{db}:seq": "db", "kv:{db}:log": "db", "kv:{db}:applied": "db", "kv:{db}:epoch": "db", "kv:{db}:replicas": "db",
		"kv:{db}:d:a": "db", "kv:{db}:d:}:d:{": "db", "kv:{db}:load:T": "db", "kv:{a%3Ab}:d:x": "a%3Ab",
		"kv:{db}:d:": "?{db}:d:", "kv:{db}:load:": "?{db}:load:", "kv:{db}:other": "?{db}:other", "kv:{}:seq": "?{}:seq", "kv:db:seq": "?db:seq",
		"kv:{a:b}:seq": "?{a:b}:seq", "kv:{a%41}:seq": "?{a%41}:seq", "kv:": "?", "kv:{db": "?{db",
		"rec:{db}:seq": "", "other": "", "k": "",
	} {
		if id, ok := r.Identify(key); id != want || ok != (want != "") {
			t.Errorf("%s is of %q, %v; want %q", key, id, ok, want)
		}
	}
	if got := testing.AllocsPerRun(100, func() { r.Identify("kv:{orders}:d:customer-000042") }); got != 0 {
		t.Errorf("a key costs %v allocations", got)
	}
}

func TestRowsOfEveryServer(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		const odd = "odd {db}:*"
		a, b := open(t, c, "a"), open(t, c, odd)
		put(t, a, pair("k", "1"), pair("l", "2"))
		put(t, a, pair("k", "3"))
		list, err := a.LoadChanges(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.SaveChanges(list); err != nil {
			t.Fatal(err)
		}
		c.Set(ctx, "kv:stray", "x", 0)
		c.Set(ctx, "kv:{bad}:ix", "x", 0)
		c.Set(ctx, "kv:{bad}:seq", "many", 0)
		c.Set(ctx, "kv:{worse}:applied", "-1", 0)
		r := redisdb.NewRows(c, "")
		ids := map[string]bool{}
		if err := conn.Scan(ctx, c, r.Patterns()[0], 100, func(keys []string) error {
			for _, k := range keys {
				id, ok := r.Identify(k)
				if !ok {
					t.Errorf("%q is nobody's", k)
				}
				ids[id] = true
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		ids["missing"], ids["?missing"] = true, true
		var all []string
		for id := range ids {
			all = append(all, id)
		}
		rows, err := r.Read(ctx, all)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, row := range rows {
			got[row.ID()] = fmt.Sprint(col.Database.Of(row), col.Keys.Of(row), col.Changes.Of(row), col.Applied.Of(row), col.LogLength.Of(row), row.Problem() != nil)
			again, err := r.Read(ctx, []string{row.ID()})
			if err != nil || len(again) != 1 || !unchanged(r.Kind(), row, again[0]) {
				t.Errorf("%s reads differently again: %v %v", row.ID(), again, err)
			}
			for _, other := range rows {
				if other != row && unchanged(r.Kind(), row, other) {
					t.Errorf("%s equals %s", row.ID(), other.ID())
				}
			}
		}
		want := map[string]string{
			"a": "a2 2 0 2 false", conn.Escape(odd): odd + "2 1 1 1 false", "?stray": "0 0 0 0 true", "bad": "bad0 0 0 0 true", "worse": "worse0 0 0 0 true",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
		if keys := r.Keys("a"); !slices.Contains(keys, "kv:{a}:log") || slices.ContainsFunc(keys, func(k string) bool { id, _ := r.Identify(k); return id != "a" }) {
			t.Error(keys)
		}
		if keys := r.Keys("?stray"); !slices.Equal(keys, []string{"kv:stray"}) {
			t.Error(keys)
		}
	})
}

func TestInspectShowsTheNewestChanges(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c, "db")
	put(t, s, pair("a", "1"), pair("b\xff", "\xfe"), &kvstore.KVPair{Key: []byte("t"), ExpireTS: 7258118400})
	r := redisdb.NewRows(c, "")
	if err := s.Delete([]byte("a")); err != nil {
		t.Fatal(err)
	}
	body, found, err := r.Inspect(ctx, "db")
	want := `[{"change":2,"effects":[{"delete":"a"}]},{"change":1,"effects":[{"put":"a","value":"1","bytes":1},` +
		`{"put":{"base64":"Yv8="},"value":{"base64":"/g=="},"bytes":1},{"put":"t","value":"","expires":"2200-01-01T00:00:00Z"}]}]`
	if string(body) != want || !found || err != nil || !json.Valid(body) {
		t.Errorf("%s, %v, %v", body, found, err)
	}
	if body, found, err := r.Inspect(ctx, "none"); body != nil || found || err != nil {
		t.Errorf("%s, %v, %v", body, found, err)
	}
	c.Set(ctx, "kv:{bad}:seq", "many", 0)
	if _, found, err := r.Inspect(ctx, "bad"); found || err == nil {
		t.Errorf("a bad row: %v, %v", found, err)
	}
}

func TestListKeysPages(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, "db")
		var pairs []*kvstore.KVPair
		for i := range 1300 {
			pairs = append(pairs, pair(fmt.Sprintf("k%04d", i), fmt.Sprint(i)))
		}
		put(t, s, append(pairs, pair("\x00", "first"), pair("l", "last"))...)
		r := redisdb.NewRows(c, "")
		for _, limit := range []int{1, 7, 600, 1300, 5000} {
			if limit == 1 && testing.Short() {
				continue
			}
			var got []string
			var after []byte
			for range 1400 {
				page, err := r.ListKeys(ctx, "db", []byte("k"), after, limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page {
					got = append(got, string(e.Key))
					if string(e.Value) == "" || e.Bytes != len(e.Value) || !e.Expires.IsZero() {
						t.Fatalf("%+v", e)
					}
				}
				if len(page) < limit {
					break
				}
				after = page[len(page)-1].Key
				if limit == 1 && len(got) == 20 {
					break
				}
			}
			want := 1300
			if limit == 1 {
				want = 20
			}
			if len(got) != want || !slices.IsSorted(got) || got[0] != "k0000" || len(slices.Compact(got)) != want {
				t.Errorf("pages of %d: %d keys", limit, len(got))
			}
		}
		if page, err := r.ListKeys(ctx, "db", nil, []byte("k1299"), 10); err != nil || len(page) != 1 || string(page[0].Key) != "l" {
			t.Error(page, err)
		}
		if page, err := r.ListKeys(ctx, "db", []byte("l"), []byte("a"), 10); err != nil || len(page) != 1 {
			t.Error("after a key before the prefix:", page, err)
		}
		if page, err := r.ListKeys(ctx, "db", nil, nil, 0); err != nil || len(page) != 0 {
			t.Error(page, err)
		}
		if page, err := r.ListKeys(ctx, "none", nil, nil, 10); err != nil || len(page) != 0 {
			t.Error(page, err)
		}
		if _, err := r.ListKeys(ctx, "", nil, nil, 10); !errors.Is(err, redisdb.ErrBadArgument) {
			t.Error(err)
		}
	})
}

func TestEditsCompareTheValueAndKeepTheExpiry(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, "db")
		ts := uint64(7258118400)
		key := []byte("k:{1}")
		put(t, s, &kvstore.KVPair{Key: key, Value: []byte("1"), ExpireTS: ts}, pair("plain", ""))
		value, expires, err := s.LoadValue(ctx, key)
		if string(value) != "1" || !expires.Equal(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)) || err != nil {
			t.Errorf("%q, %v, %v", value, expires, err)
		}
		for what, tt := range map[string]struct{ err, want error }{
			"replace another value": {s.ReplaceValue(ctx, key, []byte("0"), []byte("x")), redisdb.ErrChanged},
			"replace a missing key": {s.ReplaceValue(ctx, []byte("none"), nil, []byte("x")), redisdb.ErrNotFound},
			"delete another value":  {s.DeleteIf(ctx, key, nil), redisdb.ErrChanged},
			"delete a missing key":  {s.DeleteIf(ctx, []byte("none"), nil), redisdb.ErrNotFound},
			"create what is there":  {s.Create(ctx, pair("plain", "x")), redisdb.ErrExists},
			"create without a key":  {s.Create(ctx, pair("", "x")), kvstore.ErrKey},
			"replace without a key": {s.ReplaceValue(ctx, nil, nil, nil), kvstore.ErrKey},
		} {
			precondition := tt.want == redisdb.ErrChanged || tt.want == redisdb.ErrExists
			if !errors.Is(tt.err, tt.want) || errors.Is(tt.err, conn.ErrPrecondition) != precondition {
				t.Errorf("%s: %v", what, tt.err)
			}
		}
		if _, _, err := s.LoadValue(ctx, []byte("none")); !errors.Is(err, redisdb.ErrNotFound) {
			t.Error(err)
		}
		if _, _, err := s.LoadValue(ctx, nil); !errors.Is(err, kvstore.ErrKey) {
			t.Error(err)
		}
		if n, err := s.GetLatestCommittedChangeNumber(); n != 1 || err != nil {
			t.Errorf("refusals made changes: %d, %v", n, err)
		}
		for _, err := range []error{
			s.ReplaceValue(ctx, key, []byte("1"), []byte("2")), s.ReplaceValue(ctx, []byte("plain"), nil, []byte("x")),
			s.DeleteIf(ctx, []byte("plain"), []byte("x")), s.Create(ctx, &kvstore.KVPair{Key: []byte("new"), ExpireTS: ts}),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		list, err := s.LoadChanges(2, 10)
		if err != nil || len(list) != 4 || list[0].Trxns[0].ExpireTS != ts || list[2].Trxns[0].Type != kvstore.TrxnDelete {
			t.Errorf("the log says %v, %v", list, err)
		}
		pairs, err := s.Get(key, []byte("plain"), []byte("new"))
		if err != nil || len(pairs) != 2 || string(pairs[0].Value) != "2" || pairs[0].ExpireTS != ts || pairs[1].ExpireTS != ts {
			t.Error(pairs, err)
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if err := s.ReplaceValue(cancelled, key, []byte("2"), nil); !errors.Is(err, cancelled.Err()) {
			t.Error(err)
		}
	})
}

func TestRowsTellAnUnreachableServer(t *testing.T) {
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer c.Close()
	r := redisdb.NewRows(c, "x:")
	_, read := r.Read(ctx, []string{"a"})
	_, list := r.ListKeys(ctx, "a", nil, nil, 1)
	_, _, inspect := r.Inspect(ctx, "a")
	_, open := redisdb.Open(c, "a", redisdb.Options{})
	for what, err := range map[string]error{"read": read, "list": list, "inspect": inspect, "open": open} {
		if !conn.Unreachable(err) || !strings.Contains(err.Error(), "kv: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestEachPageMeetsAllPairsAFewAtATime(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, "db:1")
		ts := uint64(7258118400)
		var pairs []*kvstore.KVPair
		for i := range 1300 {
			pairs = append(pairs, &kvstore.KVPair{Key: fmt.Appendf(nil, "k:%04d\xff", i), Value: []byte("v"), ExpireTS: ts * uint64(i%2)})
		}
		put(t, s, pairs...)
		put(t, s, pair("large", strings.Repeat("x", 1<<20)), pair("largest", strings.Repeat("x", 1<<20)))
		var met, most int
		err := redisdb.NewRows(c, "").EachPage(ctx, "db:1", func(page []redisdb.Entry) error {
			for i, e := range page {
				switch {
				case met+i < 1300 && (string(e.Key) != fmt.Sprintf("k:%04d\xff", met+i) || e.Bytes != 1 || e.Expires.IsZero() != ((met+i)%2 == 0)):
					t.Fatalf("%d: %+v", met+i, e)
				case met+i >= 1300 && e.Bytes != 1<<20:
					t.Fatalf("%d: %s", met+i, e.Key)
				}
			}
			met += len(page)
			most = max(most, len(page))
			return nil
		})
		if err != nil || met != 1302 || most > 512 {
			t.Errorf("%d pairs, up to %d a page: %v", met, most, err)
		}
		enough := errors.New("enough")
		if err := redisdb.NewRows(c, "").EachPage(ctx, "db:1", func([]redisdb.Entry) error { return enough }); err != enough {
			t.Error(err)
		}
	})
}
