package genstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/internal/redistest"
)

func TestSnapshotManyOfNothingAsksNobody(t *testing.T) {
	c, m := redistest.Mini(t)
	s := genstore.NewRedisGenStore(c, "ns")
	m.Close()
	for _, keys := range [][]string{nil, {}} {
		if got, err := s.SnapshotMany(ctx, keys); err != nil || got == nil || len(got) != 0 {
			t.Errorf("got %v, %v; want an empty map", got, err)
		}
	}
}

func TestSnapshotManyReadsEverySlotAndEachKeyOnce(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := genstore.NewRedisGenStore(c, "ns")
		want := map[string]uint64{}
		var keys []string
		for i := range 300 {
			k := fmt.Sprintf("k:%d", i)
			keys = append(keys, k)
			if want[k] = uint64(i % 3); i%3 > 0 {
				set(t, c, "gen:ns:"+k, fmt.Sprint(i%3))
			}
		}
		if _, err := s.SnapshotMany(ctx, keys); err != nil { // dials, and learns where the slots are
			t.Fatal(err)
		}
		trips := &redistest.Trips{}
		c.AddHook(trips)
		got, err := s.SnapshotMany(ctx, append(keys, keys...))
		if err != nil || !maps.Equal(got, want) {
			t.Fatalf("got %v, %v", got, err)
		}
		wantTrips, wantCommands := int64(2), 2 // MGET, and EXISTS of what it answered with nil
		if _, cluster := c.(*redis.ClusterClient); cluster {
			wantTrips, wantCommands = 1, len(keys)
		}
		if n := trips.N.Load(); n != wantTrips {
			t.Errorf("%d pipelines, want %d", n, wantTrips)
		}
		commands := 0
		c.AddHook(counting{&commands})
		if _, err := s.SnapshotMany(ctx, append(keys, keys...)); err != nil || commands != wantCommands {
			t.Errorf("%d commands for %d keys, %v", commands, len(keys), err)
		}
	})
}

// Where a slot has all keys MGET reads them, and what it hides is told all the same.
func TestSnapshotManyInOneSlotHidesNoWrongType(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := genstore.NewRedisGenStore(c, "{ns}")
		set(t, c, "gen:{ns}:five", "5")
		set(t, c, "gen:{ns}:text", "secret")
		c.RPush(ctx, "gen:{ns}:list", "1")
		if _, err := s.SnapshotMany(ctx, []string{"five", "missing"}); err != nil {
			t.Fatal(err)
		}
		commands := 0
		c.AddHook(counting{&commands})
		got, err := s.SnapshotMany(ctx, []string{"five", "text", "list", "missing"})

		if !maps.Equal(got, map[string]uint64{"five": 5, "missing": 0}) || !errors.Is(err, genstore.ErrNotGeneration) {
			t.Errorf("got %v, %v", got, err)
		}
		for _, key := range []string{"gen:{ns}:text", "gen:{ns}:list"} {
			if !strings.Contains(err.Error(), key) {
				t.Errorf("%v does not name %s", err, key)
			}
		}
		if commands != 5 { // MGET, EXISTS, and GET of the three of which it told no generation
			t.Errorf("%d commands", commands)
		}
	})
}

// counting counts commands that read keys, those of pipelines one by one; what a new connection begins with is none.
type counting struct{ n *int }

func (h counting) count(cmds ...redis.Cmder) {
	for _, cmd := range cmds {
		switch cmd.Name() {
		case "get", "mget", "exists":
			*h.n++
		}
	}
}

func (h counting) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h counting) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { h.count(cmd); return next(ctx, cmd) }
}
func (h counting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { h.count(cmds...); return next(ctx, cmds) }
}

func TestOneBadValueHidesNoGoodOne(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := genstore.NewRedisGenStore(c, "ns")
		set(t, c, "gen:ns:five", "5")
		set(t, c, "gen:ns:text", "secret")
		set(t, c, "gen:ns:minus", "-2")
		c.RPush(ctx, "gen:ns:list", "1")
		got, err := s.SnapshotMany(ctx, []string{"text", "five", "list", "missing", "", "minus", "five", "text"})
		if want := (map[string]uint64{"five": 5, "missing": 0}); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if !errors.Is(err, genstore.ErrNotGeneration) || !errors.Is(err, genstore.ErrEmptyKey) {
			t.Fatalf("the error is %v", err)
		}
		for _, key := range []string{"gen:ns:text", "gen:ns:list", "gen:ns:minus"} {
			if strings.Count(err.Error(), `"`+key+`"`) != 1 {
				t.Errorf("%s is not named once in %v", key, err)
			}
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells what is stored: %v", err)
		}
	})
}

func TestAServerThatCannotAnswerIsToldFromABadKey(t *testing.T) {
	c, m := redistest.Mini(t)
	s, rows := genstore.NewRedisGenStore(c, "ns"), genstore.NewRows(c, "gen:")
	bump(t, s, "k")
	try := func(what string) {
		t.Helper()
		_, bumped := s.Bump(ctx, "k")
		_, one := s.Snapshot(ctx, "k")
		many, manyErr := s.SnapshotMany(ctx, []string{"k", "l"})
		read, readErr := rows.Read(ctx, []string{"ns:k", "ns:l"})
		_, _, inspect := rows.Inspect(ctx, "ns:k")
		for op, err := range map[string]error{"bump": bumped, "snapshot": one, "snapshot many": manyErr, "rows": readErr, "inspect": inspect} {
			if !conn.Unreachable(err) || errors.Is(err, genstore.ErrNotGeneration) {
				t.Errorf("%s: %s answers %v", what, op, err)
			}
		}
		if many != nil || read != nil {
			t.Errorf("%s: got %v and %v", what, many, read)
		}
	}
	m.SetError("LOADING Redis is loading the dataset in memory")
	try("loading")
	m.SetError("")
	m.Close()
	try("gone")
}
