package kvstore

import (
	"bytes"
	"fmt"
)

// Iterator walks a key space (seed 003). It must be closed, and is used by one goroutine.
type Iterator interface {
	// HasNext tells whether Next has another pair; false also after an error.
	HasNext() bool
	// Next returns the next pair; nil when there is none.
	Next() *KVPair
	// Err is what ended the walk early; nil if nothing did.
	Err() error
	// Close frees what the walk holds.
	Close() error
}

// IterationOptions control where an iteration begins and what it visits (seed 003).
type IterationOptions interface {
	// KeyPrefix bounds the keys that are visited; false: all.
	KeyPrefix() (prefix []byte, ok bool)
	// StartKey is where the walk begins: at this key, or the next one after it; false or empty: at the first.
	StartKey() (start []byte, ok bool)
}

// Bounds reads options, nil ones too: the walk visits the keys that begin with prefix and are not less than first. A start
// outside the prefix is ErrStart.
func Bounds(o IterationOptions) (prefix, first []byte, err error) {
	if o == nil {
		return nil, nil, nil
	}
	if p, ok := o.KeyPrefix(); ok {
		prefix = p
	}
	start, ok := o.StartKey()
	if !ok || len(start) == 0 {
		return prefix, prefix, nil
	}
	if !bytes.HasPrefix(start, prefix) {
		return nil, nil, fmt.Errorf("iterate from %q in %q: %w", start, prefix, ErrStart)
	}
	return prefix, start, nil
}

// PrefixEnd is the first key that is greater than all keys with a prefix; nil if there is none.
func PrefixEnd(prefix []byte) []byte {
	for n := len(prefix); n > 0; n-- {
		if prefix[n-1] != 0xff { // as bytes: what is no UTF-8 text is a key, too
			end := bytes.Clone(prefix[:n])
			end[n-1]++
			return end
		}
	}
	return nil
}

// IterationOption captures an iteration option (seed 003).
type IterationOption func(*iterOpts)

type iterOpts struct{ prefix, start []byte }

func (o *iterOpts) KeyPrefix() ([]byte, bool) { return o.prefix, o.prefix != nil }
func (o *iterOpts) StartKey() ([]byte, bool)  { return o.start, o.start != nil }

// IterationPrefixKey visits only keys that begin with prefix.
func IterationPrefixKey(prefix []byte) IterationOption {
	return func(o *iterOpts) { o.prefix = bytes.Clone(prefix) }
}

// IterationStartKey begins at start, or at the next key after it.
func IterationStartKey(start []byte) IterationOption {
	return func(o *iterOpts) { o.start = bytes.Clone(start) }
}

// NewIteratorOptions puts options together. A start outside the prefix is ErrStart.
func NewIteratorOptions(opts ...IterationOption) (IterationOptions, error) {
	o := &iterOpts{}
	for _, set := range opts {
		set(o)
	}
	if _, _, err := Bounds(o); err != nil {
		return nil, err
	}
	return o, nil
}

// Iteration calls a handler for every pair of a store (seed 003).
type Iteration interface {
	// ForEach calls handler exactly once for each pair, in the order of keys, and stops at its first error.
	ForEach(handler func(*KVPair) error) error
}

// NewIteration prepares an iteration over what the request bounds.
func NewIteration(kvs KVStore, iterReq *IterateRequest) Iteration {
	return &iteration{kvs, iterReq}
}

type iteration struct {
	store KVStore
	req   *IterateRequest
}

func (i *iteration) ForEach(handler func(*KVPair) error) (err error) {
	var opts []IterationOption
	if i.req != nil && i.req.KeyPrefix != nil {
		opts = append(opts, IterationPrefixKey(i.req.KeyPrefix))
	}
	if i.req != nil && i.req.StartKey != nil {
		opts = append(opts, IterationStartKey(i.req.StartKey))
	}
	o, err := NewIteratorOptions(opts...)
	if err != nil {
		return err
	}
	it := i.store.Iterate(o)
	defer func() {
		if e := it.Close(); err == nil {
			err = e
		}
	}()
	for it.HasNext() {
		if err := handler(it.Next()); err != nil {
			return err
		}
	}
	return it.Err()
}
