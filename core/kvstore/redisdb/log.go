package redisdb

import (
	"context"
	"errors"
	"strconv"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore/redisdb/internal/logentry"
)

// reading is a part of the log and what it is to be judged by.
type reading struct {
	epoch, seq, history string // as stored; empty: not there
	entries             []logentry.Entry
}

// readLog reads entries from a number up, in one trip and of one moment. Where the server refuses that, because a slot moves
// or the user may not send MULTI, the parts are read one by one, the last number before the log and what else tells that
// it is still the same log behind it: neither comes back once it has gone.
func (s *Store) readLog(ctx context.Context, from uint64, most int) (r reading, err error) {
	first := strconv.FormatUint(from, 10) + "-0"
	var epoch, seq, history *redis.StringCmd
	log := redis.NewRawCmd(ctx, "xrange", s.log, first, "+", "count", most)
	err = conn.Atomically(ctx, s.c, func(p redis.Pipeliner) {
		epoch, seq, history = p.Get(ctx, s.epochKey), p.Get(ctx, s.seq), p.Get(ctx, s.history)
		_ = p.Process(ctx, log) // only queued
	})
	if err == nil {
		r.epoch, r.seq, r.history = epoch.Val(), seq.Val(), history.Val()
		r.entries, err = logentry.FromRaw(log.Val())
	}
	if !refused(err) {
		return r, err
	}
	if r.seq, err = s.text(ctx, s.seq); err != nil {
		return r, err
	}
	said, err := conn.Ask(ctx, s.c, redis.NewXMessageSliceCmd(ctx, "xrange", s.log, first, "+", "count", most))
	if err != nil {
		return r, err
	}
	if r.entries, err = logentry.FromMessages(said); err != nil {
		return r, err
	}
	if r.epoch, err = s.text(ctx, s.epochKey); err != nil {
		return r, err
	}
	r.history, err = s.text(ctx, s.history)
	return r, err
}

// refused tells whether the server answered with an error.
func refused(err error) bool {
	_, said := errors.AsType[redis.Error](err)
	return said && err != redis.Nil
}

// text is the value of a key; empty if it is not there.
func (s *Store) text(ctx context.Context, key string) (string, error) {
	text, err := conn.Ask(ctx, s.c, redis.NewStringCmd(ctx, "get", key))
	if err == redis.Nil {
		return "", nil
	}
	return text, err
}
