package redisdb_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/internal/kvtest"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

// The columns of databases and of pairs.
var (
	col     = redisdb.Columns
	pairCol = redisdb.PairColumns
)

// say spells a row for a failed test.
func say(r kind.Row) string {
	out := fmt.Sprintf("%q (%v)", r.ID(), r.Problem())
	for _, c := range r.Schema().Columns() {
		out += fmt.Sprintf(" %s=%v", c.Name(), c.Value(r))
	}
	return out
}

// unchanged tells whether a reading after another one shows no change.
func unchanged(k kind.Kind, was, is kind.Row) bool {
	return kind.Same(was, is) || k.Follow != nil && k.Follow(was, is) == was
}

// open makes a store that is closed with the test.
func open(t testing.TB, c redis.UniversalClient, db string) *redisdb.Store {
	t.Helper()
	return openWith(t, c, db, redisdb.Options{})
}

func openWith(t testing.TB, c redis.UniversalClient, db string, o redisdb.Options) *redisdb.Store {
	t.Helper()
	s, err := redisdb.Open(c, db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func pair(key, value string) *kvstore.KVPair {
	return &kvstore.KVPair{Key: []byte(key), Value: []byte(value)}
}

func put(t testing.TB, s kvstore.KVStore, pairs ...*kvstore.KVPair) {
	t.Helper()
	if err := s.Put(pairs...); err != nil {
		t.Fatal(err)
	}
}

// harness gives the suite databases on one server, each with a name of its own.
func harness(c redis.UniversalClient) kvtest.Harness {
	made := 0
	type named struct {
		db   string
		keep int
	}
	names := map[string]named{}
	return kvtest.Harness{
		Open: func(t testing.TB, keep int) kvstore.Engine {
			made++
			db := fmt.Sprintf("db %d {:*}", made)
			names[db] = named{db, keep}
			s, err := redisdb.Open(c, db, redisdb.Options{Retain: int64(keep)})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Reopen: func(t testing.TB, e kvstore.Engine) kvstore.Engine {
			old := e.(*redisdb.Store)
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			n := names[old.Database()]
			s, err := redisdb.Open(c, n.db, redisdb.Options{Retain: int64(n.keep)})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Now: func() time.Time {
			now, err := c.Time(ctx).Result()
			if err != nil {
				panic(err)
			}
			return now
		},
	}
}

// fewer runs fewer random histories, unless the command line says how many: miniredis compiles a script at each call.
func fewer(t testing.TB, checks string) {
	f := flag.Lookup("rapid.checks")
	if was := f.Value.String(); was == f.DefValue {
		_ = f.Value.Set(checks)
		t.Cleanup(func() { _ = f.Value.Set(was) })
	}
}

func TestConformance(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) { kvtest.Run(t, harness(c)) })
	if testing.Short() {
		return // as redistest.Each
	}
	t.Run("mini", func(t *testing.T) {
		c, m := redistest.ClockedMini(t)
		h := harness(c)
		h.Now, h.Advance = func() time.Time { return m.Now }, m.Advance
		fewer(t, "25")
		kvtest.Run(t, h)
	})
}
