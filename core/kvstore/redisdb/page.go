package redisdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
)

// A page of a walk, bounded so that the server is never held up long: pairs, and bytes.
const (
	pageKeys  = 512
	pageBytes = 1 << 20
)

// pageTries is how often a page is asked for that is always out of date before its first pair.
const pageTries = 100

var errBusy = errors.New("the database changes faster than it can be read")

// from and upTo are the bounds of a walk through the index, as ZRANGEBYLEX takes them.
func from(first []byte) string {
	if len(first) == 0 {
		return "-"
	}
	return "[" + string(first)
}

func upTo(prefix []byte) string {
	if end := kvstore.PrefixEnd(prefix); end != nil {
		return "(" + string(end)
	}
	return "+"
}

// walk reads a database in the order of its keys. A script may only touch keys that it declares: else a server that a slot
// is being moved from or to takes those that it does not have for missing. So each page is of the keys that the one before
// named, and ends early where the index has changed since.
type walk struct {
	c          redis.UniversalClient
	s          *space
	epoch      string
	first, end string   // of what is still to be read
	named      []string // the keys that come next
	over       bool     // nothing is left to read
	parts      bool     // it goes on in parts, because a right is missing
	given      int64    // bytes up to which a value is read; 0: any
}

func (s *Store) walk(epoch, first, end string) *walk {
	return &walk{c: s.c, s: &s.space, epoch: epoch, first: first, end: end}
}

// page is what one step reads, all of one moment. It may be empty.
type page struct {
	pairs  []*kvstore.KVPair
	sizes  []int64 // of values that are left out for their length; 0 of others
	change uint64  // at which it was read
}

// next reads the next page, of at most so many keys.
func (w *walk) next(ctx context.Context, most int) (page, error) {
	for range pageTries {
		named := w.named[:min(len(w.named), most)]
		p, looked, err := w.read(ctx, named, most)
		if err != nil {
			return page{}, meaning(err)
		}
		if looked || len(named) == 0 || w.over {
			return p, nil
		}
	}
	return page{}, errBusy
}

// read is one call of page.lua; looked tells whether it has got any further.
func (w *walk) read(ctx context.Context, named []string, most int) (p page, looked bool, err error) {
	keys := make([]string, 3, 3+len(named))
	keys[0], keys[1], keys[2] = w.s.epochKey, w.s.seq, w.s.ix
	for _, key := range named {
		keys = append(keys, w.s.key([]byte(key)))
	}
	said, err := pageScript.Query(ctx, w.c, keys, w.epoch, w.s.data, w.first, w.end, most, pageBytes, w.given).Slice()
	if err != nil {
		return page{}, false, err
	}
	if p.change, err = number("the change number", said[0]); err != nil {
		return page{}, false, err
	}
	last, looked := said[1].(string)
	if looked {
		w.first = "(" + last
	}
	found, _ := said[2].([]any)
	next, _ := said[3].([]any)
	if len(found)%3 != 0 {
		return page{}, false, fmt.Errorf("%w: a page of %d items", errMalformed, len(found))
	}
	w.named = make([]string, len(next))
	for i := range next {
		w.named[i], _ = next[i].(string)
	}
	w.over = len(next) == 0
	made := make([]kvstore.KVPair, len(found)/3)
	p.pairs, p.sizes = make([]*kvstore.KVPair, len(made)), make([]int64, len(made))
	for i := range made {
		key, _ := found[3*i].(string)
		value, _ := found[3*i+1].(string)
		p.sizes[i], _ = found[3*i+1].(int64)
		ts, _ := found[3*i+2].(int64)
		made[i] = kvstore.KVPair{Key: []byte(key), Value: []byte(value), ExpireTS: uint64(ts)}
		p.pairs[i] = &made[i]
	}
	return p, looked, nil
}
