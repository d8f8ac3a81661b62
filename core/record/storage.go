package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Options of a RedisStorage; the zero value is what most callers want.
type Options struct {
	// Prefix comes before the namespace in every key; empty means "rec:".
	Prefix string
	// Poll is how often a storage with waiters looks for changes that no push announced; zero or less means 5 s.
	Poll time.Duration
}

// RedisStorage is the Storage and the Lessor of one namespace (seed 004). It is safe for concurrent use, and runs
// goroutines only while somebody waits or a lease is kept alive.
type RedisStorage struct {
	space
	c       redis.UniversalClient
	watch   *watch
	counter atomic.Int64 // the namespace's as last heard of; a guess
	plain   atomic.Bool  // the user may run no scripts
	tidying sync.Mutex

	life context.Context // ends with Close
	end  context.CancelFunc
	mu   sync.Mutex // orders starts of goroutines before Close
	busy sync.WaitGroup
}

var (
	_ Storage = (*RedisStorage)(nil)
	_ Lessor  = (*RedisStorage)(nil)
)

// New opens a namespace: any bytes, but not none (ErrBadArgument). It sends nothing. The client stays the caller's.
func New(c redis.UniversalClient, namespace string, o Options) (*RedisStorage, error) {
	if conn.IsNil(c) {
		return nil, conn.Fail("record: open", namespace, fmt.Errorf("%w: nil client", ErrBadArgument))
	}
	if namespace == "" {
		return nil, conn.Fail("record: open", "", fmt.Errorf("%w: empty namespace", ErrBadArgument))
	}
	s := &RedisStorage{c: c, space: newSpace(cmp.Or(o.Prefix, KeyPrefix.Usual), namespace)}
	s.life, s.end = context.WithCancel(context.Background())
	every := o.Poll
	if every <= 0 {
		every = 5 * time.Second
	}
	s.watch = newWatch(s, every)
	return s, nil
}

// Close ends all waits (ErrClosed) and stops keeping leases alive, which then live until their deadlines. It returns
// when no goroutine of the storage is left. The client stays open.
func (s *RedisStorage) Close() error {
	s.mu.Lock()
	s.end()
	s.mu.Unlock()
	s.busy.Wait()
	return nil
}

// run starts a goroutine that Close waits for, unless the storage is closed.
func (s *RedisStorage) run(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return false
	}
	s.busy.Go(f)
	return true
}

// Lessor returns the storage itself.
func (s *RedisStorage) Lessor() Lessor { return s }

// check refuses what no call can be made with.
func check(ctx context.Context, keys ...Key) error {
	if ctx == nil {
		return fmt.Errorf("%w: nil context", ErrBadArgument)
	}
	for _, k := range keys {
		if k == "" {
			return fmt.Errorf("%w: empty key", ErrBadArgument)
		}
	}
	return nil
}

// Create is Storage.Create.
func (s *RedisStorage) Create(ctx context.Context, r Record) (Version, error) {
	const op = "record: create"
	if err := check(ctx, r.Key); err != nil {
		return 0, conn.Fail(op, s.base, err)
	}
	key := s.record(r.Key)
	keys := []string{s.seq, s.exp, s.ix, key}
	if r.Lease != NoLeaseId {
		keys = append(keys, s.leaseKeys(r.Lease))
	}
	said, due, err := outcome(createScript.Run(ctx, s.c, keys, s.channel, string(r.Key), []byte(r.Value), int64(r.Lease)))
	if err != nil {
		return 0, conn.Fail(op, key, err)
	}
	s.tidy(ctx, due)
	text, _ := said.(string)
	if existing, is := strings.CutPrefix(text, "="); is {
		v, err := number("version", existing)
		return Version(v), conn.Fail(op, key, cmp.Or(err, ErrAlreadyExists))
	}
	if text == "" {
		return 0, conn.Fail(op, key, ErrWrongLeaseId)
	}
	v, err := s.counted(text)
	return v, conn.Fail(op, key, err)
}

// CasByVersion is Storage.CasByVersion.
func (s *RedisStorage) CasByVersion(ctx context.Context, r Record) (Version, error) {
	const op = "record: compare and set"
	if err := check(ctx, r.Key); err != nil {
		return 0, conn.Fail(op, s.base, err)
	}
	key := s.record(r.Key)
	said, due, err := outcome(casScript.Run(ctx, s.c, []string{s.seq, s.exp, key}, s.channel, string(r.Key), []byte(r.Value), int64(r.Version)))
	if err != nil {
		return 0, conn.Fail(op, key, err)
	}
	s.tidy(ctx, due)
	text, changed := said.(string)
	if !changed {
		return 0, conn.Fail(op, key, refusal(said))
	}
	v, err := s.counted(text)
	return v, conn.Fail(op, key, err)
}

// Delete is Storage.Delete. A record with a lease takes two trips: what the lease has to forget is found in the first.
func (s *RedisStorage) Delete(ctx context.Context, k Key) error { return s.remove(ctx, k, "") }

// DeleteByVersion removes a record only if its version still is v: ErrNotFound or ErrWrongVersion.
func (s *RedisStorage) DeleteByVersion(ctx context.Context, k Key, v Version) error {
	return s.remove(ctx, k, fmt.Sprint(int64(v)))
}

// attempts bounds how often a call begins anew because what it had read was changed meanwhile.
const attempts = 10

var errBusy = errors.New("it is changed faster than it can be read")

func (s *RedisStorage) remove(ctx context.Context, k Key, version string) error {
	const op = "record: delete"
	if err := check(ctx, k); err != nil {
		return conn.Fail(op, s.base, err)
	}
	key, lease := s.record(k), ""
	keys := []string{s.seq, s.exp, s.ix, key}
	for range attempts {
		said, due, err := outcome(deleteScript.Run(ctx, s.c, keys, s.channel, string(k), version, lease))
		if err != nil {
			return conn.Fail(op, key, err)
		}
		s.tidy(ctx, due)
		var depends bool
		if lease, depends = said.(string); !depends {
			return conn.Fail(op, key, refusal(said))
		}
		id := leaseID(lease)
		if id == NoLeaseId {
			return conn.Fail(op, key, fmt.Errorf("%w: lease %q", errMalformed, lease))
		}
		keys = append(keys[:4], s.leaseKeys(id))
	}
	return conn.Fail(op, key, errBusy)
}

// counted reads the version that a script has given.
func (s *RedisStorage) counted(text string) (Version, error) {
	v, err := number("version", text)
	if err == nil {
		s.counter.Store(v)
	}
	return Version(v), err
}

// refusal is what the scripts' codes mean.
func refusal(said any) error {
	switch code, _ := said.(int64); {
	case code < 0:
		return ErrNotFound
	case code == 0:
		return ErrWrongVersion
	}
	return nil
}
