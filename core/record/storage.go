package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Options of a RedisStorage; the zero value is what most callers want.
type Options struct {
	// Prefix comes before the namespace in every key; empty means "rec:".
	Prefix string
	// Poll is how often a storage that has waiters looks for changes that no push told of; zero or less means 5 s.
	Poll time.Duration
}

// RedisStorage is the Storage and the Lessor of one namespace (seed 004). It is safe for concurrent use, and runs
// goroutines only while somebody waits or a lease is kept alive.
type RedisStorage struct {
	space
	c     redis.UniversalClient
	watch *watch

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
	if v := reflect.ValueOf(c); !v.IsValid() || (v.Kind() == reflect.Pointer && v.IsNil()) {
		return nil, conn.Fail("record: open", namespace, fmt.Errorf("%w: nil client", ErrBadArgument))
	}
	if namespace == "" {
		return nil, conn.Fail("record: open", "", fmt.Errorf("%w: empty namespace", ErrBadArgument))
	}
	s := &RedisStorage{c: c, space: newSpace(cmp.Or(o.Prefix, conn.DefaultPrefixes().Record), namespace)}
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

func checkKey(k Key) error {
	if k == "" {
		return fmt.Errorf("%w: empty key", ErrBadArgument)
	}
	return nil
}

// Create is Storage.Create.
func (s *RedisStorage) Create(ctx context.Context, r Record) (Version, error) {
	const op = "record: create"
	if err := checkKey(r.Key); err != nil {
		return 0, conn.Fail(op, s.base, err)
	}
	key := s.record(r.Key)
	keys := []string{s.seq, s.ix, s.exp, key}
	if r.Lease != NoLeaseId {
		keys = append(keys, s.lease(r.Lease), s.leaseKeys(r.Lease))
	}
	said, err := createScript.Run(ctx, s.c, keys, s.base, string(r.Key), []byte(r.Value), int64(r.Lease)).Result()
	if err != nil {
		return 0, conn.Fail(op, key, err)
	}
	refused := ErrWrongLeaseId
	if existing, ok := said.([]any); ok {
		said, refused = existing[0], ErrAlreadyExists
	} else if _, created := said.(string); created {
		refused = nil
	}
	v, err := version(said)
	return v, conn.Fail(op, key, cmp.Or(err, refused))
}

// Get is Storage.Get. A record met without its lease is swept on the way.
func (s *RedisStorage) Get(ctx context.Context, k Key) (Record, error) {
	r, dead, err := s.read(ctx, k)
	if dead {
		_, _, _ = s.sweep(ctx, k, sweepFew) // tidying: nobody waits for its success
	}
	return r, err
}

// read is Get without writing anything; dead tells that the record is there but its lease is not.
func (s *RedisStorage) read(ctx context.Context, k Key) (r Record, dead bool, err error) {
	const op = "record: get"
	if err := checkKey(k); err != nil {
		return Record{}, false, conn.Fail(op, s.base, err)
	}
	key := s.record(k)
	a, err := reply(getScript.Run(ctx, s.c, []string{key}, s.base+"lease:"))
	switch {
	case err != nil:
	case len(a) < 3:
		dead, err = len(a) == 1, ErrNotFound
	default:
		r, err = decode(k, a)
	}
	return r, dead, conn.Fail(op, key, err)
}

// decode reads value, version and lease.
func decode(k Key, a answer) (Record, error) {
	version, err := number("version", a.text(1))
	if err != nil {
		return Record{}, err
	}
	lease, err := number("lease", cmp.Or(a.text(2), "0"))
	if err != nil {
		return Record{}, err
	}
	return Record{Key: k, Value: Value(a.text(0)), Version: Version(version), Lease: LeaseId(lease)}, nil
}

// GetRange is Storage.GetRange.
func (s *RedisStorage) GetRange(ctx context.Context, startKey, endKey Key) (Records, error) {
	const op = "record: range"
	out := Records{}
	if startKey > endKey {
		return out, nil
	}
	a, err := reply(rangeScript.Run(ctx, s.c, []string{s.ix}, s.base, string(startKey), string(endKey)))
	if err != nil {
		return nil, conn.Fail(op, s.ix, err)
	}
	var bad []error
	for i := 1; i+4 <= len(a); i += 4 {
		k, fields := Key(a.text(i)), a[i+1:i+4]
		r, err := decode(k, fields)
		if fields[1] == nil {
			err = fmt.Errorf("%w: %s", errMalformed, fields.text(2))
		}
		if err != nil {
			bad = append(bad, conn.Fail(op, s.record(k), err))
			continue
		}
		out = append(out, r)
	}
	if dead, _ := a[0].(int64); dead > 0 {
		_, _, _ = s.sweep(ctx, "", sweepFew)
	}
	return out, errors.Join(bad...)
}

// CasByVersion is Storage.CasByVersion.
func (s *RedisStorage) CasByVersion(ctx context.Context, r Record) (Version, error) {
	const op = "record: compare and set"
	if err := checkKey(r.Key); err != nil {
		return 0, conn.Fail(op, s.base, err)
	}
	key := s.record(r.Key)
	said, err := casScript.Run(ctx, s.c, []string{s.seq, s.ix, s.exp, key}, s.base, string(r.Key), []byte(r.Value), int64(r.Version)).Result()
	if err != nil {
		return 0, conn.Fail(op, key, err)
	}
	if code, refused := said.(int64); refused {
		return 0, conn.Fail(op, key, refusal(code))
	}
	v, err := version(said)
	return v, conn.Fail(op, key, err)
}

// Delete is Storage.Delete.
func (s *RedisStorage) Delete(ctx context.Context, k Key) error { return s.remove(ctx, k, "") }

// DeleteByVersion removes a record only if its version still is v: ErrNotFound or ErrWrongVersion.
func (s *RedisStorage) DeleteByVersion(ctx context.Context, k Key, v Version) error {
	return s.remove(ctx, k, fmt.Sprint(int64(v)))
}

func (s *RedisStorage) remove(ctx context.Context, k Key, version string) error {
	const op = "record: delete"
	if err := checkKey(k); err != nil {
		return conn.Fail(op, s.base, err)
	}
	key := s.record(k)
	code, err := deleteScript.Run(ctx, s.c, []string{s.seq, s.ix, s.exp, key}, s.base, string(k), version).Int64()
	if err == nil {
		err = refusal(code)
	}
	return conn.Fail(op, key, err)
}

// version reads a script's reply; the codes of refusals, which are numbers, are no version.
func version(said any) (Version, error) {
	text, ok := said.(string)
	if !ok {
		return 0, nil
	}
	v, err := number("version", text)
	return Version(v), err
}

// refusal is what the scripts' codes mean.
func refusal(code int64) error {
	switch {
	case code < 0:
		return ErrNotFound
	case code == 0:
		return ErrWrongVersion
	}
	return nil
}

// Records that one script may sweep: besides a reading, and where sweeping is its only work.
const (
	sweepFew  = 100
	sweepMost = 1000
)

// sweep removes what expired leases left, and the record k ("": none) if its lease is gone. It returns the namespace's
// counter and how long until the next deadline, negative if there is none.
func (s *RedisStorage) sweep(ctx context.Context, k Key, most int) (counter int64, next time.Duration, err error) {
	keys := []string{s.seq, s.ix, s.exp}
	if k != "" {
		keys = append(keys, s.record(k))
	}
	a, err := reply(sweepScript.Run(ctx, s.c, keys, s.base, string(k), most))
	if err != nil {
		return 0, 0, conn.Fail("record: sweep", s.exp, err)
	}
	counter, err = number("counter", a.text(0))
	ms, _ := a[1].(int64)
	return counter, time.Duration(ms) * time.Millisecond, conn.Fail("record: sweep", s.seq, err)
}
