package record_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

func TestCreateGivesVersionsFromOneAndNeverOverwrites(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		v, err := s.Create(ctx, record.Record{Key: "a", Value: record.Value("1"), Version: 77})
		if err != nil || v != 1 {
			t.Fatalf("first version is %d, %v; want 1, whatever the caller's record says", v, err)
		}
		if w := put(t, s, "b", "", record.NoLeaseId); w <= v {
			t.Fatalf("versions rise: %d then %d", v, w)
		}
		unchanged(t, c, "a refused create", func() {
			w, err := s.Create(ctx, record.Record{Key: "a", Value: record.Value("2")})
			if !errors.Is(err, record.ErrAlreadyExists) || !errors.Is(err, conn.ErrPrecondition) || w != v {
				t.Errorf("got %d, %v; want the existing version and ErrAlreadyExists", w, err)
			}
		})
		r, err := s.Get(ctx, "a")
		if err != nil || string(r.Value) != "1" || r.Version != v || r.Key != "a" || r.Lease != record.NoLeaseId {
			t.Fatalf("got %+v, %v", r, err)
		}
		if r, err := s.Get(ctx, "b"); err != nil || r.Value == nil || len(r.Value) != 0 {
			t.Fatalf("an empty value is a value: %+v, %v", r, err)
		}
	})
}

func TestGetAndDeleteOfNothingAreNotFound(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		if r, err := s.Get(ctx, "a"); !errors.Is(err, record.ErrNotFound) || r.Key != "" {
			t.Fatalf("get: %+v, %v", r, err)
		}
		if err := s.Delete(ctx, "a"); !errors.Is(err, record.ErrNotFound) {
			t.Fatalf("delete: %v", err)
		}
		if err := s.DeleteByVersion(ctx, "a", 1); !errors.Is(err, record.ErrNotFound) {
			t.Fatalf("delete by version: %v", err)
		}
		if len(contents(t, c)) != 0 {
			t.Fatalf("they wrote %v", contents(t, c))
		}
	})
}

func TestVersionsRiseAcrossDeleteAndCreate(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		last := record.Version(0)
		for range 3 {
			v := put(t, s, "a", "x", record.NoLeaseId)
			w, err := s.CasByVersion(ctx, record.Record{Key: "a", Version: v})
			if err != nil || v <= last || w <= v {
				t.Fatalf("versions %d, %d, %d (%v) do not rise", last, v, w, err)
			}
			last = w
			if err := s.Delete(ctx, "a"); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.Exists(ctx, "rec:{ns}:ix", "rec:{ns}:r:a").Val(); got != 0 {
			t.Fatal("a deleted record leaves something behind")
		}
	})
}

func TestCasByVersion(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		v := put(t, s, "a", "1", record.NoLeaseId)
		unchanged(t, c, "a refused compare-and-set", func() {
			for _, wrong := range []record.Version{0, -1, v - 1, v + 1, math.MaxInt64} {
				if w, err := s.CasByVersion(ctx, record.Record{Key: "a", Value: record.Value("2"), Version: wrong}); !errors.Is(err, record.ErrWrongVersion) || !errors.Is(err, conn.ErrPrecondition) || w != 0 {
					t.Errorf("version %d: got %d, %v", wrong, w, err)
				}
				if err := s.DeleteByVersion(ctx, "a", wrong); !errors.Is(err, record.ErrWrongVersion) {
					t.Errorf("delete version %d: got %v", wrong, err)
				}
			}
			if _, err := s.CasByVersion(ctx, record.Record{Key: "b", Value: record.Value("2")}); !errors.Is(err, record.ErrNotFound) {
				t.Errorf("it never creates: %v", err)
			}
		})
		w, err := s.CasByVersion(ctx, record.Record{Key: "a", Value: record.Value("2"), Version: v, Lease: 99})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := s.Get(ctx, "a"); err != nil || r.Version != w || string(r.Value) != "2" || r.Lease != record.NoLeaseId {
			t.Fatalf("got %+v, %v; the lease of an update is ignored", r, err)
		}
		if err := s.DeleteByVersion(ctx, "a", w); err != nil {
			t.Fatal(err)
		}
	})
}

func TestGetRangeIsInclusiveAndSortedByBytes(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		keys := []string{"B", "a", "a\x00", "a:b", "a{", "ab", "b", "z", "\xff", "\xff\xff", "é", "%41"}
		for _, k := range keys {
			put(t, s, k, "v"+k, record.NoLeaseId)
		}
		slices.Sort(keys)
		for _, r := range []struct{ from, to string }{
			{"", "\xff\xff"}, {"a", "a"}, {"a", "b"}, {"a", "ab"}, {"c", "y"}, {"b", "a"}, {"", ""}, {"a\x00", "a{"}, {"zz", "\xff"},
		} {
			got, err := s.GetRange(ctx, record.Key(r.from), record.Key(r.to))
			if err != nil || got == nil {
				t.Fatalf("%q: %v, %v", r, got, err)
			}
			var want []string
			for _, k := range keys {
				if r.from <= k && k <= r.to {
					want = append(want, k)
				}
			}
			var have []string
			for _, rec := range got {
				have = append(have, string(rec.Key))
				if string(rec.Value) != "v"+string(rec.Key) || rec.Version == 0 {
					t.Errorf("%+v", rec)
				}
			}
			if !slices.Equal(have, want) {
				t.Errorf("%q: got %q, want %q", r, have, want)
			}
		}
	})
}

func TestNamesAreArbitraryBytesAndNeverAlias(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		names := []string{everyByte(), "a:b", "a%3Ab", "a}", "{a", "*", "?", "[a]", `\`, "r:x", "\x00"}
		for _, ns := range names {
			s := openNS(t, c, ns, record.Options{})
			for _, k := range names {
				put(t, s, k, ns+k, record.NoLeaseId)
			}
		}
		for _, ns := range names {
			s := openNS(t, c, ns, record.Options{})
			all, err := s.GetRange(ctx, "", "\xff\xff")
			if err != nil || len(all) != len(names) {
				t.Fatalf("namespace %q has %d records, %v", ns, len(all), err)
			}
			for _, k := range names {
				if r, err := s.Get(ctx, record.Key(k)); err != nil || string(r.Value) != ns+k {
					t.Fatalf("%q in %q: %+v, %v", k, ns, r, err)
				}
			}
			// The keys that scripts build are those that Go builds: releasing finds what creating wrote.
			l := grant(t, s, 1e12, false)
			for _, k := range names {
				put(t, s, k+"+", "", l.Id())
			}
			if err := l.Release(); err != nil {
				t.Fatal(err)
			}
			for _, k := range names {
				if _, err := s.Get(ctx, record.Key(k+"+")); !errors.Is(err, record.ErrNotFound) {
					t.Fatalf("released %q in %q: %v", k, ns, err)
				}
			}
		}
		left := 0
		for _, line := range contents(t, c) {
			if strings.Contains(line, "}:r:") {
				left++
			}
		}
		if left != len(names)*len(names) {
			t.Fatalf("%d record keys, want %d", left, len(names)*len(names))
		}
	})
}

func TestBadArgumentsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	dead := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}) // whatever is sent fails otherwise
	defer dead.Close()
	s := open(t, dead)
	var none *redis.Client
	_, typedNil := record.New(none, "ns", record.Options{})
	_, noClient := record.New(nil, "ns", record.Options{})
	_, noName := record.New(dead, "", record.Options{})
	_, noTTL := s.NewLease(ctx, 0, false)
	_, negativeTTL := s.NewLease(ctx, -1, true)
	_, create := s.Create(ctx, record.Record{})
	_, get := s.Get(ctx, "")
	_, cas := s.CasByVersion(ctx, record.Record{})
	_, wait := s.WaitForVersionChange(ctx, "", 1)
	for what, err := range map[string]error{
		"typed nil client": typedNil, "nil client": noClient, "empty namespace": noName, "ttl 0": noTTL, "ttl < 0": negativeTTL,
		"create": create, "get": get, "cas": cas, "wait": wait, "delete": s.Delete(ctx, ""),
		"release": record.NewLeaseRows(dead, "").Release(ctx, "?x"),
	} {
		if !errors.Is(err, record.ErrBadArgument) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestPrefixIsAnOption(t *testing.T) {
	c := redistest.Single(t)
	put(t, openNS(t, c, "ns", record.Options{Prefix: "mine:"}), "a", "1", record.NoLeaseId)
	if c.Exists(ctx, "mine:{ns}:r:a", "mine:{ns}:ix", "mine:{ns}:seq").Val() != 3 {
		t.Fatalf("got %v", contents(t, c))
	}
}

// A Lua error does not undo earlier writes, so foreign keys of another type must be found before the first.
func TestForeignKeysAreErrorsAndNothingIsWritten(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		l := grant(t, s, 1e12, false)
		v := put(t, s, "a", "1", l.Id())
		lk := fmt.Sprintf("rec:{ns}:lk:%d", l.Id())
		for _, key := range []string{"rec:{ns}:seq", "rec:{ns}:ix", "rec:{ns}:exp", "rec:{ns}:r:new", lk} {
			had := c.Type(ctx, key).Val()
			if had != "none" {
				c.Rename(ctx, key, "{ns}aside")
			}
			c.RPush(ctx, key, "foreign")
			unchanged(t, c, key, func() {
				if _, err := s.Create(ctx, record.Record{Key: "new", Lease: l.Id()}); err == nil {
					t.Errorf("create beside a foreign %s", key)
				}
			})
			if key == "rec:{ns}:seq" || key == "rec:{ns}:exp" {
				unchanged(t, c, key, func() {
					if _, err := s.CasByVersion(ctx, record.Record{Key: "a", Version: v}); err == nil {
						t.Errorf("cas beside a foreign %s", key)
					}
					if err := s.Delete(ctx, "a"); err == nil {
						t.Errorf("delete beside a foreign %s", key)
					}
					if _, err := s.NewLease(ctx, 1e9, false); err == nil {
						t.Errorf("new lease beside a foreign %s", key)
					}
					if err := s.ReleaseLease(ctx, l.Id()); err == nil {
						t.Errorf("release beside a foreign %s", key)
					}
				})
			}
			c.Del(ctx, key)
			if had != "none" {
				c.Rename(ctx, "{ns}aside", key)
			}
		}
		c.HSet(ctx, "rec:{ns}:r:new", "theirs", "1")
		unchanged(t, c, "a foreign hash", func() {
			if _, err := s.Create(ctx, record.Record{Key: "new"}); err == nil {
				t.Error("create over a foreign hash")
			}
		})
	})
}

func TestOneBadRecordDoesNotHideTheOthersOfARange(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		for _, k := range []string{"a", "b", "c", "d", "e"} {
			put(t, s, k, "v", record.NoLeaseId)
		}
		c.Del(ctx, "rec:{ns}:r:b", "rec:{ns}:r:e")
		c.Set(ctx, "rec:{ns}:r:b", "a string", 0)
		c.HSet(ctx, "rec:{ns}:r:d", "version", "seven")
		got, err := s.GetRange(ctx, "a", "z")
		if len(got) != 2 || got[0].Key != "a" || got[1].Key != "c" {
			t.Fatalf("got %+v", got)
		}
		if err == nil || !strings.Contains(err.Error(), "r:b") || !strings.Contains(err.Error(), "r:d") || strings.Contains(err.Error(), "r:e") {
			t.Fatalf("the error must name the two that cannot be read, and not the one that is gone: %v", err)
		}
		if _, err := s.Get(ctx, "d"); err == nil || errors.Is(err, record.ErrNotFound) {
			t.Fatalf("get: %v", err)
		}
	})
}

// Lua numbers are doubles: above 2^53 two versions would become one.
func TestVersionsAreExactToInt64sEnd(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		for _, start := range []int64{99999999999998, 1<<53 - 1, 1 << 53, 1<<53 + 1, math.MaxInt64 - 3} {
			c.Set(ctx, "rec:{ns}:seq", start, 0)
			k := fmt.Sprint(start)
			v := put(t, s, k, "", record.NoLeaseId)
			w, err := s.CasByVersion(ctx, record.Record{Key: record.Key(k), Version: v})
			if err != nil || int64(v) != start+1 || int64(w) != start+2 {
				t.Fatalf("after %d come %d and %d, %v", start, v, w, err)
			}
		}
		put(t, s, "last", "", record.NoLeaseId)
		unchanged(t, c, "the counter's end", func() {
			if _, err := s.Create(ctx, record.Record{Key: "over"}); err == nil {
				t.Error("a version beyond int64")
			}
		})
	})
}
