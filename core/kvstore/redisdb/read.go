package redisdb

import (
	"bytes"
	"context"
	"time"

	"holdfast/core/kvstore"
)

// maxGet is how many keys one script reads, so that none holds the server up.
const maxGet = 1000

// Get is kvstore.KVStore. Up to 1,000 keys are read at one moment, more in several steps.
func (s *Store) Get(keys ...[]byte) (pairs []*kvstore.KVPair, err error) {
	defer s.done("get", time.Now(), &err)
	for _, k := range keys {
		if err := kvstore.CheckKey(k); err != nil {
			return nil, s.fail("get", s.base, err)
		}
	}
	if len(keys) == 0 {
		_, err := s.now()
		return nil, s.fail("get", s.base, err)
	}
	pairs = make([]*kvstore.KVPair, 0, len(keys))
	for len(keys) > 0 {
		some := keys[:min(len(keys), maxGet)]
		if pairs, err = s.get(context.Background(), pairs, some); err != nil {
			return nil, s.fail("get", s.key(some[0]), err)
		}
		keys = keys[len(some):]
	}
	return pairs, nil
}

func (s *Store) get(ctx context.Context, pairs []*kvstore.KVPair, keys [][]byte) ([]*kvstore.KVPair, error) {
	epoch, end, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	names := make([]string, 1, 1+len(keys))
	names[0] = s.epochKey
	for _, k := range keys {
		names = append(names, s.key(k))
	}
	said, err := getScript.Query(ctx, s.c, names, epoch).Slice()
	if err != nil {
		return nil, err
	}
	for i, k := range keys {
		value, there := said[2*i].(string)
		if !there {
			continue
		}
		ts, _ := said[2*i+1].(int64)
		pairs = append(pairs, &kvstore.KVPair{Key: bytes.Clone(k), Value: []byte(value), ExpireTS: uint64(ts)})
	}
	return pairs, nil
}

// Iterate is kvstore.KVStore. Pages of up to 512 keys are each of one moment; what is there throughout is met once.
func (s *Store) Iterate(o kvstore.IterationOptions) kvstore.Iterator {
	prefix, first, err := kvstore.Bounds(o)
	if err != nil {
		return &iterator{err: s.fail("iterate", s.base, err)}
	}
	epoch, err := s.now()
	if err != nil {
		return &iterator{err: s.fail("iterate", s.base, err)}
	}
	return &iterator{s: s, walk: s.walk(epoch, from(first), upTo(prefix))}
}

// iterator walks the index page by page. Its epoch is that of its beginning: a restore in between ends it.
type iterator struct {
	s     *Store
	walk  *walk // nil when it is closed or never began
	pairs []*kvstore.KVPair
	err   error
}

func (i *iterator) HasNext() bool {
	for len(i.pairs) == 0 && i.walk != nil && !i.walk.over && i.err == nil {
		i.fetch()
	}
	return len(i.pairs) > 0
}

func (i *iterator) fetch() {
	var err error
	defer i.s.done("iterate", time.Now(), &err)
	if _, err = i.s.now(); err != nil { // closed since it began
		i.err = i.s.fail("iterate", i.s.base, err)
		return
	}
	p, err := i.walk.next(context.Background(), pageKeys)
	i.err = i.s.fail("iterate", i.s.base, err)
	i.pairs = p.pairs
}

func (i *iterator) Next() *kvstore.KVPair {
	if !i.HasNext() {
		return nil
	}
	p := i.pairs[0]
	i.pairs = i.pairs[1:]
	return p
}

func (i *iterator) Err() error { return i.err }

func (i *iterator) Close() error {
	i.pairs, i.walk = nil, nil
	return nil
}
