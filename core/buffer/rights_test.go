package buffer_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

// mutation is a call that writes, on a server that prepare has filled.
type mutation struct {
	prepare func(c redis.UniversalClient)
	act     func(ctx context.Context, b *buffer.Buffer) error
}

// filled has a live buffer, a prepared batch of a known timestamp, and a lock on either.
func filled(c redis.UniversalClient) {
	for _, base := range []string{"buf:{s}:", "buf:4711:{s}:"} {
		c.RPush(ctx, base+"list", `{"a":1}`, `{"b":2}`)
		c.SAdd(ctx, base+"keys", "a", "b")
		c.Set(ctx, base+"size", 14, 0)
		c.Set(ctx, base+"ts", 1_700_000_000_000, 0)
		c.Set(ctx, base+"lock", "mine", 0)
	}
	c.ZAdd(ctx, "buf:{s}:ops", redis.Z{Score: 1, Member: "old"})
}

func mutations() map[string]mutation {
	without := func(keys ...string) func(c redis.UniversalClient) {
		return func(c redis.UniversalClient) {
			filled(c)
			for _, k := range keys { // one by one: a cluster client takes them to their node
				c.Del(ctx, k)
			}
		}
	}
	push := func(record string, opts ...buffer.PushOption) func(ctx context.Context, b *buffer.Buffer) error {
		return func(ctx context.Context, b *buffer.Buffer) error {
			_, err := b.Push(ctx, "s", []byte(record), opts...)
			return err
		}
	}
	return map[string]mutation{
		"push":             {filled, push(`{"a":3,"b":4}`)},
		"push other names": {filled, push(`{"c":3,"d":4}`)},
		"push the first":   {func(redis.UniversalClient) {}, push(`{"a":1}`)},
		"push with an id":  {filled, push(`{"c":3}`, buffer.WithID("new"))},
		"push again":       {filled, push(`{"c":3}`, buffer.WithID("old"))},
		"prepare": {filled, func(ctx context.Context, b *buffer.Buffer) error {
			_, _, err := b.Prepare(ctx, "s", "mine")
			return err
		}},
		"prepare and read": {without("buf:{s}:lock"), func(ctx context.Context, b *buffer.Buffer) error {
			_, _, err := b.Prepare(ctx, "s", "")
			return err
		}},
		"prepare nothing": {without("buf:{s}:list", "buf:{s}:keys", "buf:{s}:size", "buf:{s}:ts"), func(ctx context.Context, b *buffer.Buffer) error {
			_, _, err := b.Prepare(ctx, "s", "mine")
			return err
		}},
		"empty": {filled, func(ctx context.Context, b *buffer.Buffer) error { return b.Empty(ctx, "s", 4711) }},
		"lock": {without("buf:{s}:lock"), func(ctx context.Context, b *buffer.Buffer) error {
			_, _, err := b.Lock(ctx, "s", 0, time.Hour)
			return err
		}},
		"unlock":         {filled, func(ctx context.Context, b *buffer.Buffer) error { return b.Unlock(ctx, "s", 0, "mine") }},
		"hold":           {without("buf:4711:{s}:lock"), func(ctx context.Context, b *buffer.Buffer) error { return held(ctx, b, (*buffer.Hold).Release) }},
		"hold and empty": {without("buf:4711:{s}:lock"), func(ctx context.Context, b *buffer.Buffer) error { return held(ctx, b, (*buffer.Hold).Empty) }},
	}
}

// held holds the batch and ends that by a call.
func held(ctx context.Context, b *buffer.Buffer, end func(*buffer.Hold, context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h, err := b.Hold(ctx, "s", 4711)
	if err != nil {
		return err
	}
	return end(h, ctx)
}

// A script refused in its midst would leave half of a push, or of a move, behind.
func TestACallThatLacksARightLeavesNothingHalf(t *testing.T) {
	for name, m := range mutations() {
		if strings.HasPrefix(name, "hold") {
			continue // two calls each: a lock that may not be released runs out
		}
		t.Run(name, func(t *testing.T) {
			redistest.EachRightWithheld(t,
				func(_ *testing.T, c redis.UniversalClient) { m.prepare(c) },
				func(c redis.UniversalClient) error { return m.act(ctx, buffer.New(c, buffer.Options{})) })
		})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unheld := func(c redis.UniversalClient) { filled(c); c.Del(ctx, "buf:4711:{s}:lock") }
	hold := func(c redis.UniversalClient) (*buffer.Hold, error) {
		return buffer.New(c, buffer.Options{}).Hold(ctx, "s", 4711)
	}
	t.Run("hold", func(t *testing.T) {
		redistest.EachRightWithheld(t,
			func(_ *testing.T, c redis.UniversalClient) { unheld(c) },
			func(c redis.UniversalClient) error { _, err := hold(c); return err })
	})
}

// Above maxmemory a server refuses what takes memory. What frees it must go on, and so must all that it takes to get there.
func TestAFullServerCanBeEmptied(t *testing.T) {
	server := redistest.Start(t)
	c := server.Client(t)
	b := buffer.New(c, buffer.Options{})
	rows := buffer.NewRows(c, "")
	for _, id := range []string{"", "one"} {
		var opts []buffer.PushOption
		if id != "" {
			opts = append(opts, buffer.WithID(id))
		}
		c.ConfigSet(ctx, "maxmemory", "0")
		c.FlushAll(ctx)
		mustPush(t, b, "s", `{"a":1}`, opts...)
		token, _, err := b.Lock(ctx, "s", 0, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		other, _, err := b.Lock(ctx, "other", 0, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		c.ConfigSet(ctx, "maxmemory", "1")
		if _, err := b.Push(ctx, "s", []byte(`{"a":2}`)); err == nil || !strings.Contains(err.Error(), "OOM") {
			t.Fatalf("the server is not full: %v", err)
		}
		if err := b.Unlock(ctx, "other", 0, other); err != nil {
			t.Errorf("unlock: %v", err)
		}
		if s, err := b.Stats(ctx, "s", 0); err != nil || s.Count != 1 {
			t.Errorf("stats: %+v, %v", s, err)
		}
		if all, err := b.GetContents(ctx, "s", 0); err != nil || len(all.Records) != 1 {
			t.Errorf("contents: %+v, %v", all, err)
		}
		if _, _, err := rows.Inspect(ctx, "s"); err != nil {
			t.Errorf("inspect: %v", err)
		}
		batch, found, err := b.PrepareToPersist(ctx, "s", token)
		if err != nil || !found || len(batch.Records) != 1 {
			t.Fatalf("prepare: %+v, %v, %v", batch, found, err)
		}
		h, err := b.Hold(ctx, "s", batch.At)
		if err != nil {
			t.Fatalf("hold: %v", err)
		}
		if err := h.Empty(ctx); err != nil {
			t.Errorf("empty: %v", err)
		}
		if err := b.Empty(ctx, "s", 0); err != nil {
			t.Errorf("empty live: %v", err)
		}
		if n := len(redistest.Dump(t, c)); n != 1 {
			t.Errorf("%d keys are left, want :ops", n)
		}
	}
}

// Each refusal leaves one part of a row unknown. A row of which nothing may be read is one if any of its keys is there.
func TestWhatIsRefusedIsNotKnown(t *testing.T) {
	admin := redistest.Single(t)
	filled(admin)
	is := buffer.Columns
	for without, unknown := range map[string][]kind.Column{
		"-llen":           {is.Count.Column},
		"-scard":          {is.Keys.Column},
		"-pttl":           {is.LockExpires.Column},
		"-getrange":       {is.Bytes.Column, is.FirstWrite.Column, is.LockToken.Column},
		"-getrange -pttl": {is.Bytes.Column, is.FirstWrite.Column, is.Locked.Column, is.LockToken.Column, is.LockExpires.Column},
		"-@all +exists": {is.Count.Column, is.Bytes.Column, is.Keys.Column, is.FirstWrite.Column, is.Locked.Column, is.LockToken.Column,
			is.LockExpires.Column},
	} {
		rules := []any{"ACL", "SETUSER", "poor", "reset", "on", "nopass", "~*", "+@all"}
		for _, rule := range strings.Fields(without) {
			rules = append(rules, rule)
		}
		if err := admin.Do(ctx, rules...).Err(); err != nil {
			t.Fatal(err)
		}
		c := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "poor", Password: "any", MaxRetries: -1})
		rows, err := buffer.NewRows(c, "").Read(ctx, []string{"s", "gone"})
		c.Close()
		if err != nil || len(rows) != 1 || rows[0].ID() != "s" || rows[0].Problem() != nil {
			t.Errorf("%s: %v, %v", without, rows, err)
			continue
		}
		for _, column := range rows[0].Schema().Columns() {
			if err := column.Err(rows[0]); conn.Refused(err) != slices.Contains(unknown, column) {
				t.Errorf("%s: %s is not known: %v", without, column.Name(), err)
			}
		}
	}
	admin.ACLDelUser(ctx, "poor")
}
