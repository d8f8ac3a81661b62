package conn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

var ctx = context.Background()

func TestScanSeesEachKeyOnceOnEveryMaster(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		const n = 2000
		err := conn.Pipeline(ctx, c, func(p redis.Pipeliner) {
			for i := range n {
				p.Set(ctx, fmt.Sprintf("in:%d", i), 1, 0)
				p.Set(ctx, fmt.Sprintf("out:%d", i), 1, 0)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for pattern, want := range map[string]int{"in:*": n, "": 2 * n, "none:*": 0} {
			seen := map[string]int{}
			err := conn.Scan(ctx, &conn.Conn{UniversalClient: c}, pattern, 100, func(keys []string) error {
				for _, k := range keys {
					seen[k]++
				}
				return nil
			})
			if err != nil || len(seen) != want {
				t.Errorf("%q: %d keys, %v; want %d", pattern, len(seen), err, want)
			}
			for k, times := range seen {
				if times != 1 {
					t.Errorf("%s came %d times", k, times)
				}
			}
		}
	})
}

// stutter makes a server hand out keys twice, within a page and again in the next, as Redis may while a table shrinks.
type stutter struct{ last []string }

func (h *stutter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h *stutter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if scan, ok := cmd.(*redis.ScanCmd); ok {
			page, cursor := scan.Val()
			twice := slices.Concat(page, h.last, page)
			h.last = page
			scan.SetVal(twice, cursor)
		}
		return err
	}
}
func (h *stutter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestScanHandsOutNoKeyTwice(t *testing.T) {
	c := redistest.Single(t)
	for i := range 300 {
		c.Set(ctx, fmt.Sprint("k:", i), 1, 0)
	}
	c.AddHook(&stutter{})
	var seen []string
	pages := 0
	err := conn.Scan(ctx, c, "k:*", 10, func(keys []string) error { seen = append(seen, keys...); pages++; return nil })
	slices.Sort(seen)
	if distinct := len(slices.Compact(slices.Clone(seen))); err != nil || len(seen) != 300 || distinct != 300 || pages < 2 {
		t.Errorf("%d keys, %d of them distinct, in %d pages, %v; want 300", len(seen), distinct, pages, err)
	}
}

func TestScanEndsAtTheFirstError(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		for i := range 100 {
			c.Set(ctx, fmt.Sprint(i), 1, 0)
		}
		stop, calls := errors.New("enough"), 0
		if err := conn.Scan(ctx, c, "", 1, func([]string) error { calls++; return stop }); err != stop || calls != 1 {
			t.Errorf("an error of the caller: %v after %d pages", err, calls)
		}
		cancelled, cancel := context.WithCancel(ctx)
		err := conn.Scan(cancelled, c, "", 1, func([]string) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled scan: %v", err)
		}
		if err := conn.Scan(cancelled, c, "", 1, func([]string) error { t.Error("a page after the end"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("a scan cancelled before it began: %v", err)
		}
	})
}

// MGET shows a list as a missing key (measured), and refuses keys of several slots.
func TestGetManyTellsMissingFromWrong(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		c.Set(ctx, "text", "hello", 0)
		c.Set(ctx, "empty", "", 0)
		c.RPush(ctx, "list", 1)
		keys := []string{"text", "missing", "list", "empty", "text"}
		got, err := conn.GetMany(ctx, c, keys)
		if err != nil || len(got) != len(keys) {
			t.Fatal(got, err)
		}
		for i, want := range []struct {
			value      string
			found, bad bool
		}{{"hello", true, false}, {"", false, false}, {"", false, true}, {"", true, false}, {"hello", true, false}} {
			if g := got[i]; string(g.Value) != want.value || g.Found != want.found || (g.Err != nil) != want.bad {
				t.Errorf("%s: %+v", keys[i], g)
			}
		}
		if !redis.HasErrorPrefix(got[2].Err, "WRONGTYPE") {
			t.Errorf("the list says %v", got[2].Err)
		}
		if got, err := conn.GetMany(ctx, c, nil); len(got) != 0 || err != nil {
			t.Errorf("of nothing: %v, %v", got, err)
		}
	})
}

func TestPipelineReturnsOnlyErrorsOfTheWay(t *testing.T) {
	c, m := redistest.Mini(t)
	queue := func(p redis.Pipeliner) { p.LPush(ctx, "k", 1); p.Get(ctx, "k"); p.Get(ctx, "missing") }
	if err := conn.Pipeline(ctx, c, queue); err != nil {
		t.Errorf("answers of the server: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := conn.Pipeline(cancelled, c, queue); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	m.Close()
	if err := conn.Pipeline(ctx, c, queue); !conn.Unreachable(err) {
		t.Errorf("gone: %v", err)
	}
	if _, err := conn.GetMany(ctx, c, []string{"k"}); !conn.Unreachable(err) {
		t.Errorf("gone: %v", err)
	}
}
