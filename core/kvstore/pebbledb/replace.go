package pebbledb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/core/kvstore"
)

// GetSnapshot streams the state of this moment (kvstore.KVStore), which is on the disk before the first byte is. It
// costs the memory of a few pairs; old data stay on the disk until it is closed.
func (s *Store) GetSnapshot() (_ io.ReadCloser, err error) {
	defer s.done("snapshot", nil, s.begin(), &err)
	return s.snapshot()
}

func (s *Store) snapshot() (io.ReadCloser, error) {
	st, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer s.mu.RUnlock()
	st.commit.Lock()
	h := kvstore.SnapshotHeader{Change: st.last, Applied: st.applied, History: st.history, AppliedHistory: st.of}
	it, err := s.iterate(st, []byte{spaceData}, []byte{spaceData + 1})
	st.commit.Unlock()
	if err != nil {
		return nil, err
	}
	if err := st.flushTo(h.Change); err != nil {
		return nil, errors.Join(err, it.Close())
	}
	return kvstore.NewSnapshotStream(h, it), nil
}

// PutSnapshot replaces the state (kvstore.KVStore): the snapshot is verified, stored in a folder of its own and swapped
// in by one rename. A crash leaves the old state or the new one. Iterators begun before go on over the old one.
func (s *Store) PutSnapshot(r io.ReadCloser) (err error) {
	defer s.done("put snapshot", nil, s.begin(), &err)
	return s.putSnapshot(r)
}

func (s *Store) putSnapshot(r io.ReadCloser) (err error) {
	if r == nil {
		return kvstore.ErrSnapshot
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := s.check(); err != nil {
		return err
	}
	v, err := kvstore.OpenSnapshot(r, s.spoolDir())
	if err != nil {
		return err
	}
	defer v.Close()
	return s.become(v, master{v.Change, v.History}, nil)
}

// BackupTo writes a snapshot to a new file (kvstore.Backupable), which any engine restores.
func (s *Store) BackupTo(path string) (err error) {
	defer s.done("backup", []byte(path), s.begin(), &err)
	r, err := s.snapshot()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return kvstore.WriteBackup(path, r)
}

// RestoreFrom replaces the state by a backup of any engine (kvstore.Backupable). What it returns is one *Store, four
// times.
func (s *Store) RestoreFrom(path string) (_ kvstore.KVStore, _ kvstore.Backupable, _ kvstore.ChangePropagator, _ kvstore.ChangeApplier, err error) {
	defer s.done("restore", []byte(path), s.begin(), &err)
	next := &Store{root: s.root}
	if err := s.restore(path, next); err != nil {
		return nil, nil, nil, nil, err
	}
	return next, next, next, next, nil
}

func (s *Store) restore(path string, next *Store) error {
	if err := s.check(); err != nil {
		return err
	}
	v, err := kvstore.OpenSnapshotFile(path)
	if err != nil {
		return err
	}
	defer v.Close()
	return s.become(v, master{v.Applied, v.AppliedHistory}, next)
}

// check is for operations that hold the lock later.
func (s *Store) check() error {
	_, err := s.enterWrite()
	if err == nil {
		s.mu.RUnlock()
	}
	return err
}

// master is how far a database has applied the changes of which history.
type master struct {
	applied uint64
	history string
}

// become builds a state from a verified snapshot and makes it the current one; next, if there is one, becomes the
// handle, and this one stale.
func (s *Store) become(v *kvstore.VerifiedSnapshot, of master, next *Store) error {
	s.replace.Lock()
	defer s.replace.Unlock()
	if err := s.check(); err != nil {
		return err
	}
	s.mu.RLock()
	name := nextState(s.fs.PathBase(s.now.path))
	s.mu.RUnlock()
	st, err := s.build(name, v)
	if err != nil {
		return err
	}
	moved, err := s.turn(st, name, v.Change, of, next)
	if !moved {
		st.leave()
	}
	return err
}

func nextState(name string) string {
	n, _ := strconv.ParseUint(strings.TrimPrefix(name, statePrefix), 10, 64)
	return statePrefix + strconv.FormatUint(n+1, 10)
}

// build stores a snapshot in a state of its own, not yet synced.
func (r *root) build(name string, v *kvstore.VerifiedSnapshot) (_ *state, err error) {
	path := r.fs.PathJoin(r.dir, name)
	if err := r.fs.RemoveAll(path); err != nil { // what a failure before this one left
		return nil, err
	}
	st, err := openPebble(r.fs, path, &r.opts, fresh)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			st.leave()
		}
	}()
	for {
		w := st.newWrite()
		for w.Len() < maxSave && err == nil {
			var p *kvstore.KVPair
			if p, err = v.Next(); err == nil {
				w.pair(p.Key, p.Value, p.ExpireTS)
			}
		}
		if err != nil && err != io.EOF {
			return nil, errors.Join(err, w.Close())
		}
		end := err == io.EOF
		if err = st.guard(func() error { return st.db.Apply(w.Batch, pebble.NoSync) }); err != nil {
			return nil, err
		}
		st.expiring = st.expiring || w.expiring
		if err = w.Close(); err != nil {
			return nil, err
		}
		if err = r.ballast.room(); err != nil {
			return nil, err
		}
		if end {
			return st, nil
		}
	}
}

// turn makes a built state the current one. It waits for the operations under way and holds up others, shortly.
func (s *Store) turn(st *state, name string, change uint64, of master, next *Store) (moved bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return false, err
	}
	old := s.now
	st.last = max(change, old.last+1)
	st.applied, st.of = of.applied, of.history
	if st.history = old.history; old.last == 0 { // this is its first number
		st.history = kvstore.NewHistory()
	}
	st.base.Store(st.last)
	st.durable.Store(st.last)
	st.told.Store(st.last)
	b := st.db.NewBatch()
	_ = b.Set(metaBase, binary.BigEndian.AppendUint64(nil, st.last), nil)
	_ = b.Set(metaApplied, binary.BigEndian.AppendUint64(nil, st.applied), nil)
	_ = b.Set(metaHistory, []byte(st.history), nil)
	_ = b.Set(metaOf, []byte(st.of), nil)
	if err := st.guard(func() error { return st.db.Apply(b, pebble.Sync) }); err != nil { // all that came before, too
		return false, err
	}
	if err := b.Close(); err != nil {
		return false, err
	}
	if moved, err = s.point(name); !moved {
		return false, err
	}
	s.now = st
	if next != nil {
		s.owner = next
		err = errors.Join(err, s.iters.end(kvstore.ErrStale))
	}
	old.leave()
	if err != nil {
		return true, st.fail(fmt.Errorf("the swap may not be on the disk: %w", err))
	}
	return true, nil
}
