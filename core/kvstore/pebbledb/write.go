package pebbledb

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/core/kvstore"
)

// Put stores all pairs as one change (kvstore.KVStore).
func (s *Store) Put(pairs ...*kvstore.KVPair) (err error) {
	defer s.done("put", nil, s.begin(), &err)
	return s.put(pairs)
}

func (s *Store) put(pairs []*kvstore.KVPair) error {
	effects, err := kvstore.Effects(pairs)
	if err != nil {
		return err
	}
	st, err := s.enterWrite()
	if err != nil {
		return err
	}
	defer s.mu.RUnlock()
	if len(effects) == 0 {
		return nil
	}
	w := st.newWrite()
	number := w.change(effects)
	st.commit.Lock()
	st.place(w, number)
	err = st.apply(w)
	st.commit.Unlock()
	return st.wait(w, err)
}

// Delete deletes a key, if it is there (kvstore.KVStore).
func (s *Store) Delete(key []byte) (err error) {
	defer s.done("delete", key, s.begin(), &err)
	_, err = s.swap(key, func(_ uint64, _ []byte, found bool) *kvstore.TrxnRecord {
		if !found {
			return nil
		}
		return &kvstore.TrxnRecord{Type: kvstore.TrxnDelete, Key: key}
	})
	return err
}

// CompareAndSet sets a key if it has the expected value (kvstore.KVStore).
func (s *Store) CompareAndSet(r *kvstore.CompareAndSetRequest) (set bool, err error) {
	var key []byte
	if r != nil {
		key = r.Key
	}
	defer s.done("cas", key, s.begin(), &err)
	if err := r.Check(); err != nil {
		return false, err
	}
	return s.swap(key, func(expire uint64, value []byte, found bool) *kvstore.TrxnRecord {
		if found != (r.OldValue != nil) || !bytes.Equal(value, r.OldValue) {
			return nil
		}
		if !r.KeepExpireTS {
			expire = r.ExpireTS
		}
		return &kvstore.TrxnRecord{Type: kvstore.TrxnPut, Key: key, Value: r.NewValue, ExpireTS: expire}
	})
}

// swap commits what decide makes of a key's pair, if anything; nothing else is committed between the two. The value is
// decide's only while it runs.
func (s *Store) swap(key []byte, decide func(expire uint64, value []byte, found bool) *kvstore.TrxnRecord) (bool, error) {
	if err := kvstore.CheckKey(key); err != nil {
		return false, err
	}
	st, err := s.enterWrite()
	if err != nil {
		return false, err
	}
	defer s.mu.RUnlock()
	st.commit.Lock()
	var effect *kvstore.TrxnRecord
	err = st.view(st.db, key, s.opts.Clock(), func(expire uint64, value []byte, found bool) { effect = decide(expire, value, found) })
	if err != nil || effect == nil {
		st.commit.Unlock()
		return false, err
	}
	w := st.newWrite()
	st.place(w, w.change([]*kvstore.TrxnRecord{effect}))
	err = st.apply(w)
	st.commit.Unlock()
	if err := st.wait(w, err); err != nil {
		return false, err
	}
	return true, nil
}

// write is a batch of changes on its way.
type write struct {
	*pebble.Batch
	changes  uint64
	expiring bool
	number   uint64 // of its last change, once placed
}

func (s *state) newWrite() *write { return &write{Batch: s.db.NewBatch()} }

// change adds a change's effects and its log record, whose number it returns the place of: place must follow at once,
// under the lock, before anything else is added. Everything that needs no lock is done then.
func (w *write) change(effects []*kvstore.TrxnRecord) (number []byte) {
	w.changes++
	for _, t := range effects {
		if t.Type == kvstore.TrxnDelete {
			op := w.DeleteDeferred(1 + len(t.Key))
			fillKey(op.Key, t.Key)
			_ = op.Finish()
			continue
		}
		w.pair(t.Key, t.Value, t.ExpireTS)
	}
	op := w.SetDeferred(1+8, changeSize(effects))
	op.Key[0] = spaceLog
	appendChange(op.Value[:0], effects)
	number = op.Key[1:]
	_ = op.Finish()
	return number
}

// pair adds a pair. The batch is no indexed one: adding to it does not fail.
func (w *write) pair(key, value []byte, expire uint64) {
	op := w.SetDeferred(1+len(key), uvarintSize(expire)+len(value))
	fillKey(op.Key, key)
	n := binary.PutUvarint(op.Value, expire)
	copy(op.Value[n:], value)
	_ = op.Finish()
	if expire != 0 {
		w.expiring = true
		_ = w.Set(expiryKey(expire, key), nil, nil)
	}
}

func fillKey(to, key []byte) {
	to[0] = spaceData
	copy(to[1:], key)
}

// place gives a change the next number. The commit lock is held.
func (s *state) place(w *write, number []byte) {
	w.number = s.last + w.changes
	binary.BigEndian.PutUint64(number, w.number)
}

// apply hands a write to Pebble, whose log takes writes in this order; the disk may still be behind. The commit lock is
// held.
func (s *state) apply(w *write) error {
	if err := s.failure(); err != nil {
		return err
	}
	history := s.history
	if s.last == 0 {
		history = kvstore.NewHistory()
		_ = w.Set(metaHistory, []byte(history), nil)
	}
	err := s.guard(func() error {
		if s.opts.NoSync {
			return s.db.Apply(w.Batch, pebble.NoSync)
		}
		return s.db.ApplyNoSyncWait(w.Batch, pebble.Sync)
	})
	if err != nil {
		return err
	}
	s.last, s.history = w.number, history
	s.expiring = s.expiring || w.expiring
	s.since += w.changes
	if s.since >= housekeepingEvery {
		s.since = 0
		return s.housekeep()
	}
	return nil
}

// wait ends a write that apply was called for: it returns when the write is as durable as the options ask for. The
// commit lock is not held, so that many wait for the same flush of the disk.
func (s *state) wait(w *write, err error) error {
	if err != nil {
		return err
	}
	if !s.opts.NoSync {
		if err := s.guard(w.SyncWait); err != nil {
			return s.fail(err)
		}
		raise(&s.durable, w.number)
	}
	raise(&s.told, w.number)
	return w.Close()
}

// raise sets a number to n, unless another goroutine has brought it further.
func raise(number *atomic.Uint64, n uint64) {
	for {
		old := number.Load()
		if n <= old || number.CompareAndSwap(old, n) {
			return
		}
	}
}

// flushTo returns when a change is on the disk, so that whoever goes on from it is not ahead of us after a crash.
func (s *state) flushTo(n uint64) error {
	if s.durable.Load() >= n {
		return nil
	}
	b := s.db.NewBatch()
	_ = b.LogData(nil, nil)
	if err := s.guard(func() error { return s.db.Apply(b, pebble.Sync) }); err != nil { // all that came before, too
		return s.fail(err)
	}
	raise(&s.durable, n)
	raise(&s.told, n)
	return b.Close()
}
