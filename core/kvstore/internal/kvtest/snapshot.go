package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"holdfast/core/kvstore"
)

var snapshotSpecs = []spec{
	{"a snapshot carries the state to another store, which then follows", func(t *testing.T, h Harness) {
		master, replica := h.open(t), h.open(t)
		ts := h.in(time.Hour)
		put(t, master, pair("a", "1"), until("b", "2", ts), pair(everyByte(), everyByte()), pair("empty", ""))
		put(t, master, pair("c", "3"))
		if err := master.Delete([]byte("c")); err != nil {
			t.Fatal(err)
		}
		put(t, replica, pair("old", "1"), pair("a", "old"))
		ingest(t, replica, snapshot(t, master))
		holds(t, replica, pair("a", "1"), until("b", "2", ts), pair(everyByte(), everyByte()), pair("empty", ""))
		if n, a := committed(t, replica), applied(t, replica); n != 3 || a != 3 {
			t.Errorf("numbers %d, %d", n, a)
		}
		for _, from := range []uint64{0, 1, 2, 3} {
			if _, err := replica.LoadChanges(from, 5); !errors.Is(err, kvstore.ErrTrimmed) {
				t.Errorf("changes from %d: %v", from, err)
			}
		}
		put(t, master, pair("a", "4"))
		if n := save(t, replica, changes(t, master, applied(t, replica)+1, 10)); n != 4 {
			t.Errorf("saved %d", n)
		}
		if got := changes(t, replica, 4, 10); len(got) != 1 {
			t.Errorf("%d changes after the snapshot", len(got))
		}
		holds(t, replica, all(t, master)...)
	}},
	{"numbers only rise, so that whoever followed before learns of a snapshot", func(t *testing.T, h Harness) {
		small, big := h.open(t), h.open(t)
		put(t, small, pair("a", "1"))
		for i := range 5 {
			put(t, big, pair("b", fmt.Sprint(i)))
		}
		ingest(t, big, snapshot(t, small))
		holds(t, big, pair("a", "1"))
		if n, a := committed(t, big), applied(t, big); n != 6 || a != 1 {
			t.Errorf("numbers %d, %d", n, a)
		}
		if _, err := big.LoadChanges(6, 5); !errors.Is(err, kvstore.ErrTrimmed) {
			t.Errorf("a follower that has 5 of 5: %v", err)
		}
		ingest(t, big, snapshot(t, big))
		holds(t, big, pair("a", "1"))
		if n, a := committed(t, big), applied(t, big); n != 7 || a != 6 {
			t.Errorf("numbers %d, %d after its own snapshot", n, a)
		}
		put(t, big, pair("a", "2"))
		if got := changes(t, big, 8, 5); len(got) != 1 {
			t.Errorf("%d changes", len(got))
		}
	}},
	{"an empty state is a snapshot, too", func(t *testing.T, h Harness) {
		e := h.open(t)
		empty := snapshot(t, e)
		put(t, e, pair("a", "1"))
		ingest(t, e, empty)
		holds(t, e)
		put(t, e, pair("b", "1"))
		holds(t, e, pair("b", "1"))
	}},
	{"a broken snapshot is an error and leaves the old state", func(t *testing.T, h Harness) {
		e, other := h.open(t), h.open(t)
		put(t, e, pair("a", "1"))
		for i := range 50 {
			put(t, other, pair(fmt.Sprint("k", i), string(bytes.Repeat([]byte("v"), i))))
		}
		whole := snapshot(t, other)
		bad := map[string][]byte{"zero bytes": nil, "rubbish": []byte("rubbish, and enough of it to fill any header there may be."), "something behind": append(slices.Clone(whole), 0)}
		for i := 0; i < len(whole); i += 1 + len(whole)/25 {
			bad[fmt.Sprint("cut at ", i)] = whole[:i]
			flipped := slices.Clone(whole)
			flipped[i] ^= 1 << (i % 8)
			bad[fmt.Sprint("a flipped bit at ", i)] = flipped
		}
		bad["cut at its end"] = whole[:len(whole)-1]
		for what, b := range bad {
			same(t, e, what, func() {
				if err := e.PutSnapshot(io.NopCloser(bytes.NewReader(b))); !errors.Is(err, kvstore.ErrSnapshot) && !errors.Is(err, kvstore.ErrVersion) {
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		if len(history(t, e)) != 1 {
			t.Error("the log has lost something")
		}
		ingest(t, e, whole)
		holds(t, e, all(t, other)...)
	}},
	{"a source that fails midway is an error and leaves the old state; it is closed", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"))
		whole := snapshot(t, e)
		put(t, e, pair("b", "1"))
		gone := errors.New("gone")
		for _, n := range []int{0, 1, len(whole) / 2, len(whole)} {
			source := &failing{Reader: bytes.NewReader(whole[:n]), err: gone}
			same(t, e, "a failing source", func() {
				if err := e.PutSnapshot(source); !errors.Is(err, gone) {
					t.Errorf("%v", err)
				}
			})
			if !source.closed {
				t.Error("not closed")
			}
		}
		if err := e.PutSnapshot(nil); err == nil {
			t.Error("no source is no error")
		}
	}},
	{"a snapshot under writes shows the state at its change number", func(t *testing.T, h Harness) {
		e := h.open(t)
		var pairs []*kvstore.KVPair
		for i := range 1500 {
			pairs = append(pairs, pair(fmt.Sprintf("k%05d", i), "0"))
		}
		put(t, e, pairs...)
		stop := meanwhile(t, 2, func(w, i int) error {
			a, b := fmt.Sprintf("k%05d", (i*37)%1500), fmt.Sprintf("k%05d", (1499*w+i*i)%1600)
			if err := e.Put(pair(a, fmt.Sprint(w, i)), pair(b, fmt.Sprint(w, i))); err != nil || i%5 > 0 {
				return err
			}
			return e.Delete([]byte(b))
		})
		var shots [][]byte
		for range 3 {
			shots = append(shots, snapshot(t, e))
		}
		stop()
		log := history(t, e)
		for _, b := range shots {
			shot := h.open(t)
			ingest(t, shot, b)
			at := applied(t, shot)
			replay := h.open(t)
			save(t, replay, log[:at])
			holds(t, shot, all(t, replay)...)
			shot.Close()
			replay.Close()
		}
	}},
	{"the handle that put a snapshot stays good for all who use it", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"))
		shot := snapshot(t, e)
		stop := meanwhile(t, 3, func(w, i int) error {
			if err := e.Put(pair(fmt.Sprint("k", w), fmt.Sprint(i))); err != nil {
				return err
			}
			pairs, err := e.Get([]byte("a"))
			if err == nil && len(pairs) != 1 {
				err = fmt.Errorf("%d pairs", len(pairs))
			}
			return err
		})
		for range 5 {
			ingest(t, e, shot)
		}
		stop()
	}},
}

type failing struct {
	io.Reader
	err    error
	closed bool
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

func (f *failing) Close() error { f.closed = true; return nil }

var backupSpecs = []spec{
	{"a backup restores the whole state, and handles from before are stale", func(t *testing.T, h Harness) {
		e := h.open(t)
		ts := h.in(time.Hour)
		put(t, e, pair("a", "1"), until("b", "2", ts))
		save(t, e, []*kvstore.ChangeRecord{change(1, sets("c", "3"))})
		path := filepath.Join(t.TempDir(), "backup")
		if err := e.BackupTo(path); err != nil {
			t.Fatal(err)
		}
		want := all(t, e)
		put(t, e, pair("a", "later"), pair("d", "later"))
		if err := e.Delete([]byte("b")); err != nil {
			t.Fatal(err)
		}
		restored := h.restore(t, e, path)
		holds(t, restored, want...)
		if n, a := committed(t, restored), applied(t, restored); n != 5 || a != 1 {
			t.Errorf("numbers %d, %d", n, a)
		}
		if _, err := restored.LoadChanges(5, 1); !errors.Is(err, kvstore.ErrTrimmed) {
			t.Errorf("history from before: %v", err)
		}
		refuses(t, e, kvstore.ErrStale)
		put(t, restored, pair("a", "new"))
		save(t, restored, []*kvstore.ChangeRecord{change(2, removes("c"))})
		restored = h.Reopen(t, restored)
		defer func() { restored.Close() }()
		holds(t, restored, pair("a", "new"), until("b", "2", ts))
		if n, a := committed(t, restored), applied(t, restored); n != 7 || a != 2 {
			t.Errorf("numbers %d, %d after a reopening", n, a)
		}
		if err := e.Close(); err != nil && !errors.Is(err, kvstore.ErrStale) {
			t.Errorf("close of a stale handle: %v", err)
		}
		holds(t, restored, pair("a", "new"), until("b", "2", ts))
	}},
	{"an iteration begun before a restore ends with an error", func(t *testing.T, h Harness) {
		e := h.open(t)
		var pairs []*kvstore.KVPair
		for i := range 3000 {
			pairs = append(pairs, pair(fmt.Sprintf("%06d", i), "x"))
		}
		put(t, e, pairs...)
		path := filepath.Join(t.TempDir(), "backup")
		if err := e.BackupTo(path); err != nil {
			t.Fatal(err)
		}
		it := e.Iterate(nil)
		defer it.Close()
		if it.Next() == nil {
			t.Fatal("nothing")
		}
		restored := h.restore(t, e, path)
		defer restored.Close()
		for it.HasNext() {
			it.Next()
		}
		if !errors.Is(it.Err(), kvstore.ErrStale) {
			t.Errorf("%v", it.Err())
		}
	}},
	{"a backup refuses a path that exists", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"))
		dir := t.TempDir()
		file := filepath.Join(dir, "file")
		if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{dir, file} {
			if err := e.BackupTo(path); !errors.Is(err, kvstore.ErrExists) {
				t.Errorf("%s: %v", path, err)
			}
		}
		if b, _ := os.ReadFile(file); string(b) != "precious" {
			t.Errorf("the file now holds %q", b)
		}
		if err := e.BackupTo(filepath.Join(dir, "none", "file")); err == nil {
			t.Error("a folder that is not there is no error")
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("left behind: %v", left)
		}
	}},
	{"a restore of what is no whole backup changes nothing", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"))
		dir := t.TempDir()
		path := filepath.Join(dir, "backup")
		if err := e.BackupTo(path); err != nil {
			t.Fatal(err)
		}
		put(t, e, pair("b", "1"))
		fails := func(what, path string) {
			same(t, e, what, func() {
				if _, _, _, _, err := e.RestoreFrom(path); err == nil {
					t.Errorf("%s is no error", what)
				}
			})
		}
		fails("a missing path", filepath.Join(dir, "none"))
		fails("an empty folder", t.TempDir())
		var files []string
		_ = filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, p)
			}
			return err
		})
		for _, f := range files {
			whole, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			broken := map[string][]byte{"a file of zero bytes": nil, "a cut file": whole[:len(whole)/2]}
			if len(whole) > 0 {
				flipped := slices.Clone(whole)
				flipped[len(whole)/2] ^= 0x10
				broken["a flipped bit"] = flipped
			}
			for what, b := range broken {
				if len(whole) == 0 {
					continue // nothing to break
				}
				if err := os.WriteFile(f, b, 0o600); err != nil {
					t.Fatal(err)
				}
				fails(fmt.Sprintf("%s (%s)", what, filepath.Base(f)), path)
			}
			if err := os.WriteFile(f, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		put(t, e, pair("c", "1"))
		restored := h.restore(t, e, path)
		defer restored.Close()
		holds(t, restored, pair("a", "1"))
	}},
}

// whole is the four faces of a restored store as one.
type whole struct {
	kvstore.KVStore
	kvstore.Backupable
	kvstore.ChangePropagator
	kvstore.ChangeApplier
}

// restore puts the faces of the restored store together; they are one Engine wherever the engine returns itself.
func (h Harness) restore(t testing.TB, e kvstore.Engine, path string) kvstore.Engine {
	t.Helper()
	s, b, p, a, err := e.RestoreFrom(path)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if one, ok := s.(kvstore.Engine); ok {
		return one
	}
	return whole{s, b, p, a}
}
