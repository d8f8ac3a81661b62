package operate

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryStoreHasAFileNameOfItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store := rapid.OneOf(
			rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{".", "..", "/", "-", "~", "%", "%2F", "a", "A", "\n", "\x1b", "\u202e", strings.Repeat("x", 180)}), 1, 4),
				func(parts []string) string { return strings.Join(parts, "") }),
		)
		a, b := store.Draw(t, "a"), store.Draw(t, "b")
		name := fileName(a)
		if (name == fileName(b)) != (a == b) {
			t.Fatalf("%q and %q: %q", a, b, name)
		}
		if len(name) > 200 || strings.HasPrefix(name, ".") || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.%~") != "" {
			t.Fatalf("%q: %q", a, name)
		}
	})
}

// Where the file system has no links, the name is taken by a rename.
func TestPublish(t *testing.T) {
	dir := t.TempDir()
	written := func(content string) *os.File {
		f, err := os.CreateTemp(dir, "w")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if _, err := f.WriteString(content); err != nil {
			t.Fatal(err)
		}
		return f
	}
	path := filepath.Join(dir, "name")
	if err := errors.Join(publish(written("a"), path), publish(written("a"), path)); err != nil {
		t.Error(err)
	}
	if err := publish(written("b"), path); !errors.Is(err, ErrFileExists) {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "a" {
		t.Errorf("%q", got)
	}
	gone := written("c")
	if err := errors.Join(os.Remove(gone.Name()), publish(gone, filepath.Join(dir, "other"))); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := publish(written("d"), filepath.Join(dir, "folder")); err == nil {
		t.Error("a folder was taken for a file")
	}
}

func TestAFullDiskIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	w := bufio.NewWriterSize(full, 16)
	if err := writeLine(w, []byte(strings.Repeat("x", 100))); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
}
