package pebbledb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
)

func isBallast(path string) bool { return filepath.Base(path) == "ballast" }

// fullDisk is a file system on the disk that is full once told so; only removing the ballast makes room, a little.
func fullDisk() (fs vfs.FS, full *atomic.Bool) {
	full = new(atomic.Bool)
	var room atomic.Bool
	return errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpRemove:
			if isBallast(op.Path) {
				room.Store(true)
			}
		case errorfs.OpCreate, errorfs.OpReuseForWrite, errorfs.OpMkdirAll, errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpFilePreallocate:
			if full.Load() && (!room.Load() || isBallast(op.Path)) {
				return syscall.ENOSPC
			}
		}
		return nil
	})), full
}

func put(t testing.TB, s *pebbledb.Store, key, value string) {
	t.Helper()
	if err := s.Put(&kvstore.KVPair{Key: []byte(key), Value: []byte(value)}); err != nil {
		t.Fatal(err)
	}
}

func snapshot(t testing.TB, s kvstore.KVStore) io.ReadCloser {
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
	return io.NopCloser(bytes.NewReader(b))
}

func TestFullDiskRefusesWritesAndKeepsTheState(t *testing.T) {
	fs, full := fullDisk()
	dir := filepath.Join(t.TempDir(), "db")
	s, err := pebbledb.Open(dir, pebbledb.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "1")
	shot := snapshot(t, s)
	full.Store(true)
	key := 0
	for err == nil { // those that find room in the ballast are written
		key++
		err = s.Put(&kvstore.KVPair{Key: fmt.Append(nil, key), Value: make([]byte, 1<<16)})
	}
	if !errors.Is(err, pebbledb.ErrFull) {
		t.Fatal(err)
	}
	state := whole(t, s)
	if len(state) != key {
		t.Errorf("%d keys after %d puts", len(state), key-1)
	}
	_, cas := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("b")})
	_, save := s.SaveChanges([]*kvstore.ChangeRecord{{ChangeNumber: 1}})
	for what, err := range map[string]error{"Delete": s.Delete([]byte("a")), "CompareAndSet": cas, "SaveChanges": save, "PutSnapshot": s.PutSnapshot(shot)} {
		if !errors.Is(err, pebbledb.ErrFull) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !maps.Equal(whole(t, s), state) {
		t.Error("the state has changed")
	}
	full.Store(false)
	put(t, s, "b", "2")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = openDir(t, dir)
	defer s.Close()
	state["b"] = "2"
	if !maps.Equal(whole(t, s), state) {
		t.Error("the state has changed")
	}
}

// The disk fills up while a snapshot is stored.
func TestFullDiskLeavesTheOldStateOfAReplacement(t *testing.T) {
	fs, full := fullDisk()
	dir := filepath.Join(t.TempDir(), "db")
	s, err := pebbledb.Open(dir, pebbledb.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "large", strings.Repeat("x", 3<<20))
	r, err := s.GetSnapshot()
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "large", "small")
	state := whole(t, s)
	if err := s.PutSnapshot(&onEnd{ReadCloser: r, do: func() { full.Store(true) }}); !errors.Is(err, pebbledb.ErrFull) {
		t.Error(err)
	}
	if !maps.Equal(whole(t, s), state) {
		t.Error("the state has changed")
	}
	left, _ := filepath.Glob(filepath.Join(dir, "db-*"))
	spool, _ := filepath.Glob(filepath.Join(dir, "snapshot-*"))
	if len(left) != 1 || len(spool) != 0 {
		t.Errorf("left behind: %v %v", left, spool)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// onEnd does something when its end was read.
type onEnd struct {
	io.ReadCloser
	do func()
}

func (o *onEnd) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	if err == io.EOF {
		o.do()
	}
	return n, err
}

func TestFailingDiskEndsTheStoreButNotWhatWasAcknowledged(t *testing.T) {
	for _, kind := range []errorfs.OpKind{errorfs.OpFileWrite, errorfs.OpFileSyncData} {
		var broken atomic.Bool
		fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if broken.Load() && op.Kind == kind && strings.HasSuffix(op.Path, ".log") {
				return syscall.EIO
			}
			return nil
		}))
		dir := filepath.Join(t.TempDir(), "db")
		s, err := pebbledb.Open(dir, pebbledb.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "a", "1")
		broken.Store(true)
		if err := s.Put(&kvstore.KVPair{Key: []byte("b")}); !errors.Is(err, pebbledb.ErrFailed) || !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		broken.Store(false)
		_, get := s.Get([]byte("a"))
		_, load := s.LoadChanges(1, 1)
		_, shot := s.GetSnapshot()
		for what, err := range map[string]error{"Get": get, "LoadChanges": load, "Put": s.Put(), "Iterate": s.Iterate(nil).Err(), "GetSnapshot": shot} {
			if !errors.Is(err, pebbledb.ErrFailed) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_ = s.Close()
		s = openDir(t, dir)
		if state := whole(t, s); state["a"] != "1" {
			t.Errorf("left: %v", state)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A power cut at any moment of a replacement leaves the old state or the new one, whole.
func TestPowerCutDuringAReplacement(t *testing.T) {
	source, err := pebbledb.Open("source", pebbledb.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	for i := range 40 {
		put(t, source, fmt.Sprint("new-", i), strings.Repeat("n", 1000))
	}
	fresh := content(t, source)
	backup := filepath.Join(t.TempDir(), "backup")
	if err := source.BackupTo(backup); err != nil {
		t.Fatal(err)
	}

	disk := vfs.NewCrashableMem()
	var clones []*vfs.MemFS
	var watch atomic.Bool
	fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && watch.CompareAndSwap(true, false) { // Pebble's own goroutines write, too
			clones = append(clones, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * (len(clones) % 3), RNG: rand.New(rand.NewPCG(2, uint64(len(clones))))}))
			watch.Store(true)
		}
		return nil
	}))
	s, err := pebbledb.Open("db", pebbledb.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "old", "state")
	old := content(t, s)
	watch.Store(true)
	restored, _, _, _, err := s.RestoreFrom(backup)
	if err != nil {
		t.Fatal(err)
	}
	watch.Store(false)
	clones = append(clones, disk.CrashClone(vfs.CrashCloneCfg{}))
	if err := restored.Close(); err != nil {
		t.Fatal(err)
	}
	turned := 0
	for i, c := range clones {
		s, err := pebbledb.Open("db", pebbledb.Options{FS: c})
		if err != nil {
			t.Fatalf("cut %d of %d: %v", i, len(clones), err)
		}
		n, err := s.GetLatestCommittedChangeNumber()
		if err != nil {
			t.Fatal(err)
		}
		switch state := content(t, s); {
		case maps.Equal(state, fresh) && n == 40:
			turned++
		case !maps.Equal(state, old) || n != 1:
			t.Errorf("cut %d of %d: %d keys at change %d are neither the old state nor the new one", i, len(clones), len(state), n)
		case i == len(clones)-1:
			t.Error("a replacement that has returned is lost")
		}
		if names, _ := c.List("db"); strings.Count(strings.Join(names, " "), "db-") != 1 {
			t.Errorf("cut %d: left behind: %v", i, names)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if turned == 0 || turned == len(clones) || len(clones) < 20 {
		t.Errorf("%d of %d cuts were after the swap: the test looks at nothing", turned, len(clones))
	}
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	write := func(dir, name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for what, prepare := range map[string]func(dir string){
		"a folder with other files": func(dir string) { write(dir, "letters.txt", "dear") },
		"a newer layout":            func(dir string) { write(dir, "STATE", "holdfast-kv 2 db-1\n") },
		"a layout of nonsense":      func(dir string) { write(dir, "STATE", "") },
		"a state elsewhere":         func(dir string) { write(dir, "STATE", "holdfast-kv 1 db-/../../x\n") },
	} {
		dir := t.TempDir()
		prepare(dir)
		if s, err := pebbledb.Open(dir, pebbledb.Options{}); !errors.Is(err, pebbledb.ErrForeign) {
			t.Errorf("%s: %v, %v", what, s, err)
		}
	}
	dir := t.TempDir()
	write(dir, "file", "")
	for what, path := range map[string]string{"a file": filepath.Join(dir, "file"), "below a file": filepath.Join(dir, "file", "x")} {
		if s, err := pebbledb.Open(path, pebbledb.Options{}); err == nil {
			t.Errorf("%s: %v", what, s)
		}
	}
	write(dir, "STATE", "holdfast-kv 1 db-9\n")
	if err := os.Remove(filepath.Join(dir, "file")); err != nil {
		t.Fatal(err)
	}
	if s, err := pebbledb.Open(dir, pebbledb.Options{}); err == nil {
		t.Errorf("a state that is missing: %v", s)
	}
}
