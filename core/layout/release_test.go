package layout_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

const actions = `
[[layout]]
name = "mutex"
view = "mutexes"
keys = ["mx:{name}"]
type = "string"
columns = [
  { name = "owner", from = "value", pattern = "^[^/]+" },
  { name = "token", from = "value" },
  { name = "expires", from = "ttl", type = "deadline" },
]
release = { how = "compare-and-delete", then = "a waiter takes it", publish = "mx-free:{name}", message = "free {name}" }

[[layout]]
name = "jedisson"
view = "rlocks"
keys = ["rl:{name...}"]
type = "hash"
rows = "field"
skip = ["mode", "limit"]
columns = [{ name = "owner", from = "member" }, { name = "count", from = "value", type = "int" }]
release = { how = "delete-field", publish = "rl-free:{{{name}}}", message = "0", with-last = ["mode"] }

[[layout]]
name = "dead"
view = "dead"
keys = ["dead:{queue}"]
type = "zset"
rows = "member"
columns = [{ name = "job", from = "member" }, { name = "at", from = "score", type = "time", format = "unix" }]
release = { how = "remove-member" }

[[layout]]
name = "busy"
view = "busy"
keys = ["busy:{queue}"]
type = "set"
rows = "member"
columns = [{ name = "job", from = "member" }]
release = { how = "remove-member" }

[[layout]]
name = "line"
view = "line"
keys = ["line:{queue}"]
type = "list"
rows = "member"
columns = [{ name = "job", from = "member" }]
release = { how = "remove-member" }

[[layout]]
name = "bull"
view = "bull"
keys = ["bull:{queue}:{job}:lock"]
type = "string"
columns = [{ name = "token", from = "value" }]
release = { how = "never", because = "the job would run twice" }

[[layout]]
name = "cache"
view = "cache"
keys = ["ver:{{{key}}}"]
type = "string"
columns = [{ name = "fence", from = "value" }]
bump = { how = "new-fence", length = 32, delete = "val:{{{key}}}", then = "readers fill it again" }

[[layout]]
name = "apart"
view = "apart"
keys = ["aver:{key}"]
type = "string"
columns = [{ name = "fence", from = "value" }]
bump = { how = "new-fence", length = 16, delete = "aval:{key}" }
`

// acting is the layouts above at work.
type acting struct {
	set   *layout.Set
	kinds map[kind.Name]kind.Kind
}

func act(t testing.TB, c redis.UniversalClient, text string) acting {
	t.Helper()
	specs, err := layout.Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	kinds, set, errs := layout.Compile(c, nil, specs)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	a := acting{set, map[kind.Name]kind.Kind{}}
	for _, k := range kinds {
		a.kinds[k.Name] = k
	}
	return a
}

// row reads one row.
func (a acting) row(t testing.TB, view kind.Name, id string) kind.Row {
	t.Helper()
	rows, err := a.kinds[view].Source.Read(context.Background(), []string{id})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%s %s: %d rows, %v", view, id, len(rows), err)
	}
	return rows[0]
}

func (a acting) release(t testing.TB, view kind.Name, row kind.Row) layout.Recipe {
	t.Helper()
	r, ok := a.set.Release(view, row)
	if !ok {
		t.Fatalf("no layout has %s", row)
	}
	return r
}

// recipes are one row of each way to act, how it is made, and how somebody else changes it.
var recipes = []struct {
	name    string
	view    kind.Name
	id      string
	make    func(ctx context.Context, c redis.UniversalClient)
	change  func(ctx context.Context, c redis.UniversalClient)
	gone    func(ctx context.Context, c redis.UniversalClient)
	channel string
	undone  bool
}{
	{
		"string", "mutexes", "mx:a",
		func(ctx context.Context, c redis.UniversalClient) { c.Set(ctx, "mx:a", "host/1", time.Hour) },
		func(ctx context.Context, c redis.UniversalClient) { c.Set(ctx, "mx:a", "host/2", time.Hour) },
		func(ctx context.Context, c redis.UniversalClient) { c.Del(ctx, "mx:a") }, "mx-free:a", true,
	},
	{
		"field", "rlocks", "rl:a#u1:1",
		func(ctx context.Context, c redis.UniversalClient) {
			c.HSet(ctx, "rl:a", "u1:1", "1", "mode", "write")
			c.PExpire(ctx, "rl:a", time.Hour)
		},
		func(ctx context.Context, c redis.UniversalClient) { c.HIncrBy(ctx, "rl:a", "u1:1", 1) },
		func(ctx context.Context, c redis.UniversalClient) { c.HDel(ctx, "rl:a", "u1:1") }, "rl-free:{a}", true,
	},
	{
		"zset", "dead", "dead:q#j1",
		func(ctx context.Context, c redis.UniversalClient) {
			c.ZAdd(ctx, "dead:q", redis.Z{Score: 1700000000.125, Member: "j1"}, redis.Z{Score: 1, Member: "j2"})
		},
		func(ctx context.Context, c redis.UniversalClient) {
			c.ZAdd(ctx, "dead:q", redis.Z{Score: 1700000000.25, Member: "j1"})
		},
		func(ctx context.Context, c redis.UniversalClient) { c.ZRem(ctx, "dead:q", "j1") }, "", true,
	},
	{
		"set", "busy", "busy:q#j1",
		func(ctx context.Context, c redis.UniversalClient) {
			c.SAdd(ctx, "busy:q", "j1")
			c.PExpire(ctx, "busy:q", time.Hour)
		},
		nil, func(ctx context.Context, c redis.UniversalClient) { c.SRem(ctx, "busy:q", "j1") }, "", true,
	},
	{
		"list", "line", "line:q#j1",
		func(ctx context.Context, c redis.UniversalClient) { c.RPush(ctx, "line:q", "j0", "j1", "j2", "j1") },
		nil, func(ctx context.Context, c redis.UniversalClient) { c.LRem(ctx, "line:q", 0, "j1") }, "", false,
	},
}

// A recipe frees exactly its row, tells whoever waits, and can be taken back with the life that was left.
func TestARecipeFreesItsRowAndIsTakenBack(t *testing.T) {
	for _, tt := range recipes {
		t.Run(tt.name, func(t *testing.T) {
			redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
				ctx := context.Background()
				a := act(t, c, actions)
				tt.make(ctx, c)
				before := content(t, c)
				heard := listen(t, c, tt.channel)
				done, err := a.release(t, tt.view, a.row(t, tt.view, tt.id)).Do(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if rows, err := a.kinds[tt.view].Source.Read(ctx, []string{tt.id}); err != nil || tt.name != "list" && len(rows) > 0 {
					t.Errorf("still there: %v %v", rows, err)
				}
				if tt.channel != "" {
					heard(t)
				}
				if tt.name == "list" {
					if got := c.LRange(ctx, "line:q", 0, -1).Val(); !slices.Equal(got, []string{"j0", "j2", "j1"}) {
						t.Errorf("left %q", got)
					}
				}
				if (done.Undo != nil) != tt.undone || (done.NoUndo == "") != tt.undone {
					t.Fatalf("undo %v, or %q", done.Undo, done.NoUndo)
				}
				if !tt.undone {
					return
				}
				if _, err := done.Undo.Do(ctx); err != nil {
					t.Fatal(err)
				}
				if after := content(t, c); !maps.Equal(before, after) {
					t.Errorf("before %v\nafter  %v", before, after)
				}
				if _, err := done.Undo.Do(ctx); !errors.Is(err, layout.ErrTaken) || !errors.Is(err, conn.ErrPrecondition) {
					t.Errorf("taken back twice: %v", err)
				}
			})
		})
	}
}

func TestNothingIsDoneToARowThatChanged(t *testing.T) {
	for _, tt := range recipes {
		t.Run(tt.name, func(t *testing.T) {
			redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
				ctx := context.Background()
				a := act(t, c, actions)
				for what, change := range map[string]func(context.Context, redis.UniversalClient){"changed": tt.change, "gone": tt.gone, "of another type": other(tt.id)} {
					if change == nil {
						continue
					}
					tt.make(ctx, c)
					r := a.release(t, tt.view, a.row(t, tt.view, tt.id))
					change(ctx, c)
					before := content(t, c)
					_, err := r.Do(ctx)
					want := layout.ErrChanged
					if what == "gone" {
						want = layout.ErrGone
					}
					if !errors.Is(err, want) || !errors.Is(err, conn.ErrPrecondition) {
						t.Errorf("%s: %v", what, err)
					}
					if after := content(t, c); !maps.Equal(before, after) {
						t.Errorf("%s: before %v\nafter  %v", what, before, after)
					}
					c.Del(ctx, a.kinds[tt.view].Source.Keys(tt.id)...)
				}
			})
		})
	}
}

// other makes the key of a row another type.
func other(id string) func(context.Context, redis.UniversalClient) {
	key, _, _ := strings.Cut(id, "#")
	return func(ctx context.Context, c redis.UniversalClient) {
		c.Del(ctx, key)
		c.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"a", "b"}})
	}
}

// A lock that several hold is free when the last of them is gone: then waiters are told, and what goes with it goes.
func TestTheLastFieldTakesItsModeAlong(t *testing.T) {
	c := redistest.Single(t)
	ctx := context.Background()
	a := act(t, c, actions)
	c.HSet(ctx, "rl:b", "u1:1", "1", "u2:1", "1", "mode", "read", "limit", "5")
	heard := listen(t, c, "rl-free:{b}")
	first, err := a.release(t, "rlocks", a.row(t, "rlocks", "rl:b#u1:1")).Do(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.HGetAll(ctx, "rl:b").Val(); !maps.Equal(got, map[string]string{"u2:1": "1", "mode": "read", "limit": "5"}) {
		t.Errorf("left %v", got)
	}
	last, err := a.release(t, "rlocks", a.row(t, "rlocks", "rl:b#u2:1")).Do(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.HGetAll(ctx, "rl:b").Val(); !maps.Equal(got, map[string]string{"limit": "5"}) {
		t.Errorf("left %v", got)
	}
	heard(t) // once, or the second one would be of the first release
	c.HSet(ctx, "rl:b", "u3:1", "1", "mode", "write")
	for name, undo := range map[string]*layout.Recipe{"the reader among others": first.Undo, "the last reader": last.Undo} {
		if _, err := undo.Do(ctx); !errors.Is(err, layout.ErrTaken) {
			t.Errorf("%s is put beside a writer: %v", name, err)
		}
	}
	c.HDel(ctx, "rl:b", "u3:1", "mode")
	for _, undo := range []*layout.Recipe{first.Undo, last.Undo} {
		if _, err := undo.Do(ctx); undo == first.Undo && err != nil {
			t.Error(err)
		} else if undo == last.Undo && !errors.Is(err, layout.ErrTaken) { // it was alone, and is not now
			t.Error(err)
		}
	}
}

func TestWhatIsNeverReleasedSaysWhy(t *testing.T) {
	c := redistest.Single(t)
	ctx := context.Background()
	c.Set(ctx, "bull:q:1:lock", "w:1", 0)
	a := act(t, c, actions)
	_, err := a.release(t, "bull", a.row(t, "bull", "bull:q:1:lock")).Do(ctx)
	if !errors.Is(err, layout.ErrNever) || !errors.Is(err, conn.ErrPrecondition) || !strings.Contains(err.Error(), "the job would run twice") {
		t.Error(err)
	}
	if c.Exists(ctx, "bull:q:1:lock").Val() == 0 {
		t.Error("it is gone")
	}
	c.Set(ctx, "ver:{k}", "abcd", 0)
	if r := a.release(t, "cache", a.row(t, "cache", "ver:{k}")); !errors.Is(r.Why, layout.ErrNoRecipe) {
		t.Error(r.Why)
	}
}

func TestABumpRenewsTheFenceAndDropsTheValue(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		a := act(t, c, actions)
		old := strings.Repeat("ab", 16)
		c.Set(ctx, "ver:{k}", old, time.Hour)
		c.Set(ctx, "val:{k}", "CASC", 0)
		r, ok := a.set.Bump("cache", a.row(t, "cache", "ver:{k}"))
		if !ok || r.Then != "readers fill it again" {
			t.Fatalf("%+v", r)
		}
		done, err := r.Do(ctx)
		fence := c.Get(ctx, "ver:{k}").Val()
		if err != nil || len(fence) != 32 || fence == old || done.After["fence"] != fence || done.Before["fence"] != old || done.NoUndo == "" {
			t.Errorf("%v: %q, %+v", err, fence, done)
		}
		if c.Exists(ctx, "val:{k}").Val() != 0 || c.PTTL(ctx, "ver:{k}").Val() < time.Minute {
			t.Error("the value stayed, or the life went")
		}
		c.Set(ctx, "val:{k}", "CASC", 0)
		if _, err := r.Do(ctx); !errors.Is(err, layout.ErrChanged) || c.Get(ctx, "ver:{k}").Val() != fence || c.Exists(ctx, "val:{k}").Val() == 0 {
			t.Errorf("the old one again: %v", err)
		}
		c.Set(ctx, "aver:k", old, 0)
		r, _ = a.set.Bump("apart", a.row(t, "apart", "aver:k"))
		_, err = r.Do(ctx)
		if _, cluster := c.(*redis.ClusterClient); cluster {
			if !errors.Is(err, layout.ErrApart) || c.Get(ctx, "aver:k").Val() != old {
				t.Errorf("apart: %v", err)
			}
		} else if err != nil {
			t.Error(err)
		}
	})
}

// A user who lacks a right of a recipe, or of what takes it back, gets all of it or nothing.
func TestARecipeThatLacksARightIsDoneWholeOrNotAtAll(t *testing.T) {
	for _, tt := range recipes {
		for _, undo := range []bool{false, true} {
			if undo && !tt.undone {
				continue
			}
			t.Run(fmt.Sprintf("%s, undo %v", tt.name, undo), func(t *testing.T) {
				var r layout.Recipe
				redistest.EachRightWithheld(t, func(t *testing.T, c redis.UniversalClient) {
					ctx := context.Background()
					tt.make(ctx, c)
					a := act(t, c, actions)
					if r = a.release(t, tt.view, a.row(t, tt.view, tt.id)); undo {
						done, err := r.Do(ctx)
						if err != nil {
							t.Fatal(err)
						}
						r = *done.Undo
					}
				}, func(redis.UniversalClient) error {
					_, err := r.Do(context.Background())
					return err
				})
			})
		}
	}
	t.Run("bump", func(t *testing.T) {
		var r layout.Recipe
		redistest.EachRightWithheld(t, func(t *testing.T, c redis.UniversalClient) {
			ctx := context.Background()
			c.Set(ctx, "ver:{k}", "abcd", time.Hour)
			c.Set(ctx, "val:{k}", "CASC", 0)
			a := act(t, c, actions)
			r, _ = a.set.Bump("cache", a.row(t, "cache", "ver:{k}"))
		}, func(redis.UniversalClient) error {
			_, err := r.Do(context.Background())
			return err
		})
	})
}

func TestARecipeNeedsAColumnThatShowsWhatIsCompared(t *testing.T) {
	for _, text := range []string{
		strings.Replace(actions, `{ name = "token", from = "value" },`, "", 1),
		strings.Replace(actions, `{ name = "fence", from = "value" }`, `{ name = "fence", from = "value", decode = ["hex"] }`, 1),
		strings.Replace(actions, `skip = ["mode", "limit"]`, `skip = ["limit"]`, 1),
	} {
		specs, err := layout.Parse("test.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, errs := layout.Compile(redistest.Single(t), nil, specs); len(errs) != 1 || !strings.Contains(errs[0].Error(), "test.toml line") {
			t.Errorf("%v", errs)
		}
	}
}

// content is all keys with what they hold, and whether they end.
func content(t testing.TB, c redis.UniversalClient) map[string]string {
	t.Helper()
	ctx := context.Background()
	out := map[string]string{}
	err := conn.Scan(ctx, c, "", 1000, func(keys []string) error {
		for _, k := range keys {
			typ := c.Type(ctx, k).Val()
			var held any
			switch typ {
			case "string":
				held = c.Get(ctx, k).Val()
			case "list":
				held = c.LRange(ctx, k, 0, -1).Val()
			case "hash":
				held = c.HGetAll(ctx, k).Val()
			case "set":
				held = c.SMembers(ctx, k).Val()
			case "zset":
				held = c.ZRangeWithScores(ctx, k, 0, -1).Val()
			}
			out[k] = fmt.Sprint(typ, held, c.PTTL(ctx, k).Val().Round(time.Minute))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// listen waits for one message on a channel.
func listen(t testing.TB, c redis.UniversalClient, channel string) func(t testing.TB) {
	t.Helper()
	if channel == "" {
		return nil
	}
	ctx := context.Background()
	sub := c.Subscribe(ctx, channel)
	t.Cleanup(func() { sub.Close() })
	if _, err := sub.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	return func(t testing.TB) {
		t.Helper()
		select {
		case m := <-sub.Channel():
			if m.Payload == "" {
				t.Error("an empty message")
			}
		case <-time.After(10 * time.Second):
			t.Errorf("nobody is told on %s", channel)
		}
	}
}
