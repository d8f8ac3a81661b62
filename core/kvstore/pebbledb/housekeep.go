package pebbledb

import (
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// Every so many changes the log is trimmed and some of the pairs that have expired are removed, both bounded, without a
// goroutine of their own. Neither is a change: nobody could see what goes. A crash before it is on the disk costs
// nothing but doing it again.
const (
	housekeepingEvery = 64
	maxSweep          = 256
)

// housekeep is called with the commit lock held.
func (s *state) housekeep() error {
	b := s.db.NewBatch()
	if keep := s.opts.KeepChanges; keep > 0 && s.last > keep && s.last-keep > s.base.Load() {
		base := s.last - keep
		from := s.base.Load() + 1
		s.base.Store(base) // first: who reads the log checks it last
		_ = b.DeleteRange(logKey(from), logKey(base+1), nil)
		_ = b.Set(metaBase, binary.BigEndian.AppendUint64(nil, base), nil)
	}
	if s.expiring {
		if err := s.sweep(b); err != nil {
			return errors.Join(err, b.Close())
		}
	}
	if b.Empty() {
		return b.Close()
	}
	if err := s.guard(func() error { return s.db.Apply(b, pebble.NoSync) }); err != nil {
		return err
	}
	return b.Close()
}

// sweep removes pairs that have expired, the longest gone first, and what the index of expiries has of pairs that were
// overwritten since.
func (s *state) sweep(b *pebble.Batch) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceExpiry}, UpperBound: expiryKey(s.opts.Clock()+1, nil)})
	if err != nil {
		return err
	}
	n := 0
	for it.First(); it.Valid() && n < maxSweep && err == nil; it.Next() {
		n++
		expire, key := binary.BigEndian.Uint64(it.Key()[1:9]), it.Key()[9:]
		_ = b.Delete(it.Key(), nil)
		err = s.raw(s.db, dataKey(key), func(stored uint64, _ []byte, found bool) {
			if found && stored == expire {
				_ = b.Delete(dataKey(key), nil)
			}
		})
	}
	if n == maxSweep {
		s.since = housekeepingEvery / 2 // there is more: come back sooner
	}
	return errors.Join(err, it.Close())
}
