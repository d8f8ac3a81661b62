package pebbledb

import (
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ballast is a file that takes up room. Pebble cannot survive a full disk within a commit; so when one fills up, the
// ballast goes, what is under way ends well, and further writes are refused (ErrFull) until there is room again.
type ballast struct {
	fs   vfs.FS // the bare one: the ballast must not wait for itself
	dir  string
	full atomic.Bool
	once sync.Mutex // held to fill it again
}

const ballastSize = 3 * memTable // a log file, a memtable flushed, and the bookkeeping of both

func (b *ballast) path() string { return b.fs.PathJoin(b.dir, ballastName) }

// fill makes the ballast if it is not there. Where the file system cannot preallocate it takes up no room, and a full
// disk ends the process; nothing acknowledged is lost by that.
func (b *ballast) fill() error {
	if f, err := b.fs.Stat(b.path()); err == nil && f.Size() == ballastSize {
		return nil
	} else if err != nil && !oserror.IsNotExist(err) {
		return err
	}
	f, err := b.fs.Create(b.path(), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err = f.Preallocate(0, ballastSize); err == nil {
		_, err = f.WriteAt([]byte{0}, ballastSize-1)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = b.fs.Remove(b.path())
	}
	return err
}

// begin is fill when a folder is opened. Without room for it the disk counts as full, and the folder can only be read.
func (b *ballast) begin() error {
	err := b.fill()
	if vfs.IsNoSpaceError(err) {
		b.full.Store(true)
		return nil
	}
	return err
}

// drop is called when the disk is full; what failed is tried once more then.
func (b *ballast) drop() {
	b.full.Store(true)
	_ = b.fs.Remove(b.path())
}

// room is ErrFull while the disk is.
func (b *ballast) room() error {
	if !b.full.Load() {
		return nil
	}
	b.once.Lock()
	defer b.once.Unlock()
	if err := b.fill(); err != nil {
		return ErrFull
	}
	b.full.Store(false)
	return nil
}
