package redisdb

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// The server refuses a script as a whole, so where one right is missing pairs are listed command by command: what is refused
// is not known, and the rest is shown. Such a page is not of one moment.

// partsKeys bounds such a page, whose values are read one after the other.
const partsKeys = 128

// list reads the next page of a walk; after the first refusal in parts.
func (w *walk) list(ctx context.Context, most int) ([]Entry, error) {
	if !w.parts {
		p, err := w.next(ctx, most)
		if !conn.Refused(err) {
			return listed(p), err
		}
		if err := w.restoring(ctx); err != nil {
			return nil, err
		}
		w.parts = true
	}
	most = min(most, partsKeys)
	keys, err := conn.Ask(ctx, w.c, redis.NewStringSliceCmd(ctx, "zrangebylex", w.s.ix, w.first, w.end, "limit", 0, most))
	if err != nil {
		return nil, err
	}
	if w.over = len(keys) < most; len(keys) > 0 {
		w.first = "(" + keys[len(keys)-1]
	}
	return w.entries(ctx, keys)
}

// restoring is ErrRestoring while the database is being restored; nil where that may not be asked.
func (w *walk) restoring(ctx context.Context) error {
	epoch, err := conn.Ask(ctx, w.c, redis.NewStringCmd(ctx, "getrange", w.s.epochKey, 0, conn.MaxNumber-1))
	if conn.Refused(err) {
		return nil
	}
	if err == nil && strings.ContainsAny(epoch, "-+") {
		err = ErrRestoring
	}
	return err
}

// entries reads the pairs that have the keys, and leaves out those that are gone.
func (w *walk) entries(ctx context.Context, keys []string) ([]Entry, error) {
	sizes, lives := make([]*redis.IntCmd, len(keys)), make([]*redis.IntCmd, len(keys))
	var now *redis.TimeCmd
	err := conn.Pipeline(ctx, w.c, func(p redis.Pipeliner) {
		now = p.Time(ctx)
		for i, key := range keys {
			sizes[i], lives[i] = p.StrLen(ctx, w.s.key([]byte(key))), conn.PTTL(ctx, p, w.s.key([]byte(key)))
		}
	})
	if err != nil {
		return nil, err
	}
	var out []Entry
	var gone []string // perhaps
	for i, key := range keys {
		e := Entry{Key: []byte(key)}
		left, err := lives[i].Result()
		switch {
		case err != nil:
			e.NoExpires = err
		case left == -2:
			continue
		case left >= 0 && now.Err() != nil:
			e.NoExpires = now.Err()
		case left >= 0:
			e.Expires = time.Unix((now.Val().UnixMilli()+left+500)/1000, 0).UTC() // as clock.lua does it
		}
		size, err := sizes[i].Result()
		e.Bytes, e.NoBytes = int(size), err
		if e.LeftOut = w.given > 0 && size > w.given; !e.LeftOut {
			if err := w.value(ctx, &e); err != nil {
				return nil, err
			}
		}
		if e.NoExpires != nil && len(e.Value) == 0 && e.Bytes == 0 { // also what a key has that is gone
			gone = append(gone, w.s.key(e.Key))
		}
		out = append(out, e)
	}
	missing, err := conn.Gone(ctx, w.c, gone)
	return slices.DeleteFunc(out, func(e Entry) bool { return missing[w.s.key(e.Key)] }), err
}

// value reads that of a pair, no more than is given. Its size tells itself where it may not be asked for.
func (w *walk) value(ctx context.Context, e *Entry) error {
	end := int64(-1)
	if w.given > 0 {
		end = w.given // one byte more
	}
	text, err := conn.Ask(ctx, w.c, redis.NewStringCmd(ctx, "getrange", w.s.key(e.Key), 0, end))
	switch {
	case conn.Refused(err):
		e.NoValue = err
	case err != nil:
		return err
	case w.given > 0 && int64(len(text)) > w.given: // of a size that may not be asked for
		e.NoValue = cmp.Or(e.NoBytes, conn.TooLarge(int64(len(text))))
	default:
		e.Value, e.Bytes, e.NoBytes = []byte(text), len(text), nil
	}
	return nil
}
