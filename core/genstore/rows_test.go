package genstore_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

func TestRowsAreFoundReadAndBumped(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		rows := genstore.NewRows(c, "gen:")
		bump(t, genstore.NewRedisGenStore(c, "user"), "single:user:42")
		bump(t, genstore.NewRedisGenStoreWithTTL(c, "user", time.Hour), "odd \x00{}*")
		c.RPush(ctx, "gen:user:list", "1")
		set(t, c, "gen:user:text", "seven")
		set(t, c, "gen:stray", "7")
		set(t, c, "gen:", "7")
		set(t, c, "gone:user:k", "7")
		var ids []string
		for _, p := range rows.Patterns() {
			err := conn.Scan(ctx, c, p, 100, func(keys []string) error {
				for _, k := range keys {
					if id, ok := rows.Identify(k); ok {
						ids = append(ids, id)
						if back := rows.Keys(id); !slices.Equal(back, []string{k}) {
							t.Errorf("row %q of key %q has keys %q", id, k, back)
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := rows.Read(ctx, ids); err != nil { // dials, and learns where the slots are
			t.Fatal(err)
		}
		trips := &redistest.Trips{}
		c.AddHook(trips)
		got, err := rows.Read(ctx, append(ids, "user:missing"))
		if err != nil || trips.N.Load() != 1 {
			t.Fatalf("%v after %d trips", err, trips.N.Load())
		}
		type view struct {
			ns, key string
			gen     uint64
			expires bool
			problem error
		}
		want := map[string]view{
			"user:single:user:42": {"user", "single:user:42", 1, false, nil},
			"user:odd \x00{}*":    {"user", "odd \x00{}*", 1, true, nil},
			"user:list":           {"user", "list", 0, false, genstore.ErrNotGeneration},
			"user:text":           {"user", "text", 0, false, genstore.ErrNotGeneration},
			"stray":               {"", "stray", 7, false, genstore.ErrForeign},
			"":                    {"", "", 7, false, genstore.ErrForeign},
		}
		if len(got) != len(want) {
			t.Errorf("%d rows, want %d", len(got), len(want))
		}
		for _, r := range got {
			w, is := want[r.ID()], genstore.Columns
			if is.Namespace.Of(r) != w.ns || is.Key.Of(r) != w.key || is.Generation.Of(r) != w.gen || is.Expires.Of(r).IsZero() == w.expires ||
				!errors.Is(r.Problem(), w.problem) || !r.Deadline().Equal(is.Expires.Of(r)) {
				t.Errorf("row %v, want %+v", r, w)
			}
			if left := time.Until(is.Expires.Of(r)); w.expires && (left > time.Hour || left < time.Hour-time.Minute) {
				t.Errorf("row %q lives %v", r.ID(), left)
			}
		}
	})
}

func TestARowIsSplitWhereItsWriterDid(t *testing.T) {
	c, _ := redistest.Mini(t)
	for id, want := range map[string][2]string{
		"app:prod:user:single:app:prod:user:u1": {"app:prod:user", "single:app:prod:user:u1"},
		"app:prod:user:bulk:app:prod:user:0123": {"app:prod:user", "bulk:app:prod:user:0123"},
		"user:single:user:a:b":                  {"user", "single:user:a:b"},
		"user:single:user:":                     {"user", "single:user:"},
		"a:single:a":                            {"", "a:single:a"}, // not the writer's
		"app:prod:u1":                           {"", "app:prod:u1"},
		"app:single:other:u1":                   {"", "app:single:other:u1"},
		"a:single:a:single:a:single:a:k":        {"", "a:single:a:single:a:single:a:k"}, // two namespaces may have written it
		"user:k":                                {"user", "k"},
		":single::k":                            {"", ":single::k"},
		"single:single:single:k":                {"single", "single:single:k"},
	} {
		set(t, c, "gen:"+id, "7")
		rows, err := genstore.NewRows(c, "gen:").Read(ctx, []string{id})
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		namespace, key := genstore.Columns.Namespace.Of(rows[0]), genstore.Columns.Key.Of(rows[0])
		if namespace != want[0] || key != want[1] || rows[0].Problem() != nil || genstore.IDOf(namespace, key) != id {
			t.Errorf("%s is split into %q and %q, problem %v", id, namespace, key, rows[0].Problem())
		}
	}
}

func TestABumpByHandKeepsTheLifeOfTheCounter(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		rows := genstore.NewRows(c, "gen:")
		for i, life := range []time.Duration{0, time.Hour} {
			key := fmt.Sprint("k", i)
			c.Set(ctx, "gen:ns:"+key, 41, life)
			if got, err := rows.Bump(ctx, "ns", key); err != nil || got != 42 {
				t.Fatalf("got %d, %v", got, err)
			}
			if ttl := c.PTTL(ctx, "gen:ns:"+key).Val(); (ttl > 0) != (life > 0) || ttl > life {
				t.Errorf("a counter that lived %v now lives %v", life, ttl)
			}
		}
		for _, by := range [][2]string{{"app:prod", "single:app:prod:u"}, {"", "app:prod:single:app:prod:u"}} {
			if _, err := rows.Bump(ctx, by[0], by[1]); err != nil {
				t.Error(err)
			}
		}
		if got := c.Get(ctx, "gen:app:prod:single:app:prod:u").Val(); got != "2" {
			t.Errorf("both forms together bumped to %q", got)
		}
	})
}

func TestInspectShowsTheStoredText(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		rows := genstore.NewRows(c, "gen:")
		set(t, c, "gen:ns:k", "007")
		c.RPush(ctx, "gen:ns:list", "1")
		if body, found, err := rows.Inspect(ctx, "ns:k"); string(body) != "007" || !found || err != nil {
			t.Errorf("got %q, %v, %v", body, found, err)
		}
		if body, found, err := rows.Inspect(ctx, "ns:missing"); body != nil || found || err != nil {
			t.Errorf("of a missing row: %q, %v, %v", body, found, err)
		}
		if _, found, err := rows.Inspect(ctx, "ns:list"); found || !errors.Is(err, genstore.ErrNotGeneration) {
			t.Errorf("of a list: %v, %v", found, err)
		}
		if got, err := rows.Read(ctx, nil); got != nil || err != nil {
			t.Errorf("of nothing: %v, %v", got, err)
		}
	})
}

func TestIdentifyLeavesOtherKeysAlone(t *testing.T) {
	rows := genstore.NewRows(nil, "g*n:")
	if p := rows.Patterns(); !slices.Equal(p, []string{`g\*n:*`}) {
		t.Errorf("patterns %q", p)
	}
	for _, key := range []string{"", "g*n", "gen:ns:k", "x:g*n:ns:k"} {
		if id, ok := rows.Identify(key); ok {
			t.Errorf("%q is taken for row %q", key, id)
		}
	}
}

func TestRowsDifferOnlyByWhatTheyMean(t *testing.T) {
	c, m := redistest.Mini(t)
	rows := genstore.NewRows(c, "gen:")
	read := func() kind.Row {
		t.Helper()
		got, err := rows.Read(ctx, []string{"ns:k"})
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		return got[0]
	}
	c.Set(ctx, "gen:ns:k", 1, time.Hour)
	was := read()
	same := map[string]func(){
		"nothing": func() {},
		"moment":  func() { c.PExpire(ctx, "gen:ns:k", time.Hour+200*time.Millisecond) },
	}
	differ := map[string]func(){
		"generation": func() { c.Set(ctx, "gen:ns:k", 2, time.Hour) },
		"life":       func() { c.PExpire(ctx, "gen:ns:k", 2*time.Hour) },
		"no expiry":  func() { c.Persist(ctx, "gen:ns:k") },
		"problem":    func() { c.Set(ctx, "gen:ns:k", "x", time.Hour) },
		"type":       func() { m.Del("gen:ns:k"); m.Lpush("gen:ns:k", "x"); m.SetTTL("gen:ns:k", time.Hour) },
	}
	for equal, changes := range map[bool]map[string]func(){true: same, false: differ} {
		for name, change := range changes {
			c.Set(ctx, "gen:ns:k", 1, time.Hour)
			if change(); kind.Same(was, read()) != equal {
				t.Errorf("after a change of %s: equal is %v", name, !equal)
			}
		}
	}
}
