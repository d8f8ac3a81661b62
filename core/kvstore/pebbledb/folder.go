package pebbledb

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A database's folder holds
//
//	STATE      the layout's name and version and the folder of the current state; renaming a new one over it swaps states
//	db-NUMBER  a state: a Pebble. Others than the current one are leftovers of a crash
//	LOCK       locked while the database is open
//	ballast    see there
//	SOURCE     of a replica: what it follows, written by whoever feeds it
//	snapshot-* incoming snapshots while they are verified
const (
	stateName   = "STATE"
	lockName    = "LOCK"
	ballastName = "ballast"
	spoolPrefix = "snapshot-"
	statePrefix = "db-"
	layout      = "holdfast-kv 1 "
)

// SourceName is a file that a folder may hold, for those who feed a replica; nothing here reads it.
const SourceName = "SOURCE"

func ours(name string) bool {
	return name == stateName || name == SourceName || name == stateName+".new" || name == lockName || name == ballastName ||
		strings.HasPrefix(name, statePrefix) || strings.HasPrefix(name, spoolPrefix)
}

// checkFolder is ErrForeign for a folder with anything else in it, before anything is written there.
func checkFolder(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if oserror.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if !ours(name) {
			return fmt.Errorf("%w: it holds %q", ErrForeign, name)
		}
	}
	return nil
}

// makeFolder makes a folder, and those above it, so that a power cut does not take them back with all that is in them.
func makeFolder(fs vfs.FS, dir string) error {
	if _, err := fs.Stat(dir); !oserror.IsNotExist(err) {
		return err
	}
	above := fs.PathDir(dir)
	if above != dir {
		if err := makeFolder(fs, above); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncFolder(fs, above)
}

func syncFolder(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openState opens the current state, or the first one of a new database, and removes leftovers.
func (r *root) openState() (*state, error) {
	current, err := readState(r.fs, r.dir)
	if err != nil {
		return nil, err
	}
	names, err := r.fs.List(r.dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasPrefix(name, spoolPrefix) || strings.HasPrefix(name, statePrefix) && name != current || name == stateName+".new" {
			if err := r.fs.RemoveAll(r.fs.PathJoin(r.dir, name)); err != nil {
				return nil, err
			}
		}
	}
	if current != "" {
		how := existing
		if r.ballast.full.Load() {
			how = readOnly
		}
		return openPebble(r.fs, r.fs.PathJoin(r.dir, current), &r.opts, how)
	}
	if r.ballast.full.Load() {
		return nil, ErrFull
	}
	current = statePrefix + "1"
	s, err := openPebble(r.fs, r.fs.PathJoin(r.dir, current), &r.opts, fresh)
	if err != nil {
		return nil, err
	}
	if _, err := r.point(current); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// readState returns the folder of the current state; "" for a new database.
func readState(fs vfs.FS, dir string) (string, error) {
	f, err := fs.Open(fs.PathJoin(dir, stateName))
	if oserror.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 200))
	if err != nil {
		return "", err
	}
	name, ok := strings.CutPrefix(strings.TrimSuffix(string(text), "\n"), layout)
	if !ok || !strings.HasPrefix(name, statePrefix) || strings.ContainsAny(name, `/\`) {
		return "", fmt.Errorf("%w: its %s says %q", ErrForeign, stateName, text)
	}
	return name, nil
}

// point makes a state the current one, durably. moved tells whether a failure came after the swap.
func (r *root) point(name string) (moved bool, err error) {
	final := r.fs.PathJoin(r.dir, stateName)
	f, err := r.fs.Create(final+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return false, err
	}
	if _, err = io.WriteString(f, layout+name+"\n"); err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return false, err
	}
	if err := r.fs.Rename(final+".new", final); err != nil {
		return false, err
	}
	return true, syncFolder(r.fs, r.dir)
}

// spoolDir is where incoming snapshots are verified: on the same disk, if there is one.
func (r *root) spoolDir() string {
	if r.onDisk {
		return r.dir
	}
	return os.TempDir()
}
