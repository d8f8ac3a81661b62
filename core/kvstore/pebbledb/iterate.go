package pebbledb

import (
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// Iterate walks the pairs in the order of their keys as they are at this moment (kvstore.KVStore), whatever is written
// or expires meanwhile. The walk keeps old data on the disk until it is closed.
func (s *Store) Iterate(o kvstore.IterationOptions) kvstore.Iterator {
	prefix, first, err := kvstore.Bounds(o)
	if err != nil {
		return failed(err)
	}
	st, err := s.enter()
	if err != nil {
		return failed(err)
	}
	defer s.mu.RUnlock()
	it, err := s.iterate(st, dataKey(first), kvstore.PrefixEnd(dataKey(prefix)))
	if err != nil {
		return failed(err)
	}
	return it
}

func failed(err error) *iterator { return &iterator{err: conn.Fail("kv: iterate", "", err)} }

// iterator walks pairs. Its lock is for whoever ends it from outside: Close and a restore.
type iterator struct {
	root *root
	st   *state
	now  uint64

	mu      sync.Mutex
	it      *pebble.Iterator // nil when it is over
	started bool
	ready   bool // it stands on a pair that Next has yet to return
	expire  uint64
	value   []byte
	err     error
}

// iterate begins a walk. r.mu is held.
func (r *root) iterate(st *state, lower, upper []byte) (*iterator, error) {
	p, err := st.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, err
	}
	it := &iterator{root: r, st: st, now: r.opts.Clock(), it: p}
	st.users.Add(1)
	r.iters.add(it)
	return it, nil
}

func (i *iterator) HasNext() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.advance()
}

func (i *iterator) Next() *kvstore.KVPair {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.advance() {
		return nil
	}
	i.ready = false
	return clonePair(i.it.Key()[1:], i.value, i.expire)
}

func (i *iterator) advance() bool {
	if i.ready || i.it == nil || i.err != nil {
		return i.ready
	}
	for {
		var ok bool
		if i.started {
			ok = i.it.Next()
		} else {
			i.started = true
			ok = i.it.First()
		}
		if !ok {
			i.err = i.it.Error()
			return false
		}
		stored, err := i.it.ValueAndErr()
		if err == nil {
			i.expire, i.value, err = splitPair(stored)
		}
		if err != nil {
			i.err = err
			return false
		}
		if !ended(i.expire, i.now) {
			i.ready = true
			return true
		}
	}
}

func (i *iterator) Err() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.err
}

func (i *iterator) Close() error {
	if i.root != nil {
		i.root.iters.remove(i)
	}
	return i.end(nil)
}

// end frees what the walk holds; further calls find nothing, and why.
func (i *iterator) end(why error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.it == nil {
		return nil
	}
	err := i.it.Close()
	i.it, i.ready, i.value = nil, false, nil
	if i.err == nil {
		i.err = why
	}
	i.st.leave()
	return err
}

// iterators are those that are open.
type iterators struct {
	mu   sync.Mutex
	open map[*iterator]struct{}
}

func (l *iterators) add(i *iterator) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[*iterator]struct{}{}
	}
	l.open[i] = struct{}{}
}

func (l *iterators) remove(i *iterator) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, i)
}

// end ends all, with what they answer from now on.
func (l *iterators) end(why error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for i := range l.open {
		errs = append(errs, i.end(why))
	}
	l.open = nil
	return errors.Join(errs...)
}
