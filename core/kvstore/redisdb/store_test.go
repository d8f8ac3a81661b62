package redisdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	c, _ := redistest.Mini(t)
	var none *redis.Client
	for what, err := range map[string]error{
		"no client":      second(redisdb.Open(nil, "db", redisdb.Options{})),
		"a typed nil":    second(redisdb.Open(none, "db", redisdb.Options{})),
		"no name":        second(redisdb.Open(c, "", redisdb.Options{})),
		"a negative log": second(redisdb.Open(c, "db", redisdb.Options{Retain: -1})),
	} {
		if !errors.Is(err, redisdb.ErrBadArgument) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[A, B any](_ A, b B) B { return b }

// contents spells out all keys of a server with their types, values and ends.
func contents(t testing.TB, c redis.UniversalClient) []string {
	t.Helper()
	var all []string
	err := conn.Scan(ctx, c, "", 1000, func(keys []string) error {
		for _, k := range keys {
			var v any
			switch kind := c.Type(ctx, k).Val(); kind {
			case "string":
				v = c.Get(ctx, k).Val()
			case "zset":
				v = c.ZRangeWithScores(ctx, k, 0, -1).Val()
			case "stream":
				v = c.XRange(ctx, k, "-", "+").Val()
			case "list":
				v = c.LRange(ctx, k, 0, -1).Val()
			default:
				v = kind
			}
			all = append(all, fmt.Sprint(k, "=", v, " until ", c.PExpireTime(ctx, k).Val()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// A script that fails half-way would leave what it wrote before.
func TestAForeignKeyInTheWayChangesNothing(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		for _, key := range []string{"ix", "exp", "seq", "log", "applied", "epoch", "d:b"} {
			db := "db-" + conn.Escape(key)
			s := open(t, c, db)
			put(t, s, pair("a", "1"), &kvstore.KVPair{Key: []byte("t"), ExpireTS: 7258118400})
			shot := snapshotOf(t, s)
			raw := "kv:{" + conn.Escape(db) + "}:" + key
			if key == "log" || key == "seq" { // of the right type, but not ours
				c.Del(ctx, raw)
				if key == "seq" {
					c.Set(ctx, raw, "many", 0)
				} else {
					c.XAdd(ctx, &redis.XAddArgs{Stream: raw, ID: "999-0", Values: []string{"f", "v"}})
				}
			} else {
				c.Del(ctx, raw)
				c.LPush(ctx, raw, "foreign")
			}
			before := contents(t, c)
			ops := map[string]error{
				"put":    s.Put(pair("a", "2"), pair("b", "2"), &kvstore.KVPair{Key: []byte("c"), ExpireTS: 7258118400}),
				"one":    s.Put(pair("b", "2")), // whose place in the index is taken back
				"cas":    second(s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("b"), OldValue: []byte("1")})),
				"apply":  second(s.SaveChanges([]*kvstore.ChangeRecord{{ChangeNumber: 1, Trxns: []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: []byte("b")}}}})),
				"delete": s.Delete([]byte("b")),
			}
			for op, err := range ops {
				missing := key == "ix" || key == "seq" || key == "log" || key == "applied" // checked only by what would write
				if err == nil && !(missing && (op == "cas" || op == "delete")) && !(key == "applied" && (op == "put" || op == "one")) {
					t.Errorf("%s with a foreign %s: no error", op, key)
				}
				if err != nil && !strings.Contains(err.Error(), "kv:{"+conn.Escape(db)+"}:") {
					t.Errorf("%s does not name the key: %v", op, err)
				}
			}
			if after := contents(t, c); !slices.Equal(before, after) && key != "applied" {
				t.Errorf("a foreign %s: changed\n%s\nto\n%s", key, strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
			if key == "d:b" || key == "applied" {
				continue // of no concern to a restore, which puts its own there
			}
			before = contents(t, c)
			err := s.PutSnapshot(io.NopCloser(bytes.NewReader(shot)))
			if after := contents(t, c); key != "log" && (err == nil || !slices.Equal(before, after)) {
				t.Errorf("put snapshot with a foreign %s: %v\n%s\nto\n%s", key, err, strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
		}
	})
}

func TestALostReplyActsOnce(t *testing.T) {
	server := redistest.Start(t)
	plain := server.Client(t)
	lossy := redistest.LoseReplies(1)
	c := redis.NewClient(&redis.Options{Addr: server.Addr, Dialer: lossy.Dial, MaxRetries: 3})
	defer c.Close()
	s := open(t, c, "db")
	put(t, s, pair("a", "1"))
	lossy.Arm()
	if err := s.Put(pair("a", "2")); !conn.Unreachable(err) {
		t.Fatalf("the reply was not lost: %v", err)
	}
	if n := plain.Get(ctx, "kv:{db}:seq").Val(); n != "2" {
		t.Errorf("%s changes", n)
	}
}

func TestExpiredKeysLeaveTheIndex(t *testing.T) {
	c, m := redistest.ClockedMini(t)
	s := open(t, c, "db")
	for i := range 40 {
		put(t, s, &kvstore.KVPair{Key: fmt.Append(nil, "session:", i), ExpireTS: uint64(m.Now.Unix()) + 10})
	}
	put(t, s, pair("kept", "1"), &kvstore.KVPair{Key: []byte("later"), ExpireTS: uint64(m.Now.Unix()) + 1000})
	m.Advance(11 * time.Second)
	put(t, s, &kvstore.KVPair{Key: []byte("session:0"), ExpireTS: uint64(m.Now.Unix()) + 1000})
	for i := range 4 {
		if n := c.ZCard(ctx, "kv:{db}:ix").Val(); i == 0 && n != 42-16 {
			t.Errorf("%d keys after one call: it sweeps 16", n)
		}
		put(t, s, pair("kept", "2"))
	}
	if keys := c.ZRange(ctx, "kv:{db}:ix", 0, -1).Val(); !slices.Equal(keys, []string{"kept", "later", "session:0"}) {
		t.Errorf("the index holds %q", keys)
	}
	if keys := c.ZRange(ctx, "kv:{db}:exp", 0, -1).Val(); !slices.Equal(keys, []string{"later", "session:0"}) {
		t.Errorf("expiring are %q", keys)
	}
}

func TestTheLastSecondThereIs(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, "db")
		put(t, s, &kvstore.KVPair{Key: []byte("a"), ExpireTS: kvstore.MaxExpireTS})
		if err := s.ReplaceValue(ctx, []byte("a"), nil, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if pairs, err := s.Get([]byte("a")); err != nil || len(pairs) != 1 || pairs[0].ExpireTS != kvstore.MaxExpireTS {
			t.Error(pairs, err)
		}
	})
}

func TestAForgottenScriptIsTaughtAgainMidwayThroughChanges(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c, "db")
	var list []*kvstore.ChangeRecord
	for i := range 250 {
		list = append(list, &kvstore.ChangeRecord{ChangeNumber: uint64(i) + 1, Trxns: []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: fmt.Append(nil, i%10), Value: fmt.Append(nil, i)}}})
	}
	other := redis.NewClient(c.Options())
	defer other.Close()
	other.AddHook(forgetful{c})
	if n, err := open(t, other, "db").SaveChanges(list); n != 250 || err != nil {
		t.Fatal(n, err)
	}
	if pairs, err := s.Get([]byte("9")); err != nil || string(pairs[0].Value) != "249" {
		t.Error(pairs, err)
	}
}

// forgetful has the server forget its scripts before every pipeline.
type forgetful struct{ c *redis.Client }

func (f forgetful) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (f forgetful) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (f forgetful) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		f.c.ScriptFlush(ctx)
		return next(ctx, cmds)
	}
}

func TestStatCountsTheCalls(t *testing.T) {
	c, m := redistest.Mini(t)
	r := prometheus.NewRegistry()
	stat, err := kvstore.NewStat(r)
	if err != nil {
		t.Fatal(err)
	}
	s := openWith(t, c, "db", redisdb.Options{Stat: stat})
	put(t, s, pair("a", "1"))
	if _, err := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	if n := testutil.CollectAndCount(stat.RequestLatency); n != 2 {
		t.Errorf("%d operations were timed", n)
	}
	if n := testutil.CollectAndCount(stat.StoreMetricsCollector); n != 2 {
		t.Errorf("%d numbers", n)
	}
	m.SetError("ERR broken")
	if err := s.Put(pair("a", "2")); err == nil {
		t.Error("no error")
	}
	m.SetError("")
	if n := testutil.ToFloat64(stat.ResponseError.WithLabelValues("redis", "put")); n != 1 {
		t.Errorf("%v errors", n)
	}
	s.Close()
	s.Close()
	if n := testutil.CollectAndCount(stat.StoreMetricsCollector); n != 0 {
		t.Errorf("%d numbers of a closed store", n)
	}
}

// What somebody else wrote into the log is an error, and no change.
func TestTheLogOfSomebodyElse(t *testing.T) {
	c := redistest.Single(t)
	for i, fields := range [][]string{
		{"c", "x0 1 1 kv"}, {"c", "p0 1 1 k"}, {"c", "p0 1 kv"}, {"c", "p"}, {"c", "p0 -1 1 kv"}, {"c", "p0 1 18446744073709551615 kv"},
		{"c", "p0 1 1 kvrest"}, {"d", "p0 1 1 kv"}, {"c", "p0 1 1 kv", "e", ""}, {"c", "p99999999999999999999999 1 1 kv"},
	} {
		db := fmt.Sprint("db", i)
		s := open(t, c, db)
		c.Set(ctx, "kv:{"+db+"}:seq", 1, 0)
		c.XAdd(ctx, &redis.XAddArgs{Stream: "kv:{" + db + "}:log", ID: "1-0", Values: fields})
		if list, err := s.LoadChanges(1, 10); err == nil || errors.Is(err, kvstore.ErrTrimmed) || len(list) != 0 {
			t.Errorf("%q: %v, %v", fields, list, err)
		}
	}
	s := open(t, c, "ids")
	c.Set(ctx, "kv:{ids}:seq", 1, 0)
	c.XAdd(ctx, &redis.XAddArgs{Stream: "kv:{ids}:log", ID: "1-1", Values: []string{"c", "p0 1 1 kv"}})
	if list, err := s.LoadChanges(1, 10); err == nil || len(list) != 0 {
		t.Errorf("an id of time: %v, %v", list, err)
	}
}

// The documented form of an entry is what others may read.
func TestTheFormOfAnEntry(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, "db")
		put(t, s, pair("k", "a b"), &kvstore.KVPair{Key: []byte("t"), ExpireTS: 7258118400})
		if err := s.Delete([]byte("k")); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range c.XRange(ctx, "kv:{db}:log", "-", "+").Val() {
			got = append(got, fmt.Sprint(m.ID, m.Values))
		}
		if want := []string{"1-0map[c:p0 1 3 ka bp7258118400 1 0 t]", "2-0map[c:d0 1 0 k]"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
