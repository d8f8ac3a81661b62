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
		return 0, conn.Fail(opSnapshot, storageKey, err)
	}
	gen, _, err := read(conn.Ask(ctx, s.client, redis.NewStringCmd(ctx, "get", key)))
	return gen, conn.Fail(opSnapshot, key, err)
}

// SnapshotMany reads all keys in one pipeline, a round trip to each node at most, each key once; missing ones are 0.
// Keys without a generation are left out of the map and joined in the error, each by its name. Where the server cannot
// be asked at all the map is nil.
func (s *RedisGenStore) SnapshotMany(ctx context.Context, storageKeys []string) (map[string]uint64, error) {
	if err := s.usable(); err != nil {
		return nil, conn.Fail(opSnapshot, "", err)
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
	cmds, err := s.getMany(ctx, asked)
	if err != nil {
		return nil, conn.Fail(opSnapshot, "", err)
	}
	for i, cmd := range cmds {
		gen, found, err := read(cmd.Result())
		switch {
		case conn.Unreachable(err):
			return nil, conn.Fail(opSnapshot, s.prefix+asked[i], err)
		case err != nil:
			delete(gens, asked[i])
			bad = append(bad, conn.Fail(opSnapshot, s.prefix+asked[i], err))
		case found:
			gens[asked[i]] = gen
		}
	}
	return gens, errors.Join(bad...)
}

// getMany sends one GET a storage key. The keys share one piece of memory and so do the arguments, which pays for what
// SnapshotMany does beyond a bare pipeline.
func (s *RedisGenStore) getMany(ctx context.Context, storageKeys []string) ([]*redis.StringCmd, error) {
	if len(storageKeys) == 0 {
		return nil, nil
	}
	size := len(s.prefix) * len(storageKeys)
	for _, k := range storageKeys {
		size += len(k)
	}
	var keys strings.Builder
	keys.Grow(size)
	args := make([]any, 0, 2*len(storageKeys))
	cmds := make([]*redis.StringCmd, len(storageKeys))
	return cmds, conn.Pipeline(ctx, s.client, func(p redis.Pipeliner) {
		for i, k := range storageKeys {
			at := keys.Len()
			keys.WriteString(s.prefix)
			keys.WriteString(k)
			args = append(args, "get", keys.String()[at:])
			cmds[i] = redis.NewStringCmd(ctx, args[2*i:2*i+2:2*i+2]...)
			_ = p.Process(ctx, cmds[i]) // only queues
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
