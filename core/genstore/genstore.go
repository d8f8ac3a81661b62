// Package genstore holds generation counters: numbers that only rise, by which a cache tells stale entries from current
// ones. It keeps them in this process or in Redis, under gen:<namespace>:<key> as plain decimals, and lists those in
// Redis as rows. The cache itself never lives here.
//
// The layout is that of cascache v0.3.2, whose storage key single:user:42 of namespace user lies at
// gen:user:single:user:42; both may work on the same counters. A namespace is any text, also one with colons.
package genstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// GenStore abstracts where generations live (seed 001, cascache's genstore). Storage keys are any non-empty bytes.
type GenStore interface {
	// Snapshot returns the current generation; missing => 0.
	Snapshot(ctx context.Context, storageKey string) (uint64, error)
	// SnapshotMany returns the generations of many keys, each once; missing => 0. Unreadable keys are left out of the map and
	// named in the error, which may come beside a map of the others.
	SnapshotMany(ctx context.Context, storageKeys []string) (map[string]uint64, error)
	// Bump atomically increments and returns the new generation.
	Bump(ctx context.Context, storageKey string) (uint64, error)
	// Cleanup prunes generations that were not bumped for the retention (no-op for Redis).
	Cleanup(retention time.Duration)
	// Close releases resources; further calls change nothing.
	Close(context.Context) error
}

var (
	// ErrNilRedisClient, returned bare (==), is the error of every operation of a store without a client, or with a nil
	// pointer as its client.
	ErrNilRedisClient = errors.New("redis genstore: nil client")
	// ErrEmptyKey (wrapped; use errors.Is): the storage key is empty.
	ErrEmptyKey = errors.New("empty storage key")
	// ErrNotGeneration (wrapped; use errors.Is): the key holds something other than a plain decimal from 0 to the
	// maximum of int64.
	ErrNotGeneration = errors.New("not a number")
	// ErrExhausted (wrapped; use errors.Is): the generation is at 9223372036854775807 and cannot be bumped.
	ErrExhausted = errors.New("the generation is at its maximum")
)

// The operations as errors name them.
const (
	opBump     = "genstore: bump"
	opSnapshot = "genstore: snapshot"
	opRead     = "genstore: read"
)

// parse reads a stored generation: what INCR would accept and that is not negative.
func parse(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || (text[0] == '0' && len(text) > 1) {
		return 0, ErrNotGeneration
	}
	return n, nil
}

// failed is conn.Fail, which leaves ErrNilRedisClient bare as the published package does.
func failed(op, key string, err error) error {
	if err == ErrNilRedisClient {
		return err
	}
	return conn.Fail(op, key, err)
}

// explain marks a key of another type as ErrNotGeneration, too.
func explain(err error) error {
	if redis.HasErrorPrefix(err, "WRONGTYPE") {
		return fmt.Errorf("%w: %w", ErrNotGeneration, err)
	}
	return err
}
