package kvstore_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"holdfast/core/kvstore"
)

// lay makes folders and files, "name" with its name as content, and returns the folder they are in.
func lay(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tree lists the files below a folder with what they hold.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			b, _ := os.ReadFile(p)
			rel, _ := filepath.Rel(dir, p)
			out = append(out, rel+"="+string(b))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func TestRenameFolderLosesNothing(t *testing.T) {
	for _, tt := range []struct {
		what, src, dst string
		fails          bool
		want           string
	}{
		{"onto a folder", "src", "dst", false, "dst/new=src/new file=file"},
		{"onto a folder, spelt with a slash", "src/", "dst/", false, "dst/new=src/new file=file"},
		{"to where nothing is", "src", "none", false, "dst/old=dst/old file=file none/new=src/new"},
		{"the source is missing", "none", "dst", true, "dst/old=dst/old file=file src/new=src/new"},
		{"the source is a file", "file", "dst", true, "dst/old=dst/old file=file src/new=src/new"},
		{"the same path", "dst", "dst", false, "dst/old=dst/old file=file src/new=src/new"},
		{"the same path, spelt otherwise", "dst", "src/../dst/", false, "dst/old=dst/old file=file src/new=src/new"},
		{"the source holds the destination", "..", "dst", true, "dst/old=dst/old file=file src/new=src/new"},
		{"the destination holds the source", "src", "..", true, "dst/old=dst/old file=file src/new=src/new"},
		{"into a folder that is not there", "src", "none/none", true, "dst/old=dst/old file=file src/new=src/new"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			dir := lay(t, "in/src/new", "in/dst/old", "in/file")
			in := filepath.Join(dir, "in") + string(filepath.Separator)
			err := kvstore.RenameFolder(in+tt.src, in+tt.dst)
			if (err != nil) != tt.fails {
				t.Errorf("error: %v", err)
			}
			if got := strings.ReplaceAll(tree(t, in), "in/", ""); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestTemporaryNamesDoNotCollide(t *testing.T) {
	dir := t.TempDir()
	seen := map[string]bool{}
	for range 20 {
		f, err := kvstore.CreateTempFile(dir, "file-")
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		folder, err := kvstore.CreateTempFolder(dir, "folder-")
		if err != nil {
			t.Fatal(err)
		}
		if s, err := os.Stat(folder); err != nil || !s.IsDir() {
			t.Error(s, err)
		}
		for path, prefix := range map[string]string{f.Name(): "file-", folder: "folder-"} {
			if seen[path] || filepath.Dir(path) != dir || !strings.HasPrefix(filepath.Base(path), prefix) {
				t.Errorf("%s", path)
			}
			seen[path] = true
		}
	}
	if _, err := kvstore.CreateTempFile(filepath.Join(dir, "none"), "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := kvstore.CreateTempFolder(filepath.Join(dir, "none"), "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestWriteBackupIsAllOrNothing(t *testing.T) {
	dir := lay(t, "there")
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"there", "link", "."} {
		if err := kvstore.WriteBackup(filepath.Join(dir, name), bytes.NewReader(small(t))); !errors.Is(err, kvstore.ErrExists) {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(dir, "new")
	if err := kvstore.WriteBackup(path, iotest.TimeoutReader(bytes.NewReader(small(t)))); !errors.Is(err, iotest.ErrTimeout) {
		t.Error(err)
	}
	if got := tree(t, dir); got != "there=there" {
		t.Errorf("left behind: %s", got)
	}
	if err := kvstore.WriteBackup(path, bytes.NewReader(small(t))); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); !bytes.Equal(b, small(t)) {
		t.Error("not what was written")
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("left behind: %v", left)
	}
}

// Somebody makes the file while the backup is written.
func TestWriteBackupOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup")
	r := &meanwhile{Reader: bytes.NewReader(small(t)), do: func() { _ = os.WriteFile(path, []byte("precious"), 0o600) }}
	if err := kvstore.WriteBackup(path, r); !errors.Is(err, kvstore.ErrExists) {
		t.Error(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("%q", b)
	}
}

// meanwhile does something before it is read.
type meanwhile struct {
	io.Reader
	do func()
}

func (m *meanwhile) Read(p []byte) (int, error) {
	m.do()
	return m.Reader.Read(p)
}
