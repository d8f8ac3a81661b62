package pebbledb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/core/kvstore"
)

// GetLatestCommittedChangeNumber is of the last change that is acknowledged (kvstore.ChangePropagator).
func (s *Store) GetLatestCommittedChangeNumber() (_ uint64, err error) {
	defer s.done("committed", nil, s.begin(), &err)
	st, err := s.enter()
	if err != nil {
		return 0, err
	}
	defer s.mu.RUnlock()
	return st.told.Load(), nil
}

// LoadChanges returns changes of the log (kvstore.ChangePropagator), and none that a crash could take back: a replica is
// never ahead.
func (s *Store) LoadChanges(from uint64, most int) (_ []*kvstore.ChangeRecord, err error) {
	defer s.done("load", nil, s.begin(), &err)
	return s.load(from, most)
}

func (s *Store) load(from uint64, most int) ([]*kvstore.ChangeRecord, error) {
	st, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer s.mu.RUnlock()
	return st.changes(from, most)
}

func (st *state) changes(from uint64, most int) (_ []*kvstore.ChangeRecord, err error) {
	from = max(from, 1)
	last := st.told.Load()
	if most <= 0 || from > last {
		return nil, nil
	}
	last = min(last, from+uint64(most)-1)
	if err := st.flushTo(last); err != nil {
		return nil, err
	}
	it, err := st.db.NewIter(&pebble.IterOptions{LowerBound: logKey(from), UpperBound: logKey(last + 1)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	if from <= st.base.Load() { // asked after the iterator was made, which has all that was not trimmed before
		return nil, fmt.Errorf("change %d: %w", from, kvstore.ErrTrimmed)
	}
	changes := make([]*kvstore.ChangeRecord, 0, min(last-from+1, 1024))
	for it.First(); it.Valid(); it.Next() {
		c := &kvstore.ChangeRecord{ChangeNumber: binary.BigEndian.Uint64(it.Key()[1:])}
		if want := from + uint64(len(changes)); c.ChangeNumber != want {
			return nil, fmt.Errorf("change %d where %d should be: %w", c.ChangeNumber, want, errDamaged)
		}
		record, err := it.ValueAndErr()
		if err != nil {
			return nil, err
		}
		if c.Trxns, err = parseChange(bytes.Clone(record)); err != nil {
			return nil, fmt.Errorf("change %d: %w", c.ChangeNumber, err)
		}
		changes = append(changes, c)
	}
	if err := it.Error(); err != nil {
		return nil, err
	}
	if got := from + uint64(len(changes)); got != last+1 {
		return nil, fmt.Errorf("change %d is missing: %w", got, errDamaged)
	}
	return changes, nil
}

// GetLatestAppliedChangeNumber is the master's number of the last change applied (kvstore.ChangeApplier).
func (s *Store) GetLatestAppliedChangeNumber() (_ uint64, err error) {
	defer s.done("applied", nil, s.begin(), &err)
	st, err := s.enter()
	if err != nil {
		return 0, err
	}
	defer s.mu.RUnlock()
	st.commit.Lock()
	defer st.commit.Unlock()
	return st.applied, nil
}

// maxSave bounds the batch that changes of a master are gathered in, in bytes.
const maxSave = 1 << 20

// SaveChanges applies changes of a master (kvstore.ChangeApplier). Several may be one batch; a crash leaves the effects
// and the applied number of the first so many changes.
func (s *Store) SaveChanges(changes []*kvstore.ChangeRecord) (_ uint64, err error) {
	defer s.done("save", nil, s.begin(), &err)
	return s.save(nil, changes)
}

// save applies changes, of a history if it is told which.
func (s *Store) save(history *string, changes []*kvstore.ChangeRecord) (uint64, error) {
	st, err := s.enterWrite()
	if err != nil {
		return 0, err
	}
	defer s.mu.RUnlock()
	st.commit.Lock()
	if history != nil {
		if err := kvstore.CheckHistory(st.applied, st.of, *history); err != nil {
			defer st.commit.Unlock()
			return st.applied, err
		}
	}
	var writes []*write
	for len(changes) > 0 && err == nil {
		w := st.newWrite()
		applied := st.applied
		for len(changes) > 0 && w.Len() < maxSave {
			c := changes[0]
			if c != nil && c.ChangeNumber <= applied {
				changes = changes[1:]
				continue
			}
			if err = kvstore.CheckChange(c); err != nil {
				break
			}
			if c.ChangeNumber != applied+1 {
				err = fmt.Errorf("change %d after %d: %w", c.ChangeNumber, applied, kvstore.ErrGap)
				break
			}
			st.place(w, w.change(c.Trxns))
			applied++
			changes = changes[1:]
		}
		if w.changes == 0 {
			_ = w.Close()
			break
		}
		_ = w.Set(metaApplied, binary.BigEndian.AppendUint64(nil, applied), nil)
		of := st.of
		if history != nil && of != *history {
			of = *history
			_ = w.Set(metaOf, []byte(of), nil)
		}
		if e := st.apply(w); e != nil {
			err = e
			break
		}
		st.applied, st.of = applied, of
		writes = append(writes, w)
	}
	applied, last := st.applied, st.last
	st.commit.Unlock()
	for _, w := range writes {
		if e := st.wait(w, nil); e != nil {
			return 0, e
		}
	}
	if !s.opts.NoSync { // what another replicator applied may still be on its way
		if e := st.flushTo(last); e != nil {
			return 0, e
		}
	}
	return applied, err
}
