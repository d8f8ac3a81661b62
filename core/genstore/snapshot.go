package genstore

import (
	"context"
	"errors"
	"slices"
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

// SnapshotMany reads many keys; missing ones are 0. On a single server, and on a cluster if the namespace has a hash
// tag, it sends one MGET; otherwise one pipeline, with at most one round trip to each node. Keys without a generation
// are left out of the map and joined in the error, each by its name. The map is nil if the server cannot be reached.
func (s *RedisGenStore) SnapshotMany(ctx context.Context, storageKeys []string) (map[string]uint64, error) {
	if err := s.usable(); err != nil {
		return nil, failed(opSnapshot, "", err)
	}
	gens := make(map[string]uint64, len(storageKeys))
	asked := storageKeys
	var bad []error
	if slices.Contains(asked, "") {
		asked = slices.DeleteFunc(slices.Clone(asked), func(k string) bool { return k == "" })
		bad = []error{conn.Fail(opSnapshot, "", ErrEmptyKey)}
	}
	keys := s.keys(asked)
	texts, err := s.together(ctx, keys)
	if err != nil {
		return nil, conn.Fail(opSnapshot, "", err)
	}
	alone := make([]int, 0, len(keys)) // those that have to be asked for by themselves, each key once
	for i, k := range asked {
		if texts != nil {
			text, there := texts[i].(string)
			if gen, err := parse(text); there && err == nil {
				gens[k] = gen
				continue
			}
		}
		if _, again := gens[k]; !again {
			gens[k] = 0
			alone = append(alone, i)
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
		gen, _, err := read(cmds[n].Result())
		switch {
		case conn.Unreachable(err):
			return nil, conn.Fail(opSnapshot, keys[i], err)
		case err != nil:
			delete(gens, asked[i])
			bad = append(bad, conn.Fail(opSnapshot, keys[i], err))
		default:
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
	args := make([]any, 1+len(keys))
	args[0] = "mget"
	for i := range keys {
		args[1+i] = &keys[i] // a string itself would cost memory of its own
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
