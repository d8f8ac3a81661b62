package genstore

import (
	"cmp"
	"context"
	_ "embed" // bump.lua
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// RedisGenStoreOptions describe a RedisGenStore (seed 001). Client is required.
type RedisGenStoreOptions struct {
	Client    redis.UniversalClient
	Namespace string
	// TTL is how long a counter lives after its last bump, kept to the millisecond and rounded up. Zero or less leaves
	// the life of a counter as it is: new ones do not expire.
	TTL         time.Duration
	CloseClient bool // the store owns the client: Close closes it
	// Prefix comes before the namespace in every key; empty means "gen:".
	Prefix string
	// StartFromTime starts new counters from the server's time in microseconds rather than from 1, so that a counter
	// which has expired or was deleted never repeats a generation while the server's clock does not run backward.
	StartFromTime bool
}

// RedisGenStore shares generations among processes (seed 001). Every bump is one atomic script that takes effect at
// most once, whatever the client's retry settings: after a transport error (conn.Unreachable) the generation was raised
// by one or not at all. A snapshot is never behind an acknowledged bump, unless the client reads from replicas.
//
// An expired counter reads 0 and, without StartFromTime, its next bump repeats 1.
type RedisGenStore struct {
	client redis.UniversalClient
	prefix string // of every key, the namespace included
	args   []any  // of bump.lua
	close  func() error
	broken error // why no operation can work
	// oneSlot tells that any keys of the store can be read by one command.
	oneSlot bool
}

// NewRedisGenStore makes a store whose counters do not expire. With a nil client every operation returns
// ErrNilRedisClient.
func NewRedisGenStore(client redis.UniversalClient, namespace string) *RedisGenStore {
	return newRedis(RedisGenStoreOptions{Client: client, Namespace: namespace})
}

// NewRedisGenStoreWithTTL makes a store whose counters expire ttl after their last bump; see RedisGenStoreOptions.TTL.
func NewRedisGenStoreWithTTL(client redis.UniversalClient, namespace string, ttl time.Duration) *RedisGenStore {
	return newRedis(RedisGenStoreOptions{Client: client, Namespace: namespace, TTL: ttl})
}

// NewRedisGenStoreWithOptions makes a store from options, or returns ErrNilRedisClient.
func NewRedisGenStoreWithOptions(opts RedisGenStoreOptions) (*RedisGenStore, error) {
	s := newRedis(opts)
	if s.broken != nil {
		return nil, s.broken
	}
	return s, nil
}

func newRedis(o RedisGenStoreOptions) *RedisGenStore {
	s := &RedisGenStore{client: o.Client, close: func() error { return nil }}
	s.prefix = cmp.Or(o.Prefix, KeyPrefix.Usual) + o.Namespace + ":"
	if conn.IsNil(o.Client) {
		s.broken = ErrNilRedisClient
		return s
	}
	s.oneSlot = conn.SingleServer(o.Client) || conn.Tagged(s.prefix)
	if o.CloseClient {
		s.close = sync.OnceValue(o.Client.Close)
	}
	if o.TTL > 0 || o.StartFromTime {
		s.args = append(s.args, milliseconds(o.TTL))
	}
	if o.StartFromTime {
		s.args = append(s.args, "time")
	}
	return s
}

// milliseconds rounds up, so that no positive duration becomes none.
func milliseconds(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64((d-1)/time.Millisecond) + 1
}

// key builds the Redis key, or says why there is none.
func (s *RedisGenStore) key(storageKey string) (string, error) {
	if err := s.usable(); err != nil {
		return "", err
	}
	if storageKey == "" {
		return "", ErrEmptyKey
	}
	return s.prefix + storageKey, nil
}

func (s *RedisGenStore) usable() error {
	if s == nil {
		return ErrNilRedisClient
	}
	return s.broken
}

// Bump adds one to the generation and returns it; with a TTL the same write extends the counter's life.
// ErrNotGeneration, ErrExhausted: the counter cannot be raised, and nothing was written.
func (s *RedisGenStore) Bump(ctx context.Context, storageKey string) (uint64, error) {
	key, err := s.key(storageKey)
	if err != nil {
		return 0, failed(opBump, storageKey, err)
	}
	return bump(ctx, s.client, key, s.args...)
}

func bump(ctx context.Context, c redis.UniversalClient, key string, args ...any) (uint64, error) {
	n, err := bumpScript.Run(ctx, c, []string{key}, args...).Int64()
	switch {
	case err != nil:
		err = explain(err)
	case n == -1:
		err = ErrNotGeneration
	case n == -2:
		err = ErrExhausted
	default:
		return uint64(n), nil
	}
	return 0, conn.Fail(opBump, key, err)
}

//go:embed lua/bump.lua
var bumpText string

var bumpScript = conn.NewScript(bumpText)

// Cleanup does nothing: Redis expires counters by itself.
func (s *RedisGenStore) Cleanup(time.Duration) {}

// Close closes the client if the store owns it, once; further calls return what the first did.
func (s *RedisGenStore) Close(context.Context) error {
	if s == nil {
		return nil
	}
	return s.close()
}
