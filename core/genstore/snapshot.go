package genstore

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Snapshot returns the generation, 0 if there is none, or ErrNotGeneration.
func (s *RedisGenStore) Snapshot(ctx context.Context, storageKey string) (uint64, error) {
	key, err := s.key(storageKey)
	if err != nil {
		return 0, failed(opSnapshot, storageKey, err)
	}
	gen, _, err := read(conn.Ask(ctx, s.client, redis.NewStringCmd(ctx, "get", key)))
	return gen, conn.Fail(opSnapshot, key, err)
}

// SnapshotMany reads each key once; missing ones are 0. On a single server, and in a cluster where the namespace has a hash
// tag, that is one MGET; else one pipeline, a round trip to each node at most. Keys without a generation are left out of
// the map and joined in the error, each by its name. Where the server cannot be asked at all the map is nil.
func (s *RedisGenStore) SnapshotMany(ctx context.Context, storageKeys []string) (map[string]uint64, error) {
	if err := s.usable(); err != nil {
		return nil, failed(opSnapshot, "", err)
	}
	gens := make(map[string]uint64, len(storageKeys))
	asked := make([]string, 0, len(storageKeys)) // has exactly the keys of gens
	var bad []error
	for _, k := range storageKeys {
		if k == "" {
			bad = []error{conn.Fail(opSnapshot, k, ErrEmptyKey)}
		} else if gens[k] = 0; len(gens) > len(asked) {
			asked = append(asked, k)
		}
	}
	keys := s.keys(asked)
	texts, err := s.together(ctx, keys)
	if err != nil {
		return nil, conn.Fail(opSnapshot, "", err)
	}
	alone := make([]int, 0, len(keys)) // those that have to be asked for by themselves
	for i := range keys {
		if texts == nil || texts[i] == nil {
			alone = append(alone, i)
			continue
		}
		text, _ := texts[i].(string)
		if gens[asked[i]], err = parse(text); err != nil {
			delete(gens, asked[i])
			bad = append(bad, conn.Fail(opSnapshot, keys[i], err))
		}
	}
	if texts != nil && s.allMissing(ctx, keys, alone) {
		return gens, errors.Join(bad...)
	}
	cmds, err := s.getMany(ctx, keys, alone)
	if err != nil {
		return nil, conn.Fail(opSnapshot, "", err)
	}
	for n, i := range alone {
		gen, found, err := read(cmds[n].Result())
		switch {
		case conn.Unreachable(err):
			return nil, conn.Fail(opSnapshot, keys[i], err)
		case err != nil:
			delete(gens, asked[i])
			bad = append(bad, conn.Fail(opSnapshot, keys[i], err))
		case found:
			gens[asked[i]] = gen
		}
	}
	return gens, errors.Join(bad...)
}

// keys are the Redis keys of storage keys, in one piece of memory.
func (s *RedisGenStore) keys(storageKeys []string) []string {
	size := len(s.prefix) * len(storageKeys)
	for _, k := range storageKeys {
		size += len(k)
	}
	var all strings.Builder
	all.Grow(size)
	keys := make([]string, len(storageKeys))
	for i, k := range storageKeys {
		at := all.Len()
		all.WriteString(s.prefix)
		all.WriteString(k)
		keys[i] = all.String()[at:]
	}
	return keys
}

// together asks for all keys with one MGET, where one server has them all. What it answers with nil may be missing or of
// another type. No texts: it cannot be asked so, may not, or the keys are on the move.
func (s *RedisGenStore) together(ctx context.Context, keys []string) (texts []any, err error) {
	if len(keys) < 2 || !s.oneSlot {
		return nil, nil
	}
	args := make([]any, 0, 1+len(keys))
	args = append(args, "mget")
	for _, k := range keys {
		args = append(args, k)
	}
	texts, err = conn.AskNow(ctx, s.client, redis.NewSliceCmd(ctx, args...))
	if _, refused := errors.AsType[redis.Error](err); refused {
		return nil, nil
	}
	return texts, err
}

// allMissing tells whether none of the keys that MGET answered with nil is there.
func (s *RedisGenStore) allMissing(ctx context.Context, keys []string, which []int) bool {
	if len(which) == 0 {
		return true
	}
	args := make([]any, 0, 1+len(which))
	args = append(args, "exists")
	for _, i := range which {
		args = append(args, keys[i])
	}
	there, err := conn.AskNow(ctx, s.client, redis.NewIntCmd(ctx, args...))
	return err == nil && there == 0
}

// getMany sends one GET for each of the keys at which. Their arguments share one piece of memory.
func (s *RedisGenStore) getMany(ctx context.Context, keys []string, which []int) ([]*redis.StringCmd, error) {
	if len(which) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 2*len(which))
	cmds := make([]*redis.StringCmd, len(which))
	return cmds, conn.Pipeline(ctx, s.client, func(p redis.Pipeliner) {
		for n, i := range which {
			args = append(args, "get", keys[i])
			cmds[n] = redis.NewStringCmd(ctx, args[2*n:2*n+2:2*n+2]...)
			_ = p.Process(ctx, cmds[n]) // only queues
		}
	})
}

// read takes the generation out of a GET's reply; what is not found is generation 0.
func read(text string, err error) (gen uint64, found bool, _ error) {
	switch {
	case err == redis.Nil:
		return 0, false, nil
	case err != nil:
		return 0, false, explain(err)
	}
	gen, err = parse(text)
	return gen, true, err
}
