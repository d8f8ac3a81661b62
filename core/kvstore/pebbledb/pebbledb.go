// Package pebbledb is the key-value store with a change log (seed 003_28e7e80493a104cf) on a local disk, embedded: one
// folder a database, kept by Pebble, used by one process at a time. What is here: the layout of keys, commits, reading,
// the change log, replacing the whole state. What never is: the meaning of the operations, which package kvstore states
// for every engine, the snapshot format, and replication.
//
// A change's data, expiry and log record are one batch. Batches are handed to Pebble's log in the order of their change
// numbers, under a lock, and waited for outside it: writers share disk flushes, and a crash can only lose the tail.
package pebbledb

import (
	"errors"
	"io"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// Errors of this engine alone.
var (
	// ErrInUse: the folder is open already, here or in another process, under this name or another.
	ErrInUse = errors.New("the database is open already")
	// ErrForeign: the folder holds files that are no database of this kind, or one of a newer layout.
	ErrForeign = errors.New("not a folder of this kind of database")
	// ErrFull: the disk is full. What was acknowledged is safe and can be read, also in a database that was closed on a
	// full disk and opened again; nothing was written. The next write
	// after there is room again succeeds.
	ErrFull = errors.New("the disk is full")
	// ErrFailed: the disk failed in a way that leaves unknown what the last writes became. The store answers nothing
	// else until its process starts anew; everything acknowledged is then there.
	ErrFailed = errors.New("the disk failed: start again")
)

// Options of a database. The zero value is right for most.
type Options struct {
	// NoSync acknowledges writes before they are on the disk. A killed process or a power cut then loses the last of
	// them; those that remain are a prefix without gaps. LoadChanges and snapshots tell of none that could be lost so.
	NoSync bool
	// KeepChanges is how many of the last changes the log keeps, and at most some more; 0: all.
	KeepChanges uint64
	// Stat counts the calls; nil counts nothing.
	Stat *kvstore.Stat
	// Clock tells the time in epoch seconds; nil: the system's.
	Clock func() uint64
	// FS is the file system; nil: the operating system's. vfs.NewMem() keeps a database in memory.
	FS vfs.FS
}

// Store is one database. A restore ends it (kvstore.ErrStale) and returns another.
type Store struct {
	*root
	closed atomic.Bool
}

var _ kvstore.Engine = (*Store)(nil)

// root is what successive handles of an open folder share.
type root struct {
	name    string // as it was opened
	dir     string
	fs      vfs.FS // with the ballast
	onDisk  bool   // or in memory
	opts    Options
	lock    io.Closer
	ballast *ballast

	replace sync.Mutex // held while a new state is built: one at a time

	mu    sync.RWMutex // read-held by every operation, held to swap what follows
	now   *state
	owner *Store // the handle that is not stale
	gone  bool   // the folder is closed

	iters  iterators
	forget func() // ends the collection of metrics
}

const engine = "pebble"

// Open opens the database in a folder, which it makes if there is none: ErrInUse, ErrForeign.
func Open(dir string, opts Options) (*Store, error) {
	s, err := open(dir, opts)
	if err != nil {
		return nil, conn.Fail("kv: open", dir, err)
	}
	return s, nil
}

func open(dir string, opts Options) (_ *Store, err error) {
	r := &root{name: dir, opts: opts}
	if r.opts.Clock == nil {
		r.opts.Clock = func() uint64 { return uint64(time.Now().Unix()) }
	}
	if r.opts.FS == nil {
		r.opts.FS = vfs.Default
	}
	if !operating(r.opts.FS) {
		dir = strings.TrimPrefix(path.Clean(dir), "/") // in memory, the root is the working directory
	}
	if err := checkFolder(r.opts.FS, dir); err != nil {
		return nil, err
	}
	if err := makeFolder(r.opts.FS, dir); err != nil {
		return nil, err
	}
	if r.dir, err = trueName(r.opts.FS, dir); err != nil {
		return nil, err
	}
	if r.lock, err = lockFolder(r.opts.FS, r.dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.lock.Close())
		}
	}()
	r.ballast = &ballast{fs: r.opts.FS, dir: r.dir}
	r.fs = vfs.OnDiskFull(r.opts.FS, r.ballast.drop)
	_, noDisk := r.fs.GetDiskUsage(r.dir)
	if r.onDisk = noDisk == nil; r.onDisk {
		if err := r.ballast.begin(); err != nil {
			return nil, err
		}
	}
	if r.now, err = r.openState(); err != nil {
		return nil, err
	}
	r.owner = &Store{root: r}
	r.forget = opts.Stat.Watch(engine, r.name, watched{r})
	return r.owner, nil
}

// watched is what the collector of metrics asks, across restores.
type watched struct{ *root }

func (w watched) current() *Store {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.owner
}

func (w watched) GetLatestCommittedChangeNumber() (uint64, error) {
	return w.current().GetLatestCommittedChangeNumber()
}

func (w watched) GetLatestAppliedChangeNumber() (uint64, error) {
	return w.current().GetLatestAppliedChangeNumber()
}

// begin is when a call begins, as done wants to know it; nobody else does.
func (s *Store) begin() (start time.Time) {
	if s.opts.Stat != nil {
		start = time.Now()
	}
	return start
}

// done notes a call that began at start, and says in its error which it was.
func (s *Store) done(op string, key []byte, start time.Time, err *error) {
	s.opts.Stat.Done(engine, op, start, *err)
	if *err != nil {
		*err = conn.Fail("kv: "+op, string(key), *err)
	}
}

// enter begins an operation, which ends with r.mu.RUnlock unless there is an error.
func (s *Store) enter() (*state, error) {
	s.mu.RLock()
	if err := s.usable(); err != nil {
		s.mu.RUnlock()
		return nil, err
	}
	return s.now, nil
}

// usable tells whether this handle answers. r.mu is held.
func (s *Store) usable() error {
	switch {
	case s.closed.Load():
		return kvstore.ErrClosed
	case s.owner != s:
		return kvstore.ErrStale
	case s.gone:
		return kvstore.ErrClosed
	}
	return s.now.failure()
}

// Close ends the store: its iterators and snapshots too. A second Close does nothing, nor does that of a stale store.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.replace.Lock()
	defer s.replace.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != s || s.gone {
		return nil
	}
	s.gone = true
	s.forget()
	s.iters.end(kvstore.ErrClosed)
	err := s.now.close()
	if s.now.wedged.Load() {
		return nil // the lock stays: what is left of this Pebble may still touch the folder
	}
	return conn.Fail("kv: close", s.dir, errors.Join(err, s.lock.Close()))
}

// Dir is the folder, as it was named to Open.
func (s *Store) Dir() string { return s.name }
