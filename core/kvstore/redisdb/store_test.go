package redisdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
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
	"holdfast/core/redistest"
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
				"cas":    second(s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("b"), OldValue: []byte("1")})),
				"apply":  second(s.SaveChanges([]*kvstore.ChangeRecord{{ChangeNumber: 1, Trxns: []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: []byte("b")}}}})),
				"delete": s.Delete([]byte("b")),
			}
			for op, err := range ops {
				missing := key == "seq" || key == "log" || key == "applied" // checked only by what would write
				if err == nil && !(missing && (op == "cas" || op == "delete")) && !(key == "applied" && op == "put") {
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

func snapshotOf(t testing.TB, s kvstore.KVStore) []byte {
	t.Helper()
	r, err := s.GetSnapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
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
	c, m := mini(t)
	s := open(t, c, "db")
	for i := range 40 {
		put(t, s, &kvstore.KVPair{Key: fmt.Append(nil, "session:", i), ExpireTS: uint64(m.now.Unix()) + 10})
	}
	put(t, s, pair("kept", "1"), &kvstore.KVPair{Key: []byte("later"), ExpireTS: uint64(m.now.Unix()) + 1000})
	m.advance(11 * time.Second)
	put(t, s, &kvstore.KVPair{Key: []byte("session:0"), ExpireTS: uint64(m.now.Unix()) + 1000})
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

func TestOtherHandlesAreStaleAfterASnapshotTookThePlace(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		one, two := open(t, c, "db"), open(t, c, "db")
		put(t, one, pair("a", "1"))
		put(t, two, pair("b", "1"))
		if err := one.PutSnapshot(io.NopCloser(bytes.NewReader(snapshotOf(t, one)))); err != nil {
			t.Fatal(err)
		}
		put(t, one, pair("c", "1"))
		if err := two.Put(pair("d", "1")); !errors.Is(err, kvstore.ErrStale) {
			t.Error(err)
		}
		if err := two.PutSnapshot(io.NopCloser(bytes.NewReader(snapshotOf(t, one)))); !errors.Is(err, kvstore.ErrStale) {
			t.Error(err)
		}
		if _, _, _, _, err := two.RestoreFrom(filepath.Join(t.TempDir(), "none")); err == nil {
			t.Error("no error")
		}
		three := open(t, c, "db")
		if pairs, err := three.Get([]byte("a"), []byte("b"), []byte("c"), []byte("d")); err != nil || len(pairs) != 3 {
			t.Error(pairs, err)
		}
		if left := c.Exists(ctx, "kv:{db}:exp").Val(); left != 0 {
			t.Error("an empty set of expiries was left")
		}
		if err := conn.Scan(ctx, c, `kv:{db}:load:*`, 100, func(keys []string) error {
			if len(keys) > 0 {
				t.Errorf("staged and left: %v", keys)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// cutting fails every script but the first n.
type cutting struct {
	redis.Hook
	left int
}

var errCut = errors.New("cut")

func (c *cutting) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *cutting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (c *cutting) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") {
			if c.left--; c.left < 0 {
				cmd.SetErr(errCut)
				return errCut
			}
		}
		return next(ctx, cmd)
	}
}

// A restore whose process dies after any of its steps leaves the old state whole or the new one to be finished.
func TestARestoreThatDiesIsNoneOrIsFinished(t *testing.T) {
	c := redistest.Single(t)
	seed := open(t, c, "seed")
	ts := uint64(7258118400)
	for i := range 6 { // scripts known to the server from here on, so that a script is one command
		var pairs []*kvstore.KVPair
		for k := range 300 {
			pairs = append(pairs, &kvstore.KVPair{Key: fmt.Append(nil, "new:", i, ":", k), Value: []byte("x"), ExpireTS: ts * uint64(k%2)})
		}
		put(t, seed, pairs...)
	}
	shot := snapshotOf(t, seed)
	if err := seed.PutSnapshot(io.NopCloser(bytes.NewReader(shot))); err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]int{}
	for n := 0; ; n++ {
		db := fmt.Sprint("db", n)
		s := open(t, c, db)
		var pairs []*kvstore.KVPair
		for k := range 1200 {
			pairs = append(pairs, pair(fmt.Sprint("old:", k), "x"))
		}
		put(t, s, pairs...)
		dying := redis.NewClient(c.Options())
		dying.AddHook(&cutting{left: n})
		d := open(t, dying, db)
		err := d.PutSnapshot(io.NopCloser(bytes.NewReader(shot)))
		dying.Close()
		if err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		rows, rowErr := redisdb.NewRows(c, "").Read(ctx, []string{db})
		if rowErr != nil || len(rows) != 1 || rows[0].Problem() != nil {
			t.Fatal(rows, rowErr)
		}
		_, listErr := redisdb.NewRows(c, "").ListKeys(ctx, db, nil, nil, 1)
		if errors.Is(listErr, redisdb.ErrRestoring) != rows[0].Restoring {
			t.Errorf("after %d steps: %v, %v", n, listErr, rows[0])
		}
		_, getErr := s.Get([]byte("old:1"))
		after := open(t, c, db)
		left := map[string]int{}
		it := after.Iterate(nil)
		for it.HasNext() {
			p := it.Next()
			left[string(p.Key[:3])]++
			if p.ExpireTS != 0 {
				left["expiring"]++
			}
		}
		if it.Err() != nil {
			t.Fatal(it.Err())
		}
		number, _ := after.GetLatestCommittedChangeNumber()
		outcome := fmt.Sprint(left, number, errors.Is(getErr, kvstore.ErrStale))
		outcomes[outcome]++
		if err := after.Put(pair("still", "writable")); err != nil {
			t.Error(err)
		}
		if err == nil {
			break
		}
	}
	if len(outcomes) != 2 || outcomes["map[old:1200] 1 false"] == 0 {
		t.Errorf("a restore leaves %v", outcomes)
	}
	for o := range outcomes {
		if !strings.Contains(o, "old:1200") && !strings.Contains(o, "expiring:900 new:1800") {
			t.Errorf("a restore leaves %s", o)
		}
	}
}

func TestStagedPairsEndByThemselves(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c, "db")
	put(t, s, pair("a", "1"))
	shot := snapshotOf(t, s)
	if err := s.PutSnapshot(io.NopCloser(bytes.NewReader(shot))); err != nil {
		t.Fatal(err)
	}
	dying := redis.NewClient(c.Options())
	defer dying.Close()
	d := open(t, dying, "db")
	dying.AddHook(&cutting{left: 1})
	if err := d.PutSnapshot(io.NopCloser(bytes.NewReader(shot))); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	err := conn.Scan(ctx, c, "kv:{db}:load:*", 100, func(keys []string) error {
		for _, k := range keys {
			if ttl := c.PTTL(ctx, k).Val(); ttl <= 0 || ttl > time.Hour {
				t.Errorf("%s lives for %v", k, ttl)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestASnapshotWhoseLogIsTrimmedMeanwhileSaysSo(t *testing.T) {
	c := redistest.Single(t)
	s := openWith(t, c, "db", redisdb.Options{Retain: 1})
	var pairs []*kvstore.KVPair
	for i := range 2000 {
		pairs = append(pairs, pair(fmt.Sprintf("%05d", i), "x"))
	}
	put(t, s, pairs...)
	other := redis.NewClient(c.Options())
	defer other.Close()
	other.AddHook(before(func() {
		for range 300 {
			_ = s.Put(pair("busy", "x"))
		}
	}))
	slow := openWith(t, other, "db", redisdb.Options{})
	if _, err := slow.GetSnapshot(); !errors.Is(err, kvstore.ErrTrimmed) {
		t.Errorf("%v", err)
	}
	if err := slow.BackupTo(filepath.Join(t.TempDir(), "b")); !errors.Is(err, kvstore.ErrTrimmed) {
		t.Errorf("%v", err)
	}
}

// before runs f before every single script.
type before func()

func (b before) DialHook(next redis.DialHook) redis.DialHook { return next }
func (b before) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (b before) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") {
			b()
		}
		return next(ctx, cmd)
	}
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
