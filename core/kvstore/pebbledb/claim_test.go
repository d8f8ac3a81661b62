package pebbledb_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"holdfast/core/kvstore/pebbledb"
)

// A folder is one database under all its names. Whoever is refused takes nothing from the one who has it, neither the
// lock that other processes see.
func TestAFolderIsOpenOnceUnderAllItsNames(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"other", "below/it"} {
		if err := os.MkdirAll(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "master", "twice": "link", "up": ".", "below/link": filepath.Join(dir, "master")} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	absolute := filepath.Join(dir, "master")
	names := []string{
		"master", "./master", "master/", "other/../master", "below/it/../../master", absolute, absolute + "/.", "link", "link/", "twice", "up/up/master",
		"below/link", filepath.Join("..", filepath.Base(dir), "master"), "/proc/self/cwd/master",
	}
	if out, err := exec.Command("mount", "--bind", dir, "other").CombinedOutput(); err != nil {
		t.Logf("without a bind mount: %s", out)
	} else {
		defer exec.Command("umount", filepath.Join(dir, "other")).Run()
		names = append(names, "other/master", filepath.Join(dir, "other", "master"))
	}
	wrapped := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(errorfs.Op) error { return nil }))
	for i, first := range names {
		if _, err := os.Stat(absolute); err == nil || !strings.HasPrefix(first, "link") { // a link to nothing is none to a folder
			s := openDir(t, first)
			for n, second := range names {
				fs := vfs.Default
				if n%2 == 1 {
					fs = wrapped
				}
				if again, err := pebbledb.Open(second, pebbledb.Options{FS: fs}); !errors.Is(err, pebbledb.ErrInUse) {
					t.Errorf("%s and then %s: %v, %v", first, second, again, err)
				}
			}
			for n := range 10 {
				put(t, s, fmt.Sprint(i, " ", n), "v")
			}
			if i == 0 {
				another := exec.Command(os.Args[0])
				another.Env = append(os.Environ(), childEnv+"="+dir)
				if out, err := another.CombinedOutput(); err == nil || !strings.Contains(string(out), pebbledb.ErrInUse.Error()) {
					t.Errorf("another process: %v: %s", err, out)
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	s := openDir(t, absolute)
	defer s.Close()
	if state := whole(t, s); len(state) != 10*len(names) {
		t.Errorf("%d pairs of %d", len(state), 10*len(names))
	}
}

// Neither another working directory nor a link that is turned elsewhere moves an open database.
func TestAnOpenDatabaseStaysWhereItIs(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two", "here"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("one", link); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "here"))
	relative, linked := openDir(t, "db"), openDir(t, filepath.Join(link, "db"))
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("two", link); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for i := range 18 { // through several files
		put(t, relative, fmt.Sprint(i), strings.Repeat("r", 1<<20))
		put(t, linked, fmt.Sprint(i), strings.Repeat("l", 1<<20))
	}
	for name, s := range map[string]*pebbledb.Store{"here/db": relative, "one/db": linked} {
		empty := inMemory(t, pebbledb.Options{})
		if err := s.PutSnapshot(snapshot(t, empty)); err != nil {
			t.Error(err)
		}
		put(t, s, "last", name)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		again := openDir(t, filepath.Join(dir, name))
		if state := content(t, again); len(state) != 1 || state["last"] != name {
			t.Errorf("%s: %d pairs", name, len(state))
		}
		again.Close()
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "two")); len(left) > 0 {
		t.Errorf("in the other folder: %v", left)
	}
}

func TestAFolderInMemoryIsOpenOnceUnderAllItsNames(t *testing.T) {
	fs := vfs.NewMem()
	names := []string{"db", "/db", "./db", "/x/../db", "db/"}
	for _, first := range names {
		s, err := pebbledb.Open(first, pebbledb.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		for _, second := range names {
			if again, err := pebbledb.Open(second, pebbledb.Options{FS: fs}); !errors.Is(err, pebbledb.ErrInUse) {
				t.Errorf("%s and then %s: %v, %v", first, second, again, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
