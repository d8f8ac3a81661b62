package redisdb

import (
	"context"
	"time"

	"holdfast/core/kvstore"
)

// What edits one pair by hand. A pair has no version, so an edit compares the value that was seen. Each is a change of
// the log as every other. A Store that only edits should be opened with Retain 0: then it trims no log.

// LoadValue returns a value and when it ends (UTC; zero: never), or ErrNotFound.
func (s *Store) LoadValue(ctx context.Context, key []byte) (value []byte, expires time.Time, err error) {
	if err := kvstore.CheckKey(key); err != nil {
		return nil, time.Time{}, s.fail("load value", s.base, err)
	}
	pairs, err := s.get(ctx, nil, [][]byte{key})
	if err == nil && len(pairs) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, time.Time{}, s.fail("load value", s.key(key), err)
	}
	if ts := pairs[0].ExpireTS; ts != 0 {
		expires = time.Unix(int64(ts), 0).UTC()
	}
	return pairs[0].Value, expires, nil
}

// ReplaceValue sets a value if it still is old, and keeps the expiry: ErrNotFound or ErrChanged.
func (s *Store) ReplaceValue(ctx context.Context, key, old, value []byte) error {
	return s.edit(ctx, "replace value", &kvstore.TrxnRecord{Type: kvstore.TrxnPut, Key: key, Value: value}, asValueTTL, old)
}

// DeleteIf deletes a key if its value still is old: ErrNotFound or ErrChanged.
func (s *Store) DeleteIf(ctx context.Context, key, old []byte) error {
	return s.edit(ctx, "delete", &kvstore.TrxnRecord{Type: kvstore.TrxnDelete, Key: key}, asValue, old)
}

// Create puts a pair whose key must not be there: ErrExists.
func (s *Store) Create(ctx context.Context, p *kvstore.KVPair) error {
	effects, err := kvstore.Effects([]*kvstore.KVPair{p})
	if err != nil {
		return s.fail("create", s.base, err)
	}
	return s.edit(ctx, "create", effects[0], asAbsent, nil)
}

func (s *Store) edit(ctx context.Context, op string, effect *kvstore.TrxnRecord, how string, old []byte) error {
	if err := kvstore.CheckKey(effect.Key); err != nil {
		return s.fail(op, s.base, err)
	}
	code, err := s.mutate(ctx, casScript, []*kvstore.TrxnRecord{effect}, how, filled(old))
	switch {
	case err != nil:
	case code < 0:
		err = ErrNotFound
	case code == 0 && how == asAbsent:
		err = ErrExists
	case code == 0:
		err = ErrChanged
	}
	return s.fail(op, s.key(effect.Key), err)
}
