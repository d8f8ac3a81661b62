package redisdb

import (
	"context"
	"fmt"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// Put is kvstore.KVStore. The server does a call at one go: thousands of pairs are fine, millions hold it up.
func (s *Store) Put(pairs ...*kvstore.KVPair) (err error) {
	defer s.done("put", time.Now(), &err)
	if len(pairs) == 0 {
		_, err := s.now()
		return s.fail("put", s.base, err)
	}
	effects, err := kvstore.Effects(pairs)
	if err != nil {
		return s.fail("put", s.base, err)
	}
	if _, err = s.mutate(context.Background(), putScript, effects); err != nil {
		return s.fail("put", s.key(effects[0].Key), err)
	}
	return nil
}

// Delete is kvstore.KVStore.
func (s *Store) Delete(key []byte) (err error) {
	defer s.done("delete", time.Now(), &err)
	if err := kvstore.CheckKey(key); err != nil {
		return s.fail("delete", s.base, err)
	}
	_, err = s.mutate(context.Background(), deleteScript, []*kvstore.TrxnRecord{{Type: kvstore.TrxnDelete, Key: key}})
	if err != nil {
		return s.fail("delete", s.key(key), err)
	}
	return nil
}

// What cas.lua may ask of the key.
const (
	asAbsent   = "0"
	asValue    = "1"
	asValueTTL = "2" // and the expiry stays
)

// CompareAndSet is kvstore.KVStore.
func (s *Store) CompareAndSet(request *kvstore.CompareAndSetRequest) (set bool, err error) {
	defer s.done("cas", time.Now(), &err)
	if request == nil {
		return false, s.fail("compare and set", s.base, fmt.Errorf("%w: there is no request", kvstore.ErrKey))
	}
	if err := kvstore.CheckKey(request.Key); err != nil {
		return false, s.fail("compare and set", s.base, err)
	}
	how := asValue
	if request.OldValue == nil {
		how = asAbsent
	}
	effects := []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: request.Key, Value: request.NewValue}}
	code, err := s.mutate(context.Background(), casScript, effects, how, filled(request.OldValue))
	if err != nil {
		return false, s.fail("compare and set", s.key(request.Key), err)
	}
	return code == 1, nil
}

// mutate runs a script that writes, and returns its code.
func (s *Store) mutate(ctx context.Context, script *conn.Script, effects []*kvstore.TrxnRecord, more ...any) (code int64, err error) {
	epoch, end, err := s.begin()
	if err != nil {
		return 0, err
	}
	defer end()
	keys, args := s.write(epoch, effects, more...)
	return script.Run(ctx, s.c, keys, args...).Int64()
}
