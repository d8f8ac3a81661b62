package redisdb

import (
	"context"
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
	if err := request.Check(); err != nil {
		return false, s.fail("compare and set", s.base, err)
	}
	how := asValue
	switch {
	case request.OldValue == nil:
		how = asAbsent
	case request.KeepExpireTS:
		how = asValueTTL
	}
	effects := []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: request.Key, Value: request.NewValue, ExpireTS: request.ExpireTS}}
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
	return s.run(ctx, script, epoch, call{effects: effects, args: more})
}

// run runs a script that writes, and returns its code. Pairs that the server says have expired are taken out of the index by
// the next one, in the same trip; only if there are many, and none were known, at once.
func (s *Store) run(ctx context.Context, script *conn.Script, epoch string, c call) (int64, error) {
	c.expired = s.takeExpired()
	keys, args := s.spell(epoch, c)
	said, expired, err := code(script.Run(ctx, s.c, keys, args...))
	if len(expired) >= maxSweep && len(c.expired) == 0 {
		keys, args = s.spell(epoch, call{expired: expired})
		_, expired, _ = code(sweepScript.Run(ctx, s.c, keys, args...)) // if it fails: the next write is told of them, too
	}
	s.keepExpired(expired)
	return said, err
}

// maxSweep is how many pairs that have expired a script tells of.
const maxSweep = 16

func (s *Store) takeExpired() []string {
	if keys := s.expired.Swap(nil); keys != nil {
		return *keys
	}
	return nil
}

func (s *Store) keepExpired(keys []string) {
	if len(keys) > 0 {
		s.expired.Store(&keys)
	}
}
