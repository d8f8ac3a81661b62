package buffer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/internal/redistest"
)

// Names that a glob, a hash tag or a timestamp could take for something else.
var oddStores = []string{"s", "ss", "*", "?", "s*", "[a-z]", "a-z", "^", "a:b", "{a}", "}:", "{", "1700000000000", "1700000000000:{s}",
	"%", "%7B", `\`, "\x00\n", "\xff\xfe", "ü", " ", "list", "ops"}

func TestEveryStoreIsListedOnceUnderItsOwnName(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{Prefix: "app[1]*:"})
		other := buffer.New(c, buffer.Options{Prefix: "app1x:"}) // what the first prefix would match as a glob
		mustPush(t, other, "not ours", `{}`)
		mustPrepare(t, other, "not ours", "")
		mustPush(t, other, "not ours", `{}`)
		want := map[string]buffer.Batch{}
		for i, store := range oddStores {
			record := fmt.Sprintf(`{"store":%d}`, i)
			mustPush(t, b, store, record, buffer.WithID("x"))
			want[store] = mustPrepare(t, b, store, "")
			if got := texts(want[store]); len(got) != 1 || got[0] != record {
				t.Fatalf("store %q holds %q", store, got)
			}
			mustPush(t, b, store, record)
		}
		var live, prepared []string
		for _, o := range must[[]buffer.Old](t)(b.GetOld(ctx)) {
			if o.Err != nil || o.FirstWrite.IsZero() {
				t.Errorf("old: %+v", o)
			}
			live = append(live, o.Store)
		}
		for _, p := range must[[]buffer.Prepared](t)(b.GetPrepared(ctx)) {
			if p.Err != nil || p.At != want[p.Store].At {
				t.Errorf("prepared: %+v, want at %d", p, want[p.Store].At)
			}
			prepared = append(prepared, p.Store)
		}
		sorted := slices.Sorted(slices.Values(oddStores))
		slices.Sort(live)
		slices.Sort(prepared)
		if !slices.Equal(live, sorted) || !slices.Equal(prepared, sorted) {
			t.Errorf("live %q, prepared %q, want %q", live, prepared, sorted)
		}
		for _, store := range oddStores {
			if at := must[[]int64](t)(b.Batches(ctx, store)); !slices.Equal(at, []int64{want[store].At}) {
				t.Errorf("batches of %q: %d, want %d", store, at, want[store].At)
			}
		}
	})
}

func TestListsAreInOrderAcrossManyPages(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		const n = 2500
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range n {
				p.Set(ctx, fmt.Sprintf("buf:{s%d}:ts", i), 1_700_000_000_000+(i*7919)%n, 0)
				p.RPush(ctx, fmt.Sprintf("buf:%d:{s%d}:list", 1_700_000_000_000+(i*7919)%n, i), "{}")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		old := must[[]buffer.Old](t)(b.GetOld(ctx))
		prepared := must[[]buffer.Prepared](t)(b.GetPrepared(ctx))
		if len(old) != n || len(prepared) != n {
			t.Fatalf("%d old, %d prepared, want %d each", len(old), len(prepared), n)
		}
		for i := range n {
			at := int64(1_700_000_000_000 + i)
			if !old[i].FirstWrite.Equal(time.UnixMilli(at)) || prepared[i].At != at || prepared[i].Store != old[i].Store {
				t.Fatalf("at %d: %+v, %+v", i, old[i], prepared[i])
			}
		}
	})
}

func TestABadKeyStandsInTheListBesideTheGood(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		mustPush(t, b, "good", `{}`)
		mustPrepare(t, b, "good", "")
		mustPush(t, b, "good", `{}`)
		c.Set(ctx, "buf:{text}:ts", "yesterday", 0)
		c.RPush(ctx, "buf:{list}:ts", 1)
		c.Set(ctx, "buf:{not:escaped}:ts", 1, 0)
		c.Set(ctx, "buf:{}:ts", 1, 0)
		for _, key := range []string{"buf:1x:{s}:list", "buf:01:{s}:list", "buf:1:{}:list", "buf:99999999999999999999:{s}:list"} {
			c.RPush(ctx, key, "{}")
		}
		got := map[string]error{}
		for _, o := range must[[]buffer.Old](t)(b.GetOld(ctx)) {
			got[o.Store] = o.Err
		}
		for _, p := range must[[]buffer.Prepared](t)(b.GetPrepared(ctx)) {
			got[p.Store] = p.Err
		}
		want := map[string]error{
			"good": nil, "text": buffer.ErrCorrupt, "list": buffer.ErrCorrupt,
			"buf:{not:escaped}:ts": buffer.ErrForeign, "buf:{}:ts": buffer.ErrForeign,
			"buf:1x:{s}:list": buffer.ErrForeign, "buf:01:{s}:list": buffer.ErrForeign, "buf:1:{}:list": buffer.ErrForeign,
			"buf:99999999999999999999:{s}:list": buffer.ErrForeign,
		}
		if len(got) != len(want) {
			t.Errorf("got %d entries, want %d", len(got), len(want))
		}
		for name, cause := range want {
			if err, listed := got[name]; !listed || !errors.Is(err, cause) {
				t.Errorf("%s: listed %v, %v; want %v", name, listed, err, cause)
			} else if cause != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("%s: the error does not say where: %v", name, err)
			}
		}
	})
}
