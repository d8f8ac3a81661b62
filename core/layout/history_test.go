package layout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

// Two operators release what they saw while its holder lets go and another comes in, 1,000 times: of what was seen one release
// succeeds at most, and the lock of whoever came in is never freed, neither by a release nor by what takes one back.
func TestNobodyElsesLockIsEverFreed(t *testing.T) {
	const rounds = 1000
	c := redistest.Single(t)
	ctx := context.Background()
	a := act(t, c, actions)
	for _, tt := range []struct {
		name, id, key string
		view          kind.Name
		take          func(token string) bool
		free          func(token string)
		holds         func(token string) bool
	}{
		{
			"string", "mx:a", "mx:a", "mutexes",
			func(token string) bool { return c.SetNX(ctx, "mx:a", token, 0).Val() },
			func(token string) {
				c.Eval(ctx, "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end", []string{"mx:a"}, token)
			},
			func(token string) bool { return c.Get(ctx, "mx:a").Val() == token },
		},
		{
			"field", "rl:a#first", "rl:a", "rlocks",
			func(token string) bool {
				return c.Eval(ctx, "if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HSET', KEYS[1], ARGV[1], 1, 'mode', 'write') return 1 end return 0", []string{"rl:a"}, token).Val() == int64(1)
			},
			func(token string) {
				c.Eval(ctx, "if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then redis.call('DEL', KEYS[1]) end", []string{"rl:a"}, token)
			},
			func(token string) bool { return c.HExists(ctx, "rl:a", token).Val() },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			won, let, back, late := 0, 0, 0, 0
			for round := range rounds {
				c.Del(ctx, tt.key)
				next := fmt.Sprint("next", round)
				if !tt.take("first") {
					t.Fatal("the lock is not free")
				}
				r := a.release(t, tt.view, a.row(t, tt.view, tt.id))
				var all sync.WaitGroup
				outs, errs := make([]layout.Done, 2), make([]error, 2)
				undone := make([]error, 2)
				for i := range outs {
					all.Go(func() {
						if outs[i], errs[i] = r.Do(ctx); errs[i] == nil && round%2 == 0 {
							_, undone[i] = outs[i].Undo.Do(ctx)
						}
					})
				}
				entered := false
				all.Go(func() {
					if round%3 == 0 {
						tt.free("first")
					}
					for range 20 {
						if entered = tt.take(next); entered {
							return
						}
					}
				})
				all.Wait()
				if entered && !tt.holds(next) {
					t.Fatalf("round %d: the lock of %s was freed", round, next)
				}
				for i, err := range errs {
					switch {
					case err == nil:
						won++
						if round%2 == 0 && undone[i] == nil {
							back++
						} else if round%2 == 0 && !errors.Is(undone[i], layout.ErrTaken) {
							t.Fatal(undone[i])
						}
					case !errors.Is(err, conn.ErrPrecondition):
						t.Fatal(err)
					default:
						late++
					}
				}
				if errs[0] == nil && errs[1] == nil && back == 0 {
					t.Fatalf("round %d: released twice", round)
				}
				if entered {
					let++
				}
			}
			t.Logf("%d rounds: %d releases, %d came too late, %d others came in, %d put back", rounds, won, late, let, back)
			if won == 0 || late == 0 || let == 0 || back == 0 {
				t.Error("not every outcome was met")
			}
		})
	}
}

// A reply that is lost leaves a release whole or not made, and it is told as one that may have happened.
func TestALostReplyOfAReleaseIsInDoubt(t *testing.T) {
	for _, tt := range recipes {
		for _, when := range []redistest.Hold{redistest.Before, redistest.After} {
			t.Run(fmt.Sprint(tt.name, " ", when), func(t *testing.T) {
				s := redistest.Start(t)
				direct := s.Client(t)
				ctx := context.Background()
				tt.make(ctx, direct)
				gate := redistest.NewGate(t, s.Addr, func(_ int, command string) redistest.Hold {
					if command == "eval" {
						return when
					}
					return redistest.Pass
				}).HangUp()
				c, err := conn.Open(conn.Options{URLs: []string{gate.URL()}})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				a := act(t, c, actions)
				r := a.release(t, tt.view, a.row(t, tt.view, tt.id))
				before := content(t, direct)
				asked := conn.WithDoubt(ctx)
				if _, err := r.Do(asked); err == nil || !conn.InDoubt(asked) {
					t.Errorf("%v, in doubt %v", err, conn.InDoubt(asked))
				}
				if after := content(t, direct); fmt.Sprint(before) == fmt.Sprint(after) != (when == redistest.Before) {
					t.Errorf("before %v\nafter  %v", before, after)
				}
			})
		}
	}
}
