package kvstore

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stamp keeps temporary names apart across runs; the random part that the os package appends, within one.
func stamp(prefix string) string {
	return prefix + time.Now().UTC().Format("20060102T150405.000000000") + "-*"
}

// CreateTempFile creates and opens a new file in dir ("": the system's folder for such) whose name begins with prefix
// and a timestamp (seed 003).
func CreateTempFile(dir string, prefix string) (*os.File, error) {
	return os.CreateTemp(dir, stamp(prefix))
}

// CreateTempFolder creates a new folder in dir whose name begins with prefix and a timestamp, and returns its path
// (seed 003).
func CreateTempFolder(dir string, prefix string) (string, error) {
	return os.MkdirTemp(dir, stamp(prefix))
}

// RenameFolder moves the folder src onto dst, in place of what dst held (seed 003). Unlike the seed's it loses nothing
// when it fails: a missing src, or one that holds dst or lies in it, is an error, the same path does nothing, and dst is
// moved aside and removed only after src stands there. A crash in between leaves it beside dst as NAME.old-TIME.
func RenameFolder(src, dst string) error {
	from, err := os.Stat(src)
	if err != nil {
		return err
	}
	if !from.IsDir() {
		return &fs.PathError{Op: "rename folder", Path: src, Err: fmt.Errorf("not a folder: %w", fs.ErrInvalid)}
	}
	to, err := os.Stat(dst)
	if os.IsNotExist(err) {
		return os.Rename(src, dst)
	}
	if err != nil {
		return err
	}
	if os.SameFile(from, to) {
		return nil
	}
	for _, p := range [][2]string{{src, dst}, {dst, src}} {
		in, err := within(p[0], p[1])
		if err != nil {
			return err
		}
		if in {
			return fmt.Errorf("rename folder %s to %s: one lies in the other: %w", src, dst, fs.ErrInvalid)
		}
	}
	dst = filepath.Clean(dst) // "a/b/" has its sibling beside b, not in it
	aside := dst + ".old-" + time.Now().UTC().Format("20060102T150405.000000000")
	if err := os.Rename(dst, aside); err != nil {
		return err
	}
	if err := os.Rename(src, dst); err != nil {
		if back := os.Rename(aside, dst); back != nil {
			return fmt.Errorf("%w; what %s held is now %s: %v", err, dst, aside, back)
		}
		return err
	}
	return os.RemoveAll(aside)
}

// within tells whether path lies below folder, seen through symbolic links.
func within(path, folder string) (bool, error) {
	for _, p := range []*string{&path, &folder} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return false, err
		}
		if *p, err = filepath.EvalSymlinks(abs); err != nil {
			return false, err
		}
	}
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)), nil
}

// WriteBackup writes a snapshot stream to a new file at path: all of it, on the disk, or nothing, also where the process
// is killed meanwhile (but on systems without unnamed files that leaves a hidden one). A path that exists is ErrExists. It
// is what engines make BackupTo of; the stream stays open.
func WriteBackup(path string, snapshot io.Reader) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	dir := filepath.Dir(path)
	f, err := CreateScratch(dir, "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, snapshot); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.keep(path); err != nil {
		if os.IsExist(err) {
			return fmt.Errorf("%s: %w", path, ErrExists)
		}
		return err
	}
	return SyncFolder(dir)
}

// SyncFolder brings the names in a folder to the disk.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
