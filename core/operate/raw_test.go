package operate_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// A row that cannot be read is seen by the type of its key, and deleted only while it holds what was seen.
func TestWhatCannotBeReadIsDeletedAsItWasSeen(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{s.URL()}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	op, err := operate.New(c, operate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer op.Close()
	const key = "gen:user:k"
	for kind, one := range map[string]struct{ fill, change func() error }{
		"string": {func() error { return c.Conn.Set(ctx, key, "no number", 0).Err() }, func() error { return c.Conn.Append(ctx, key, "x").Err() }},
		"hash":   {func() error { return c.Conn.HSet(ctx, key, "f", "v", "g", "w").Err() }, func() error { return c.Conn.HSet(ctx, key, "f", "vg").Err() }},
		"list":   {func() error { return c.Conn.RPush(ctx, key, "a", "b").Err() }, func() error { return c.Conn.LSet(ctx, key, 0, "ab").Err() }},
		"set":    {func() error { return c.Conn.SAdd(ctx, key, "a", "b").Err() }, func() error { return c.Conn.SAdd(ctx, key, "c").Err() }},
		"zset":   {func() error { return c.Conn.ZAdd(ctx, key, redis.Z{Score: 1, Member: "a"}).Err() }, func() error { return c.Conn.ZIncrBy(ctx, key, 1, "a").Err() }},
		"stream": {func() error { return c.Conn.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"f", "v"}}).Err() }, func() error { return c.Conn.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"f", "v"}}).Err() }},
	} {
		try := func(meanwhile func() error) error {
			c.Conn.Del(ctx, key)
			if err := one.fill(); err != nil {
				t.Fatal(kind, err)
			}
			seen, err := op.Look(ctx, "generations", "user:k")
			if err != nil || seen.Key != key || seen.Type != kind || len(seen.Head) == 0 || seen.Size == 0 {
				t.Fatalf("%s is seen as %+v, %v", kind, seen, err)
			}
			plan, err := op.DeleteRaw("generations", "user:k", seen)
			if err != nil {
				t.Fatal(kind, err)
			}
			if err := meanwhile(); err != nil {
				t.Fatal(kind, err)
			}
			_, err = op.Do(ctx, plan)
			return err
		}
		if err := try(one.change); !errors.Is(err, operate.ErrConflict) || c.Conn.Exists(ctx, key).Val() != 1 {
			t.Errorf("%s, changed meanwhile: %v", kind, err)
		}
		if err := try(func() error { return nil }); err != nil || c.Conn.Exists(ctx, key).Val() != 0 {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
