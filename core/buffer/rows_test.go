package buffer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

// readAll discovers and reads rows as the dashboard does: by patterns, then by ids.
func readAll(t testing.TB, c redis.UniversalClient, rows *buffer.Rows) map[string]kind.Row {
	t.Helper()
	ids := map[string]bool{}
	for _, pattern := range rows.Patterns() {
		err := conn.Scan(ctx, c, pattern, 100, func(page []string) error {
			for _, key := range page {
				id, ok := rows.Identify(key)
				if !ok {
					t.Errorf("key %q matches %q and is nobody's", key, pattern)
				}
				if !slices.Contains(rows.Keys(id), key) {
					t.Errorf("key %q is of row %q, whose keys are %q", key, id, rows.Keys(id))
				}
				ids[id] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var list []string
	for id := range ids {
		list = append(list, id)
	}
	out := map[string]kind.Row{}
	for _, row := range must[[]kind.Row](t)(rows.Read(ctx, list)) {
		out[row.ID()] = row
	}
	return out
}

func TestRowsShowEachBufferAndBatch(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b, rows := buffer.New(c, buffer.Options{}), buffer.NewRows(c, "")
		mustPush(t, b, "a:b", `{"x":1}`)
		prepared := mustPrepare(t, b, "a:b", "")
		batch := must[buffer.Stats](t)(b.Stats(ctx, "a:b", prepared.At))
		mustPush(t, b, "a:b", `{"x":1,"y":2}`)
		live := mustPush(t, b, "a:b", `{"z":1}`)
		token, _, err := b.Lock(ctx, "a:b", 0, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Lock(ctx, "only locked", 0, time.Minute); err != nil {
			t.Fatal(err)
		}
		c.Set(ctx, "buf:{for ever}:lock", "t", 0)
		mustPush(t, b, "only ids", `{}`, buffer.WithID("x"))
		mustEmpty(t, b, "only ids", 0)

		before := time.Now()
		got := readAll(t, c, rows)
		want := map[string]shown{
			"a%3Ab":                               {store: "a:b", count: 2, bytes: 20, keys: 3, first: live.FirstWrite, locked: true, token: token, left: time.Minute},
			fmt.Sprintf("%d:a%%3Ab", prepared.At): {store: "a:b", prepared: prepared.At, count: 1, bytes: 7, keys: 1, first: batch.FirstWrite},
			"only locked":                         {store: "only locked", locked: true, token: c.Get(ctx, "buf:{only locked}:lock").Val(), left: time.Minute},
			"for ever":                            {store: "for ever", locked: true, token: "t"},
		}
		if len(got) != len(want) {
			t.Errorf("%d rows, want %d: %v", len(got), len(want), got)
		}
		for id, want := range want {
			row := got[id]
			if row.None() {
				t.Fatalf("no row %q", id)
			}
			expires := buffer.Columns.LockExpires.Of(row)
			if expires.IsZero() != (want.left == 0) || !expires.IsZero() && expires.Sub(before.Add(want.left)).Abs() > 5*time.Second || !row.Deadline().Equal(expires) {
				t.Errorf("row %q: the lock expires at %v", id, expires)
			}
			want.left = 0
			if got := show(row); row.Problem() != nil || got != want {
				t.Errorf("row %q is\n%+v, %v, want\n%+v", id, got, row.Problem(), want)
			}
		}
		if none, err := rows.Read(ctx, []string{"nothing", "1700000000000:nothing", "buf:nothing"}); err != nil || len(none) != 0 {
			t.Errorf("missing rows: %v, %v", none, err)
		}
		if none, err := rows.Read(ctx, nil); err != nil || len(none) != 0 {
			t.Errorf("no rows: %v, %v", none, err)
		}
	})
}

type shown struct {
	store                        string
	prepared, count, bytes, keys int64
	first                        time.Time
	locked                       bool
	token                        string
	left                         time.Duration // of the lock; 0: it never ends
}

// show is all of a row but what is left of its lock.
func show(r kind.Row) shown {
	c := buffer.Columns
	return shown{
		store: c.Store.Of(r), prepared: c.Prepared.Of(r), count: c.Count.Of(r), bytes: c.Bytes.Of(r), keys: c.Keys.Of(r),
		first: c.FirstWrite.Of(r), locked: c.Locked.Of(r), token: c.LockToken.Of(r),
	}
}

func TestABadRowStandsBesideTheGood(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b, rows := buffer.New(c, buffer.Options{}), buffer.NewRows(c, "")
		mustPush(t, b, "good", `{"a":1}`)
		for _, part := range []string{"list", "keys", "size", "ts", "lock"} {
			mustPush(t, b, "typed "+part, `{"a":1}`)
			c.Del(ctx, "buf:{typed "+part+"}:"+part)
			c.ZAdd(ctx, "buf:{typed "+part+"}:"+part, redis.Z{Member: "x"})
			mustPush(t, b, "without "+part, `{"a":1}`)
			c.Del(ctx, "buf:{without "+part+"}:"+part)
		}
		c.Set(ctx, "buf:{size}:size", "-5", 0)
		c.Set(ctx, "buf:{ts}:ts", "noon", 0)
		foreign := []string{"buf:", "buf:plain", "buf:{s}", "buf:{s}:other", "buf:{s}x:list", "buf:s:list", "buf:{a:b}:list", "buf:{}:list",
			"buf:1700000000000:{s}:ops", "buf:0:{s}:list", "buf:01:{s}:list", "buf:-1:{s}:list", "buf:x:{s}:list", "buf:1:2:{s}:list", "buf:\xff"}
		for _, key := range foreign {
			c.Set(ctx, key, "x", 0)
		}

		got := readAll(t, c, rows)
		for id, row := range got {
			switch {
			case id == "good", id == "without keys", id == "without lock": // a record may have no members
				if row.Problem() != nil {
					t.Errorf("%s: %v", id, row.Problem())
				}
			case slices.Contains(foreign, id):
				if !errors.Is(row.Problem(), buffer.ErrForeign) || buffer.Columns.Store.Of(row) != id {
					t.Errorf("%s: %v", id, row)
				}
				if _, _, err := rows.Inspect(ctx, id); !errors.Is(err, buffer.ErrForeign) {
					t.Errorf("inspect %s: %v", id, err)
				}
			case !errors.Is(row.Problem(), buffer.ErrCorrupt), !strings.Contains(row.Problem().Error(), "buf:{"+id+"}"):
				t.Errorf("%s: %v", id, row.Problem())
			default:
				if part, lacks := strings.CutPrefix(id, "without "); lacks && !strings.HasSuffix(row.Problem().Error(), "incomplete: "+part+" is missing") {
					t.Errorf("%s: %v", id, row.Problem())
				}
			}
		}
		if want := 1 + 10 + 2 + len(foreign); len(got) != want {
			t.Errorf("%d rows, want %d", len(got), want)
		}
		if _, ok := rows.Identify("other:{s}:list"); ok {
			t.Error("a key beside our prefix is ours")
		}
	})
}

func TestNamesAndIDsNeverAlias(t *testing.T) {
	c, _ := redistest.Mini(t)
	b, rows := buffer.New(c, buffer.Options{}), buffer.NewRows(c, "")
	seen := map[string]string{}
	rapid.Check(t, func(t *rapid.T) {
		store := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("a1:{}%*?7B")), 1, 8, -1), rapid.StringN(1, 8, -1),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 8), func(b []byte) string { return string(b) })).Draw(t, "store")
		c.FlushAll(ctx)
		if _, err := b.Push(ctx, store, []byte(`{"a":1}`)); err != nil {
			t.Fatal(err)
		}
		at, _, err := b.Prepare(ctx, store, "")
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, key := range c.Keys(ctx, "*").Val() {
			id, ok := rows.Identify(key)
			if !ok {
				t.Fatalf("key %q is nobody's", key)
			}
			if !strings.HasSuffix(key, ":ops") {
				ids[id] = true
			}
		}
		if len(ids) != 1 {
			t.Fatalf("ids %v", ids)
		}
		for id := range ids {
			got, err := rows.Read(ctx, []string{id})
			if err != nil || len(got) != 1 || show(got[0]).store != store || show(got[0]).prepared != at {
				t.Fatalf("row %q: %v, %v; want store %q at %d", id, got, err, store, at)
			}
			names := b.Names(store, at)
			soon := strings.Replace(b.Names(store, buffer.Unprepared).List, "<ms>", fmt.Sprint(at), 1)
			if keys := rows.Keys(id); id != buffer.IDOf(store, at) || soon != names.List ||
				!slices.Equal(keys, []string{names.List, names.Keys, names.Size, names.TS, names.Lock}) {
				t.Fatalf("row %q: %q, names %q", id, keys, names)
			}
			_, name, _ := strings.Cut(id, ":")
			if other, known := seen[name]; known && other != store {
				t.Fatalf("stores %q and %q are both %q", store, other, name)
			}
			seen[name] = store
		}
	})
}

// Between two commands of one pipeline another client may swap the buffer: that is no broken buffer.
func TestARowReadDuringASwapIsReadAgain(t *testing.T) {
	c, _ := redistest.Mini(t)
	b, rows := buffer.New(c, buffer.Options{}), buffer.NewRows(c, "")
	mustPush(t, b, "torn", `{}`)
	mustPush(t, b, "whole", `{}`)
	first := c.Get(ctx, "buf:{torn}:ts").Val()
	c.Del(ctx, "buf:{torn}:ts")
	c.AddHook(afterFirstPipeline(func() { c.Set(ctx, "buf:{torn}:ts", first, 0) }))
	got := must[[]kind.Row](t)(rows.Read(ctx, []string{"torn", "whole"}))
	if len(got) != 2 || got[0].Problem() != nil || got[1].Problem() != nil {
		t.Errorf("%+v", got)
	}
}

func afterFirstPipeline(f func()) redis.Hook { return &onceHook{f} }

type onceHook struct{ f func() }

func (h *onceHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, n, a string) (net.Conn, error) { return next(ctx, n, a) }
}
func (h *onceHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (h *onceHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if f := h.f; f != nil {
			h.f = nil
			f()
		}
		return err
	}
}

func TestReadTellsAnUnreachableServerFromBadRows(t *testing.T) {
	s := redistest.Start(t)
	c := s.Client(t)
	mustPush(t, buffer.New(c, buffer.Options{}), "s", `{}`)
	s.Kill()
	if _, err := buffer.NewRows(c, "").Read(ctx, []string{"s"}); !conn.Unreachable(err) {
		t.Errorf("read: %v", err)
	}
}

func TestRowsReadInOneRoundTrip(t *testing.T) {
	c := redistest.Single(t)
	b, rows := buffer.New(c, buffer.Options{}), buffer.NewRows(c, "")
	var ids []string
	for i := range 50 {
		ids = append(ids, fmt.Sprint("s", i))
		mustPush(t, b, ids[i], `{}`)
	}
	trips := &redistest.Trips{}
	c.AddHook(trips)
	must[[]kind.Row](t)(rows.Read(ctx, ids)) // the greetings of a new connection are not counted
	trips.N.Store(0)
	if got := must[[]kind.Row](t)(rows.Read(ctx, ids)); len(got) != 50 || trips.N.Load() != 1 {
		t.Errorf("%d rows in %d trips", len(got), trips.N.Load())
	}
}

func TestInspectShowsTheFirstRecords(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b, rows := buffer.New(c, buffer.Options{}), buffer.NewRows(c, "")
		mustPush(t, b, "s", ` {"n": 0}`)
		c.RPush(ctx, "buf:{s}:list", "no json\x1b", "\xff")
		for i := range 300 {
			mustPush(t, b, "s", fmt.Sprintf(`{"n":%d}`, i+3))
		}
		at := mustPrepare(t, b, "s", "").At
		body, found, err := rows.Inspect(ctx, fmt.Sprintf("%d:s", at))
		var records []any
		if err != nil || !found || json.Unmarshal(body, &records) != nil || len(records) != 200 {
			t.Fatalf("%v, %v, %s", found, err, body)
		}
		if records[1] != "no json\x1b" || fmt.Sprint(records[199]) != "map[n:199]" {
			t.Errorf("record 1 is %q, record 199 %v", records[1], records[199])
		}
		if body, found, err := rows.Inspect(ctx, "s"); found || err != nil || body != nil {
			t.Errorf("missing: %s, %v, %v", body, found, err)
		}
		if _, _, err := b.Lock(ctx, "s", 0, time.Minute); err != nil {
			t.Fatal(err)
		}
		if body, found, err := rows.Inspect(ctx, "s"); !found || err != nil || string(body) != "[]" {
			t.Errorf("only locked: %s, %v, %v", body, found, err)
		}
		c.Del(ctx, "buf:{s}:list")
		c.Set(ctx, "buf:{s}:list", "x", 0)
		if _, _, err := rows.Inspect(ctx, "s"); !errors.Is(err, buffer.ErrCorrupt) {
			t.Errorf("wrong type: %v", err)
		}
	})
}

func TestEqualRowsMeanTheSame(t *testing.T) {
	c, _ := redistest.Mini(t)
	rows := buffer.NewRows(c, "")
	now, is := time.Now(), buffer.Columns
	changed := func(change func(*kind.Builder)) kind.Row {
		return rows.Kind().Schema.One("s", func(b *kind.Builder) {
			is.Store.Set(b, "s")
			is.Count.Set(b, 1)
			is.Bytes.Set(b, 2)
			is.Keys.Set(b, 3)
			is.FirstWrite.Set(b, now)
			is.Locked.Set(b, true)
			is.LockToken.Set(b, "t")
			is.LockExpires.Set(b, now)
			change(b)
		})
	}
	base := changed(func(*kind.Builder) {})
	for _, test := range []struct {
		name   string
		change func(*kind.Builder)
		same   bool
	}{
		{"nothing", func(*kind.Builder) {}, true},
		{"deadline within half a second", func(b *kind.Builder) { is.LockExpires.Set(b, now.Add(-500*time.Millisecond)) }, true},
		{"the same instant elsewhere", func(b *kind.Builder) { is.FirstWrite.Set(b, now.UTC().Round(0)) }, true},
		{"deadline", func(b *kind.Builder) { is.LockExpires.Set(b, now.Add(501*time.Millisecond)) }, false},
		{"no deadline", func(b *kind.Builder) { is.LockExpires.Set(b, time.Time{}) }, false},
		{"store", func(b *kind.Builder) { is.Store.Set(b, "x") }, false},
		{"prepared", func(b *kind.Builder) { is.Prepared.Set(b, 1) }, false},
		{"count", func(b *kind.Builder) { is.Count.Set(b, 2) }, false},
		{"bytes", func(b *kind.Builder) { is.Bytes.Set(b, 3) }, false},
		{"keys", func(b *kind.Builder) { is.Keys.Set(b, 4) }, false},
		{"first write", func(b *kind.Builder) { is.FirstWrite.Set(b, now.Add(time.Millisecond)) }, false},
		{"lock", func(b *kind.Builder) { is.Locked.Set(b, false) }, false},
		{"token", func(b *kind.Builder) { is.LockToken.Set(b, "x") }, false},
	} {
		other := changed(test.change)
		if kind.Same(base, other) != test.same || kind.Same(other, base) != test.same {
			t.Errorf("%s: equal is not %v", test.name, test.same)
		}
	}
	c.Set(ctx, "buf:x", 1, 0)
	c.Set(ctx, "buf:y", 1, 0)
	bad := must[[]kind.Row](t)(rows.Read(ctx, []string{"buf:x", "buf:x", "buf:y"}))
	if !kind.Same(bad[0], bad[1]) || kind.Same(bad[0], bad[2]) || kind.Same(bad[0], base) {
		t.Error("bad rows are compared by their problem")
	}
}
