package pebbledb

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// enterWrite is enter for operations that need room on the disk.
func (s *Store) enterWrite() (*state, error) {
	for {
		st, err := s.enter()
		if err != nil {
			return nil, err
		}
		if err := s.ballast.room(); err != nil {
			s.mu.RUnlock()
			return nil, err
		}
		if st.how != readOnly {
			return st, nil
		}
		s.mu.RUnlock()
		if err := s.makeWritable(); err != nil {
			return nil, err
		}
	}
}

// makeWritable opens the state anew that was opened to read, once the disk that was full then has room. It is ErrFull
// until the walks over that state have ended.
func (s *Store) makeWritable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil || s.now.how != readOnly {
		return err
	}
	old := s.now
	if old.users.Load() > 1 {
		return fmt.Errorf("%w: a walk that was begun then is still open", ErrFull)
	}
	if err := old.close(); err != nil {
		return old.fail(err)
	}
	st, err := openPebble(s.fs, old.path, &s.opts, existing)
	if err == nil {
		s.now = st
		return nil
	}
	st, again := openPebble(s.fs, old.path, &s.opts, readOnly)
	if again != nil {
		return old.fail(errors.Join(err, again))
	}
	s.now = st
	if vfs.IsNoSpaceError(err) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
