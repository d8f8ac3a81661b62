package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

// patterned is a source of nothing but patterns.
type patterned struct {
	kind.Source
	patterns []string
}

func (p patterned) Patterns() []string { return p.patterns }

// kindsOf makes a kind of each pattern.
func kindsOf(patterns ...string) []kind.Kind {
	var kinds []kind.Kind
	for _, p := range patterns {
		kinds = append(kinds, kind.Kind{Source: patterned{patterns: []string{p}}})
	}
	return kinds
}

// Whatever the prefixes, each server finds by the one pattern what it finds by each of them.
func TestOnePatternMissesNoKey(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		rapid.Check(t, func(rt *rapid.T) {
			prefix := rapid.StringMatching(`[ab*?^\[\]\\:r-]{0,3}`)
			prefixes := rapid.SliceOfN(prefix, 1, 3).Draw(rt, "prefixes")
			var patterns []string
			keys := map[string]bool{}
			for i, p := range prefixes {
				patterns = append(patterns, conn.EscapeGlob(p)+"*")
				keys[fmt.Sprintf("%s%d", p, i)] = true
			}
			p := c.Pipeline()
			for k := range keys {
				p.Set(ctx, k, "x", 0)
			}
			if _, err := p.Exec(ctx); err != nil {
				rt.Fatal(err)
			}
			found := map[string]bool{}
			s := scanner{client: c, match: kind.KeyPattern(kindsOf(patterns...))}
			for last := false; !last; {
				p := s.step(ctx, 100)
				if p.err != nil {
					rt.Fatal(p.err)
				}
				for _, k := range p.keys {
					found[k] = true
				}
				last = p.last
			}
			for k := range keys {
				if !found[k] {
					rt.Errorf("%q does not match %q", k, s.match)
				}
				c.Del(ctx, k)
			}
		})
	})
}

func TestScannerWalksEveryMasterPassAfterPass(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		want := map[string]bool{}
		for i := range 300 { // in all slots
			k := fmt.Sprintf("k:%d", i)
			want[k] = true
			if err := c.Set(ctx, k, "x", 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
		c.Set(ctx, "other", "x", 0)
		s := scanner{client: c, match: "k:*"}
		for pass := uint32(1); pass <= 3; pass++ {
			found := map[string]bool{}
			for last := false; !last; {
				p := s.step(ctx, 10)
				if p.err != nil || s.pass != pass {
					t.Fatalf("pass %d, want %d: %v", s.pass, pass, p.err)
				}
				for _, k := range p.keys {
					found[k] = true
				}
				last = p.last
			}
			if len(found) != len(want) || found["other"] {
				t.Errorf("pass %d met %d keys", pass, len(found))
			}
		}
	})
}

// What a broken pass missed nobody knows, so it must not end: the next step begins another.
func TestScannerStartsOverAfterAnError(t *testing.T) {
	c := redistest.Single(t)
	for i := range 100 {
		c.Set(ctx, fmt.Sprintf("k:%d", i), "x", 0)
	}
	cut := &refuse{}
	c.AddHook(cut)
	s := scanner{client: c, match: "*"}
	if p := s.step(ctx, 10); p.last || p.err != nil {
		t.Fatal(p.last, p.err)
	}
	cut.err = errors.New("cut")
	if p := s.step(ctx, 10); p.last || p.err == nil {
		t.Fatal(p.last, p.err)
	}
	cut.err = nil
	var found []string
	for last := false; !last; {
		p := s.step(ctx, 10)
		if p.err != nil {
			t.Fatal(p.err)
		}
		found, last = append(found, p.keys...), p.last
	}
	if slices.Sort(found); len(slices.Compact(found)) != 100 || s.pass != 2 {
		t.Errorf("pass %d met %d keys", s.pass, len(found))
	}
}

// A cluster client that knows no master must not report an empty keyspace.
func TestScannerOfNoMasterIsAnError(t *testing.T) {
	c := redis.NewClusterClient(&redis.ClusterOptions{ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) { return nil, nil }})
	defer c.Close()
	s := scanner{client: c, match: "*"}
	if p := s.step(ctx, 10); p.last || !conn.Unreachable(p.err) {
		t.Error(p.last, p.err)
	}
	c.Close()
	if p := s.step(ctx, 10); p.last || p.err == nil {
		t.Error("closed:", p.last, p.err)
	}
}

// refuse is a hook that fails commands instead of sending them.
type refuse struct{ err error }

func (r *refuse) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *refuse) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if r.err != nil {
			cmd.SetErr(r.err)
			return r.err
		}
		return next(ctx, cmd)
	}
}

func (r *refuse) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Changes that may have been missed again and again, as by another database that is flushed, keep no pass from its end.
func TestGapAfterGapLetsPassesEnd(t *testing.T) {
	shortBursts(t)
	w := newWorldAt(t, "redis://"+redistest.Single(t).Options().Addr, "f:")
	w.fill("f:", 5*scanCount)
	w.push.links["all masters"] = &link{up: true}
	for range 30 {
		w.push.gaps++
		if err := w.read(ctx, w.effort(false)); err != nil {
			t.Fatal(err)
		}
	}
	if w.passes < 3 {
		t.Errorf("%d passes in 30 readings", w.passes)
	}
}
