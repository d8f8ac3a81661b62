package pebbledb

import (
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/core/kvstore"
)

// Get returns the pairs of keys (kvstore.KVStore), of several all as of one moment. As with Pebble, it may return what a
// Put has yet to bring to the disk; the change log never does.
func (s *Store) Get(keys ...[]byte) (pairs []*kvstore.KVPair, err error) {
	defer s.done("get", nil, s.begin(), &err)
	return s.get(keys)
}

type getter interface {
	Get(key []byte) ([]byte, io.Closer, error)
}

func (s *Store) get(keys [][]byte) (_ []*kvstore.KVPair, err error) {
	for _, k := range keys {
		if err := kvstore.CheckKey(k); err != nil {
			return nil, err
		}
	}
	st, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer s.mu.RUnlock()
	var from getter = st.db
	if len(keys) > 1 {
		shot := st.db.NewSnapshot()
		defer func() { err = errors.Join(err, shot.Close()) }()
		from = shot
	}
	now, timed := uint64(0), false // the clock is asked for a pair that ends, once
	pairs := make([]*kvstore.KVPair, 0, len(keys))
	for _, k := range keys {
		stored := dataKey(k) // the pair keeps it
		err := st.raw(from, stored, func(expire uint64, value []byte, found bool) {
			if expire != 0 && !timed {
				now, timed = s.opts.Clock(), true
			}
			if found && !ended(expire, now) {
				pairs = append(pairs, &kvstore.KVPair{Key: stored[1:], Value: append([]byte{}, value...), ExpireTS: expire})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return pairs, nil
}

func clonePair(key, value []byte, expire uint64) *kvstore.KVPair {
	b := make([]byte, len(key)+len(value))
	k := copy(b, key)
	copy(b[k:], value)
	return &kvstore.KVPair{Key: b[:k:k], Value: b[k:], ExpireTS: expire}
}

// view shows a key's value at a moment; what has expired is not found.
func (s *state) view(from getter, key []byte, now uint64, show func(expire uint64, value []byte, found bool)) error {
	return s.raw(from, dataKey(key), func(expire uint64, value []byte, found bool) {
		if found = found && !ended(expire, now); !found {
			expire, value = 0, nil
		}
		show(expire, value, found)
	})
}

func ended(expire, now uint64) bool { return expire != 0 && now >= expire }

// raw shows what is stored under a dataKey, be it expired.
func (s *state) raw(from getter, stored []byte, show func(expire uint64, value []byte, found bool)) error {
	b, closer, err := from.Get(stored)
	if errors.Is(err, pebble.ErrNotFound) {
		show(0, nil, false)
		return nil
	}
	if err != nil {
		return err
	}
	expire, value, err := splitPair(b)
	if err == nil {
		show(expire, value, true)
	}
	return errors.Join(err, closer.Close())
}
