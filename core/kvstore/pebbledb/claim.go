package pebbledb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// claims are the folders on the disk that this process has open. The lock on a folder's LOCK cannot keep them apart: it
// is the process's, which gets it again under another name of the folder, and loses it with the first of the two closed.
var claims struct {
	sync.Mutex
	held []*claim
}

// lockFolder keeps a folder for this store alone: ErrInUse. The name is its trueName.
func lockFolder(fs vfs.FS, dir string) (_ io.Closer, err error) {
	var held closers
	defer func() {
		if err != nil {
			err = errors.Join(err, held.Close())
		}
	}()
	if operating(fs) {
		c, err := claimFolder(dir)
		if err != nil {
			return nil, err
		}
		held = append(held, c)
	}
	l, err := fs.Lock(fs.PathJoin(dir, lockName))
	if _, file := errors.AsType[*os.PathError](err); file {
		return nil, err
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInUse, err)
	}
	return append(held, l), nil
}

// closers are closed in the opposite order.
type closers []io.Closer

func (c closers) Close() (err error) {
	for _, one := range slices.Backward(c) {
		err = errors.Join(err, one.Close())
	}
	return err
}

// claim is a folder that is open, whatever its name. Its descriptor keeps its identity from being given to another one.
type claim struct {
	folder *os.File
	info   fs.FileInfo
}

// claimFolder is ErrInUse if this process has the folder open under any name.
func claimFolder(dir string) (*claim, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	claims.Lock()
	defer claims.Unlock()
	if slices.ContainsFunc(claims.held, func(c *claim) bool { return os.SameFile(c.info, info) }) {
		return nil, errors.Join(ErrInUse, f.Close())
	}
	c := &claim{f, info}
	claims.held = append(claims.held, c)
	return c, nil
}

func (c *claim) Close() error {
	claims.Lock()
	defer claims.Unlock()
	claims.held = slices.DeleteFunc(claims.held, func(o *claim) bool { return o == c })
	return c.folder.Close()
}

// operating tells whether a file system is the operating system's, however wrapped.
func operating(fs vfs.FS) bool { return vfs.Root(fs) == vfs.Root(vfs.Default) }

// trueName is the one name of a folder that nothing changes while it is open: neither another working directory nor a
// symbolic link that is turned elsewhere.
func trueName(fs vfs.FS, dir string) (string, error) {
	if !operating(fs) { // there is neither
		return dir, nil
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}
