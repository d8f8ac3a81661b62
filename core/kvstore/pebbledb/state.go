package pebbledb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// state is one Pebble: a whole database, which a snapshot replaces by another one.
type state struct {
	fs   vfs.FS
	path string
	opts *Options
	how  opening
	db   *pebble.DB

	commit   sync.Mutex // orders changes; guards what follows
	last     uint64     // number of the last change handed to Pebble
	applied  uint64     // of a master; 0: none
	history  string     // that the numbers of changes count in; empty before the first
	of       string     // the master's history that was applied
	expiring bool       // pairs with an expiry may be there
	since    uint64     // changes since the last housekeeping

	base    atomic.Uint64 // the last number that the log has no more
	durable atomic.Uint64 // the last change that no crash takes back
	told    atomic.Uint64 // the last change that is acknowledged: as durable, unless Options.NoSync

	users  atomic.Int64 // iterators, and one for being the current state
	broken atomic.Pointer[error]
	wedged atomic.Bool // Pebble panicked, its locks may be held for ever
}

const (
	memTable   = 8 << 20
	blockCache = 128 << 20 // at most: it grows with what is read, and a read that misses it unpacks a block
)

func pebbleOptions(fs vfs.FS) *pebble.Options {
	o := &pebble.Options{
		FS:                 fs,
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       memTable,
		CacheSize:          blockCache,
		Logger:             silent{},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// silent keeps Pebble's remarks off the terminal. Pebble calls Fatalf where it cannot go on: under a commit of ours that
// ends in ErrFailed; in the background it ends the process, as Pebble means it to, before it can do harm.
type silent struct{}

func (silent) Infof(string, ...any)         {}
func (silent) Errorf(string, ...any)        {}
func (silent) Fatalf(text string, a ...any) { panic(fmt.Errorf(text, a...)) }

// opening is how a Pebble is opened.
type opening int

const (
	fresh    opening = iota // it must not be there
	existing                // it must be there
	readOnly                // the same, and nothing is written to the disk
)

// openPebble opens the Pebble in a folder, or makes one.
func openPebble(fs vfs.FS, path string, opts *Options, how opening) (s *state, err error) {
	s = &state{fs: fs, path: path, opts: opts, how: how}
	s.users.Store(1)
	err = s.guard(func() (err error) {
		o := pebbleOptions(fs)
		o.ErrorIfExists, o.ErrorIfNotExists, o.ReadOnly = how == fresh, how != fresh, how == readOnly
		s.db, err = pebble.Open(path, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// load reads where the database stands.
func (s *state) load() error {
	base, err := s.number(metaBase)
	if err != nil {
		return err
	}
	if s.applied, err = s.number(metaApplied); err != nil {
		return err
	}
	if s.history, err = s.text(metaHistory); err != nil {
		return err
	}
	if s.of, err = s.text(metaOf); err != nil {
		return err
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceExpiry}, UpperBound: []byte{spaceLog + 1}})
	if err != nil {
		return err
	}
	s.last = base
	if it.Last() && it.Key()[0] == spaceLog {
		s.last = binary.BigEndian.Uint64(it.Key()[1:])
	}
	s.expiring = it.First() && it.Key()[0] == spaceExpiry
	s.base.Store(base)
	s.durable.Store(s.last)
	s.told.Store(s.last)
	return it.Close()
}

// number reads one of the database's own; 0 if it is not there.
func (s *state) number(key []byte) (uint64, error) {
	text, err := s.text(key)
	switch {
	case err != nil || text == "":
		return 0, err
	case len(text) != 8:
		return 0, errDamaged
	}
	return binary.BigEndian.Uint64([]byte(text)), nil
}

// text reads one of the database's own; empty if it is not there.
func (s *state) text(key []byte) (string, error) {
	b, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return string(b), closer.Close()
}

// guard runs a part of Pebble that may panic when the disk fails.
func (s *state) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.wedged.Store(true)
			err = s.fail(fmt.Errorf("%v", p))
		}
	}()
	return f()
}

// fail marks the state as unusable. The first cause stays.
func (s *state) fail(cause error) error {
	err := fmt.Errorf("%w: %w", ErrFailed, cause)
	s.broken.CompareAndSwap(nil, &err)
	return s.failure()
}

func (s *state) failure() error {
	if err := s.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// leave is called by a user that is done; the last one's leaving closes a state that was replaced, and removes it.
func (s *state) leave() {
	if s.users.Add(-1) == 0 && s.close() == nil && !s.wedged.Load() {
		_ = s.fs.RemoveAll(s.path) // what stays, Open removes
	}
}

func (s *state) close() error {
	if s.wedged.Load() {
		return nil
	}
	return s.guard(s.db.Close)
}
