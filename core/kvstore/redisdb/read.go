package redisdb

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
)

// getMost is how many keys one script reads, so that none holds the server up.
const getMost = 1000

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
		some := keys[:min(len(keys), getMost)]
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
	said, err := getScript.Run(ctx, s.c, names, epoch).Slice()
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

// A page of an iteration, bounded so that the server is never held up long: entries of the index looked at, and bytes.
const (
	pageKeys  = 512
	pageBytes = 1 << 20
)

// bounds of a walk through the index, as ZRANGEBYLEX takes them.
func bounds(prefix, start []byte) (first, end string) {
	first, end = "-", "+"
	if len(prefix) > 0 {
		first = "[" + string(prefix)
		if next := bytes.TrimRight(prefix, "\xff"); len(next) > 0 {
			end = "(" + string(next[:len(next)-1]) + string([]byte{next[len(next)-1] + 1})
		}
	}
	if bytes.Compare(start, prefix) > 0 {
		first = "[" + string(start)
	}
	return first, end
}

// page is one reading of page.lua.
type page struct {
	pairs  []*kvstore.KVPair
	change uint64 // at which it was read
	next   string // where the next page begins; empty: there is none
}

func readPage(ctx context.Context, c redis.UniversalClient, s *space, epoch, first, end string, keys, size int) (page, error) {
	said, err := pageScript.Run(ctx, c, []string{s.epochKey, s.seq, s.ix, s.exp}, epoch, s.data, first, end, keys, size).Slice()
	if err != nil {
		return page{}, meaning(err)
	}
	if len(said)%3 != 2 {
		return page{}, fmt.Errorf("%w: a page of %d items", errMalformed, len(said))
	}
	p := page{pairs: make([]*kvstore.KVPair, len(said)/3)}
	if p.change, err = number("the change number", said[0]); err != nil {
		return page{}, err
	}
	if last, more := said[1].(string); more {
		p.next = "(" + last
	}
	made := make([]kvstore.KVPair, len(p.pairs))
	for i := range made {
		at := said[3*i+2:]
		key, _ := at[0].(string)
		value, _ := at[1].(string)
		ts, _ := at[2].(int64)
		made[i] = kvstore.KVPair{Key: []byte(key), Value: []byte(value), ExpireTS: uint64(ts)}
		p.pairs[i] = &made[i]
	}
	return p, nil
}

// Iterate is kvstore.KVStore. Pages of up to 512 keys are each of one moment; what is there throughout is met once.
func (s *Store) Iterate(o kvstore.IterationOptions) kvstore.Iterator {
	it := &iterator{s: s}
	var prefix, start []byte
	if o != nil {
		prefix, _ = o.KeyPrefix()
		start, _ = o.StartKey()
	}
	if len(start) > 0 && !bytes.HasPrefix(start, prefix) {
		it.err = s.fail("iterate", s.base, kvstore.ErrStart)
		return it
	}
	epoch, err := s.now()
	if err != nil {
		it.err = s.fail("iterate", s.base, err)
		return it
	}
	it.epoch = epoch
	it.first, it.end = bounds(prefix, start)
	return it
}

// iterator walks the index page by page. Its epoch is that of its beginning: a restore in between ends it.
type iterator struct {
	s          *Store
	epoch      string
	first, end string // first is empty when the last page was read
	pairs      []*kvstore.KVPair
	err        error
}

func (i *iterator) HasNext() bool {
	for len(i.pairs) == 0 && i.first != "" && i.err == nil {
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
	p, err := readPage(context.Background(), i.s.c, &i.s.space, i.epoch, i.first, i.end, pageKeys, pageBytes)
	i.err = i.s.fail("iterate", i.s.base, err)
	i.pairs, i.first = p.pairs, p.next
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
	i.pairs, i.first = nil, ""
	return nil
}
