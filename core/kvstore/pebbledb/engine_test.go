package pebbledb_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
)

func inMemory(t testing.TB, o pebbledb.Options) *pebbledb.Store {
	t.Helper()
	if o.FS == nil {
		o.FS = vfs.NewMem()
	}
	s, err := pebbledb.Open("db", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, filepath.Join(dir, "here"))
	if _, err := pebbledb.Open(filepath.Join(dir, "here"), pebbledb.Options{}); !errors.Is(err, pebbledb.ErrInUse) {
		t.Errorf("open in this process: %v", err)
	}
	put(t, s, "a", "1") // the refused one has done no harm
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, out) // a full pipe would stop it
	if _, err := pebbledb.Open(filepath.Join(dir, "master"), pebbledb.Options{}); !errors.Is(err, pebbledb.ErrInUse) {
		t.Errorf("open in another process: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	s = openDir(t, filepath.Join(dir, "master"))
	whole(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// raw counts what Pebble itself holds, by the first byte of its keys.
func raw(t testing.TB, fs vfs.FS) map[byte]int {
	t.Helper()
	names, err := fs.List("db")
	if err != nil {
		t.Fatal(err)
	}
	count := map[byte]int{}
	for _, name := range names {
		if ok, _ := filepath.Match("db-*", name); !ok {
			continue
		}
		db, err := pebble.Open("db/"+name, &pebble.Options{FS: fs, Logger: quiet{}})
		if err != nil {
			t.Fatal(err)
		}
		it, err := db.NewIter(nil)
		if err != nil {
			t.Fatal(err)
		}
		for it.First(); it.Valid(); it.Next() {
			count[it.Key()[0]]++
		}
		if err := errors.Join(it.Close(), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return count
}

func TestExpiredPairsAndTrimmedChangesGiveTheirRoomBack(t *testing.T) {
	fs, c := vfs.NewMem(), newClock()
	s, err := pebbledb.Open("db", pebbledb.Options{FS: fs, Clock: c.seconds, KeepChanges: 10})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		p := &kvstore.KVPair{Key: fmt.Append(nil, "gone-", i), ExpireTS: c.seconds() + 10}
		if i%3 == 0 { // put again: half to stay longer, half gone at once
			if err := s.Put(p); err != nil {
				t.Fatal(err)
			}
			p = &kvstore.KVPair{Key: p.Key, ExpireTS: c.seconds() + 1000*uint64(i%2)}
		}
		if err := s.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	c.at.Add(10)
	for i := range 256 {
		put(t, s, "busy", fmt.Sprint(i))
	}
	if n := len(content(t, s)); n != 51 {
		t.Errorf("%d keys", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := raw(t, fs); got['d'] != 51 || got['e'] != 50 || got['l'] < 10 || got['l'] > 10+64 {
		t.Errorf("Pebble holds %d pairs, %d expiries, %d changes", got['d'], got['e'], got['l'])
	}
}

func TestAWalkGoesOnOverTheOldStateOfAReplacement(t *testing.T) {
	fs := vfs.NewMem()
	s := inMemory(t, pebbledb.Options{FS: fs})
	empty := snapshot(t, s)
	for i := range 100 {
		put(t, s, fmt.Sprint(i), "old")
	}
	it := s.Iterate(nil)
	if err := s.PutSnapshot(empty); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; it.HasNext(); n++ {
		it.Next()
	}
	if n != 100 || it.Err() != nil || len(content(t, s)) != 0 {
		t.Errorf("%d pairs, %v; then %v", n, it.Err(), content(t, s))
	}
	states := func() (n int) {
		names, _ := fs.List("db")
		for _, name := range names {
			if ok, _ := filepath.Match("db-*", name); ok {
				n++
			}
		}
		return n
	}
	if states() != 2 {
		t.Errorf("%d states while the walk lasts", states())
	}
	if err := errors.Join(it.Close(), it.Close()); err != nil {
		t.Error(err)
	}
	if states() != 1 {
		t.Errorf("%d states after the walk", states())
	}
}

func TestCloseEndsWalksAndSnapshots(t *testing.T) {
	fs := vfs.NewMem()
	s := inMemory(t, pebbledb.Options{FS: fs})
	for i := range 200 {
		put(t, s, fmt.Sprint(i), string(make([]byte, 4096)))
	}
	old := s.Iterate(nil)
	if err := s.PutSnapshot(snapshot(t, s)); err != nil {
		t.Fatal(err)
	}
	it := s.Iterate(nil)
	it.Next()
	r, err := s.GetSnapshot()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	for range 3 { // several at once, too
		busy.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	busy.Wait()
	for what, it := range map[string]kvstore.Iterator{"a walk": it, "a walk over a state that was replaced": old} {
		if it.HasNext() || it.Next() != nil || !errors.Is(it.Err(), kvstore.ErrClosed) {
			t.Errorf("%s: %v", what, it.Err())
		}
	}
	if _, err := io.ReadAll(r); !errors.Is(err, kvstore.ErrClosed) {
		t.Errorf("a snapshot: %v", err)
	}
	if err := errors.Join(r.Close(), it.Close(), old.Close()); err != nil {
		t.Error(err)
	}
	again, err := pebbledb.Open("db", pebbledb.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	if len(content(t, again)) != 200 {
		t.Error("something is lost")
	}
	if err := errors.Join(again.Close(), again.Close()); err != nil {
		t.Error(err)
	}
}

// A snapshot under load is the state at its change number, neither more nor less.
func TestSnapshotUnderLoadIsTheStateAtItsNumber(t *testing.T) {
	for _, noSync := range []bool{false, true} {
		s := inMemory(t, pebbledb.Options{NoSync: noSync})
		stop := make(chan struct{})
		var busy sync.WaitGroup
		for w := range 4 {
			busy.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					pairs := []*kvstore.KVPair{{Key: fmt.Append(nil, "k", i%50), Value: fmt.Append(nil, w, i)}, {Key: fmt.Append(nil, "w", w), Value: fmt.Append(nil, i)}}
					if err := s.Put(pairs...); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range 20 {
			r, err := s.GetSnapshot()
			if err != nil {
				t.Fatal(err)
			}
			v, err := kvstore.OpenSnapshot(r, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if last, err := s.GetLatestCommittedChangeNumber(); err != nil || last < v.Change {
				t.Errorf("at change %d after a snapshot at %d, %v", last, v.Change, err)
			}
			state := map[string]string{}
			for {
				p, err := v.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				state[string(p.Key)] = string(p.Value)
			}
			if !maps.Equal(state, replay(t, s, int(v.Change))) {
				t.Fatalf("not the state at change %d", v.Change)
			}
			if err := errors.Join(v.Close(), r.Close()); err != nil {
				t.Error(err)
			}
		}
		close(stop)
		busy.Wait()
	}
}

func TestLogThatLostAChangeSaysSo(t *testing.T) {
	fs := vfs.NewMem()
	s, err := pebbledb.Open("db", pebbledb.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		put(t, s, "a", "1")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for number, record := range map[byte][]byte{3: {1, 200}, 2: nil} {
		db, err := pebble.Open("db/db-1", &pebble.Options{FS: fs, Logger: quiet{}})
		if err != nil {
			t.Fatal(err)
		}
		key := []byte{'l', 0, 0, 0, 0, 0, 0, 0, number}
		if record == nil {
			err = db.Delete(key, nil)
		} else {
			err = db.Set(key, record, nil)
		}
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		s, err := pebbledb.Open("db", pebbledb.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		if changes, err := s.LoadChanges(1, 10); err == nil {
			t.Errorf("%d changes", len(changes))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStatCountsCallsAndShowsNumbers(t *testing.T) {
	registry := prometheus.NewRegistry()
	stat, err := kvstore.NewStat(registry)
	if err != nil {
		t.Fatal(err)
	}
	s, err := pebbledb.Open("db", pebbledb.Options{FS: vfs.NewMem(), Stat: stat})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "1")
	put(t, s, "a", "2")
	if err := s.Put(&kvstore.KVPair{}); !errors.Is(err, kvstore.ErrKey) {
		t.Error(err)
	}
	backup := filepath.Join(t.TempDir(), "backup")
	if err := s.BackupTo(backup); err != nil {
		t.Fatal(err)
	}
	if n := testutil.ToFloat64(stat.ResponseError.WithLabelValues("pebble", "put")); n != 1 {
		t.Errorf("%v failed", n)
	}
	numbers := func(committed string) string {
		return "# HELP holdfast_kvstore_committed_change Number of the last committed change.\n# TYPE holdfast_kvstore_committed_change gauge\n" +
			"holdfast_kvstore_committed_change{db=\"db\",engine=\"pebble\"} " + committed + "\n"
	}
	restored, _, _, _, err := s.RestoreFrom(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(numbers("3")), "holdfast_kvstore_committed_change"); err != nil {
		t.Error(err)
	}
	if err := restored.Close(); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "holdfast_kvstore_committed_change"); n != 0 || err != nil {
		t.Errorf("%d closed stores are shown, %v", n, err)
	}
}
