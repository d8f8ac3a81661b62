package pebbledb

import (
	"fmt"

	"holdfast/core/kvstore"
)

var _ kvstore.Historian = (*Store)(nil)

// histories are those of the own changes and of the master's that were applied.
func (s *Store) histories() (own, applied string, err error) {
	st, err := s.enter()
	if err != nil {
		return "", "", err
	}
	defer s.mu.RUnlock()
	st.commit.Lock()
	defer st.commit.Unlock()
	return st.history, st.of, nil
}

// History identifies the history of the database's own changes (kvstore.Historian). Without syncing, a crash may take it
// back together with all changes; no change of it was shown then.
func (s *Store) History() (own string, err error) {
	defer s.done("history", nil, s.begin(), &err)
	own, _, err = s.histories()
	return own, err
}

// AppliedHistory identifies the history of the master whose changes were applied (kvstore.Historian).
func (s *Store) AppliedHistory() (applied string, err error) {
	defer s.done("history", nil, s.begin(), &err)
	_, applied, err = s.histories()
	return applied, err
}

// LoadChangesOf is LoadChanges of one history (kvstore.Historian).
func (s *Store) LoadChangesOf(history string, from uint64, most int) (_ []*kvstore.ChangeRecord, err error) {
	defer s.done("load", nil, s.begin(), &err)
	st, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer s.mu.RUnlock()
	st.commit.Lock()
	own := st.history
	st.commit.Unlock()
	if own != history {
		return nil, fmt.Errorf("changes of history %q, the database has %q: %w", history, own, kvstore.ErrHistory)
	}
	return st.changes(from, most)
}

// SaveChangesOf is SaveChanges of one history (kvstore.Historian).
func (s *Store) SaveChangesOf(history string, changes []*kvstore.ChangeRecord) (_ uint64, err error) {
	defer s.done("save", nil, s.begin(), &err)
	return s.save(&history, changes)
}
