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

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

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

// content spells the pairs of a store, in the order of their keys.
func content(t testing.TB, s kvstore.KVStore) (pairs []string) {
	t.Helper()
	err := kvstore.NewIteration(s, nil).ForEach(func(p *kvstore.KVPair) error {
		pairs = append(pairs, fmt.Sprintf("%q=%q until %d", p.Key, p.Value, p.ExpireTS))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pairs
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
		if errors.Is(listErr, redisdb.ErrRestoring) != col.Restoring.Of(rows[0]) {
			t.Errorf("after %d steps: %v, %s", n, listErr, say(rows[0]))
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

// backup writes what a store holds to a file, verified.
func backup(t testing.TB, s kvstore.Backupable) *kvstore.VerifiedSnapshot {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup")
	if err := s.BackupTo(path); err != nil {
		t.Fatal(err)
	}
	v, err := kvstore.OpenSnapshotFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func TestRestoreRefusesADatabaseThatEverHadAChange(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		from := open(t, c, "from")
		var pairs []*kvstore.KVPair
		for i := range 1200 {
			pairs = append(pairs, pair(fmt.Sprintf("%05d", i), "x"))
		}
		put(t, from, pairs...)
		deleted := open(t, c, "deleted")
		put(t, deleted, pair("k", "1"))
		if err := deleted.Delete([]byte("k")); err != nil {
			t.Fatal(err)
		}
		if _, err := deleted.Restore(ctx, backup(t, from), false, func(uint64) { t.Error("staged") }); !errors.Is(err, kvstore.ErrNotEmpty) {
			t.Errorf("%v", err)
		}
		var told []uint64
		tell := func(n uint64) { told = append(told, n) }
		for what, s := range map[string]*redisdb.Store{"deleted": deleted, "new": open(t, c, "new")} {
			restored, err := s.Restore(ctx, backup(t, from), what == "deleted", tell)
			if err != nil {
				t.Fatal(what, err)
			}
			defer restored.Close()
			if got, want := content(t, restored), content(t, from); !slices.Equal(got, want) {
				t.Errorf("%s: another state: %d pairs, want %d", what, len(got), len(want))
			}
		}
		if len(told) != 6 || told[2] != 1200 || told[5] != 1200 {
			t.Errorf("told %v", told)
		}
	})
}

// The first change of a database comes while a backup is staged for it: it is neither lost nor mixed with the backup.
func TestRestoreRefusesAChangeThatCameMeanwhile(t *testing.T) {
	c := redistest.Single(t)
	from, s := open(t, c, "from"), open(t, c, "db")
	put(t, from, pair("a", "1"))
	_, err := s.Restore(ctx, backup(t, from), false, func(uint64) { put(t, s, pair("b", "2")) })
	if !errors.Is(err, kvstore.ErrNotEmpty) {
		t.Errorf("%v", err)
	}
	if pairs, err := s.Get([]byte("a"), []byte("b")); err != nil || len(pairs) != 1 || string(pairs[0].Key) != "b" {
		t.Errorf("%v, %v", pairs, err)
	}
	if n := len(c.Keys(ctx, "kv:{db}:load:*").Val()); n != 0 {
		t.Errorf("%d staged lists are left", n)
	}
}

func TestSnapshotsAndRestoresEndWithTheirContext(t *testing.T) {
	c := redistest.Single(t)
	from, s := open(t, c, "from"), open(t, c, "db")
	var pairs []*kvstore.KVPair
	for i := range 1200 {
		pairs = append(pairs, pair(fmt.Sprintf("%05d", i), "x"))
	}
	put(t, from, pairs...)
	life, stop := context.WithCancel(ctx)
	var walked []uint64
	if _, err := from.Snapshot(life, func(n uint64) { walked = append(walked, n); stop() }); !errors.Is(err, context.Canceled) || len(walked) != 1 {
		t.Errorf("%v after %v", err, walked)
	}
	life, stop = context.WithCancel(ctx)
	if _, err := s.Restore(life, backup(t, from), false, func(uint64) { stop() }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	redistest.Eventually(t, "nothing is left of it", func() bool { return len(c.Keys(ctx, "kv:{db}:*").Val()) == 0 })
}
