package operate_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// database opens a KV database and puts n pairs into it.
func database(t *testing.T, c redis.UniversalClient, name string, n int) *redisdb.Store {
	t.Helper()
	s, err := redisdb.Open(c, name, redisdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for i := range n {
		if err := s.Put(&kvstore.KVPair{Key: fmt.Appendf(nil, "%s:%d", name, i), Value: []byte("value\xff")}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func backup(t *testing.T, s *redisdb.Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup")
	if err := s.BackupTo(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// smallBackup is one that no server was asked for.
func smallBackup(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w, err := kvstore.NewSnapshotWriter(&b, kvstore.SnapshotHeader{Change: 3})
	if err == nil {
		err = errors.Join(w.Add(&kvstore.KVPair{Key: []byte("k"), Value: []byte("v")}), w.Close())
	}
	path := filepath.Join(t.TempDir(), "backup")
	if err = errors.Join(err, os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

func untold(pairs, all uint64) {}

func TestRestore(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		path := backup(t, database(t, s.c, "from", 7))
		told := ""
		out := s.do(t, s.Restore("new:db", path, false, func(pairs, all uint64) { told += fmt.Sprint(pairs, " of ", all, ";") }))
		if fmt.Sprint(out.Data) != "[7 7]" || out.Undo != nil || told != "7 of 7;" {
			t.Errorf("%+v, told %s", out, told)
		}
		restored := database(t, s.c, "new:db", 0)
		if pairs, err := restored.Get([]byte("from:6")); err != nil || len(pairs) != 1 || string(pairs[0].Value) != "value\xff" {
			t.Errorf("%v, %v", pairs, err)
		}

		other := database(t, s.c, "other", 9)
		before := dump(t, s.c)
		if _, err := s.Do(ctx, s.Restore("other", path, false, untold)); !errors.Is(err, kvstore.ErrNotEmpty) || !errors.Is(err, conn.ErrPrecondition) {
			t.Errorf("%v", err)
		}
		if after := dump(t, s.c); !maps.Equal(before, after) {
			t.Errorf("before %v\nafter %v", before, after)
		}
		a := s.Restore("other", path, true, untold)
		if !a.Destructive || len(a.Commands) != 1 || !strings.Contains(a.Commands[0], "kv:{other}:seq") {
			t.Errorf("%+v", a)
		}
		if out := s.do(t, a); fmt.Sprint(out.Data) != "[10 7]" {
			t.Errorf("%+v", out)
		}
		if err := other.Put(&kvstore.KVPair{Key: []byte("k")}); !errors.Is(err, kvstore.ErrStale) {
			t.Errorf("%v", err)
		}
		var got []string
		for _, e := range s.trail(t) {
			got = append(got, fmt.Sprintf("%v %v %v %v %v %v", e["verb"], e["kind"], e["id"], e["result"], e["before"], e["after"]))
		}
		want := []string{
			"restore kv new%3Adb done <nil> map[applied:0 backup:" + path + " changes:7 keys:7]",
			"restore kv other refused map[applied:0 changes:9 keys:9] <nil>",
			"restore kv other done map[applied:0 changes:9 keys:9] map[applied:0 backup:" + path + " changes:10 keys:7]",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q", got)
		}
	})
}

func TestRestoreOfABadFileTouchesNothing(t *testing.T) {
	s := single(t, operate.Options{})
	path := backup(t, database(t, s.c, "db", 5))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before := dump(t, s.c)
	sent := s.core.Conn.Log.Sent()
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)/2] ^= 1
	for what, b := range map[string][]byte{"nothing": nil, "truncated": whole[:len(whole)-1], "flipped": flipped} {
		bad := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(bad, b, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, db := range []string{"db", "new"} {
			if _, err := s.Do(ctx, s.Restore(db, bad, true, untold)); !errors.Is(err, kvstore.ErrSnapshot) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if _, err := s.Do(ctx, s.Restore("db", filepath.Join(t.TempDir(), "none"), true, untold)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if n := s.core.Conn.Log.Sent() - sent; n != 0 {
		t.Errorf("%d commands were sent", n)
	}
	if after := dump(t, s.c); !maps.Equal(before, after) {
		t.Errorf("before %v\nafter %v", before, after)
	}
}

func TestReadOnlyRefusesARestore(t *testing.T) {
	c := redistest.Single(t)
	s := newStage(t, c, connected(t, c), operate.Options{ReadOnly: true})
	path := backup(t, database(t, c, "db", 5))
	if _, err := s.Do(ctx, s.Restore("db", path, true, untold)); !errors.Is(err, operate.ErrReadOnly) {
		t.Errorf("%v", err)
	}
	if e := s.trail(t); len(e) != 1 || e[0]["verb"] != "restore" || e[0]["result"] != "refused" {
		t.Errorf("%v", e)
	}
}
