package pebbledb_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
)

// withoutRoom is a file system on the disk where, once told so, nothing more can be written.
func withoutRoom() (fs vfs.FS, full *atomic.Bool) {
	full = new(atomic.Bool)
	return errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpCreate, errorfs.OpReuseForWrite, errorfs.OpMkdirAll, errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpFilePreallocate:
			if full.Load() {
				return syscall.ENOSPC
			}
		}
		return nil
	})), full
}

// smallDisk mounts a file system of so many bytes; fill takes all the room there is, and returns what gives it back.
func smallDisk(t *testing.T, size int) (dir string, fill func() (free func())) {
	t.Helper()
	dir = t.TempDir()
	if text, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprint("size=", size), "none", dir).CombinedOutput(); err != nil {
		t.Skipf("no small disk to fill: %s", text)
	}
	t.Cleanup(func() {
		if text, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%s", text)
		}
	})
	return dir, func() func() {
		f, err := os.CreateTemp(dir, "filler")
		if err != nil {
			t.Fatal(err)
		}
		for block := make([]byte, 64<<10); len(block) > 0; {
			if _, err := f.Write(block); err != nil {
				block = block[:len(block)/2]
			}
		}
		return func() {
			if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
				t.Error(err)
			}
		}
	}
}

// fullAndClosed checks that a database that was closed on a full disk can be opened to read, that writes are refused
// until there is room, and that then the first one succeeds.
func fullAndClosed(t *testing.T, dir string, fs vfs.FS, state map[string]string, free func()) {
	t.Helper()
	for range 2 {
		s, err := pebbledb.Open(dir, pebbledb.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(whole(t, s), state) {
			t.Error("the state has changed")
		}
		backup := filepath.Join(t.TempDir(), "backup")
		if err := s.BackupTo(backup); err != nil {
			t.Error(err)
		}
		shot := snapshot(t, s)
		_, _, _, _, restore := s.RestoreFrom(backup)
		_, cas := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("b")})
		_, save := s.SaveChanges([]*kvstore.ChangeRecord{{ChangeNumber: 1}})
		for what, err := range map[string]error{
			"Put": s.Put(&kvstore.KVPair{Key: []byte("b")}), "Delete": s.Delete([]byte("a")), "CompareAndSet": cas,
			"SaveChanges": save, "PutSnapshot": s.PutSnapshot(shot), "RestoreFrom": restore,
		} {
			if !errors.Is(err, pebbledb.ErrFull) || conn.Unreachable(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := pebbledb.Open(filepath.Join(dir, "..", "another"), pebbledb.Options{FS: fs}); !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, pebbledb.ErrFull) || conn.Unreachable(err) {
		t.Errorf("a new database: %v", err)
	}

	s, err := pebbledb.Open(dir, pebbledb.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	walk := s.Iterate(nil)
	free()
	if err := s.Put(&kvstore.KVPair{Key: []byte("b")}); !errors.Is(err, pebbledb.ErrFull) {
		t.Errorf("under a walk: %v", err)
	}
	n := 0
	for ; walk.HasNext(); n++ {
		walk.Next()
	}
	if err := errors.Join(walk.Err(), walk.Close()); err != nil || n != len(state) {
		t.Errorf("%d pairs, %v", n, err)
	}
	put(t, s, "b", "2")
	state["b"] = "2"
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = openDir(t, dir)
	defer s.Close()
	put(t, s, "c", "3")
	state["c"] = "3"
	if !maps.Equal(whole(t, s), state) {
		t.Error("the state has changed")
	}
}

func TestADatabaseThatWasClosedOnAFullDiskCanBeRead(t *testing.T) {
	fs, full := withoutRoom()
	dir := filepath.Join(t.TempDir(), "db")
	s, err := pebbledb.Open(dir, pebbledb.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 { // in tables and in the log
		put(t, s, fmt.Sprint("k", i), strings.Repeat("v", 500<<10))
	}
	state := whole(t, s)
	full.Store(true)
	_ = s.Close() // it may be unable to end its log
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	fullAndClosed(t, dir, fs, state, func() { full.Store(false) })
}

func TestADatabaseOnASmallDiskThatFillsUp(t *testing.T) {
	disk, fill := smallDisk(t, 48<<20)
	dir := filepath.Join(disk, "db")
	s := openDir(t, dir)
	put(t, s, "a", "1")
	free := fill()
	for i := 0; ; i++ { // what finds room in the ballast is written
		if err := s.Put(&kvstore.KVPair{Key: fmt.Append(nil, "k", i), Value: make([]byte, 100<<10)}); err != nil {
			if !errors.Is(err, pebbledb.ErrFull) {
				t.Fatal(err)
			}
			break
		}
	}
	freeRest := fill()
	state := whole(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	fullAndClosed(t, dir, vfs.Default, state, func() { free(); freeRest() })
}

// Whoever opens a database on a disk that fills up while a replica starts anew is told what is full.
func TestAFullDiskIsNoUnreachableServer(t *testing.T) {
	disk, fill := smallDisk(t, 4<<20)
	free := fill()
	defer free()
	_, err := pebbledb.Open(filepath.Join(disk, "db"), pebbledb.Options{})
	if err == nil || conn.Unreachable(err) || !strings.Contains(err.Error(), "full") && !strings.Contains(err.Error(), "no space") {
		t.Error(err)
	}
}
