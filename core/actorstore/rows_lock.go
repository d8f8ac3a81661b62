package actorstore

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// LockRow is one held lock as a table shows it.
type LockRow struct {
	Key     string
	Token   string    // arbitrary bytes
	Expires time.Time // on our clock; zero: never
	Fence   int64     // the last number minted for this key; 0: not known

	bad problem
}

// ID is the lock's whole key.
func (r *LockRow) ID() string { return r.Key }

// Problem is why the record cannot be read; nil for a good row.
func (r *LockRow) Problem() error {
	if r.bad == nil {
		return nil
	}
	return r.bad
}

// Deadline is when the row ends or changes by itself; zero: never.
func (r *LockRow) Deadline() time.Time { return r.Expires }

// Equal tells whether both rows say the same; ends within 500 ms are the same.
func (r *LockRow) Equal(other *LockRow) bool {
	return r.Key == other.Key && r.Token == other.Token && r.Fence == other.Fence && sameProblem(r.bad, other.bad) &&
		r.Expires.IsZero() == other.Expires.IsZero() && r.Expires.Sub(other.Expires).Abs() <= 500*time.Millisecond
}

// LockRows reads the locks whose keys start with one prefix. AcquireLock takes any key; those elsewhere are not listed.
type LockRows struct {
	c      redis.UniversalClient
	prefix string
}

// NewLockRows reads locks under prefix, such as "lock:".
func NewLockRows(c redis.UniversalClient, prefix string) *LockRows { return &LockRows{c, prefix} }

// Patterns are the SCAN patterns of the locks' keys and their counters'.
func (r *LockRows) Patterns() []string {
	prefix := conn.EscapeGlob(r.prefix)
	return []string{prefix + "*", "{" + prefix + "*:fence"}
}

// Identify tells which lock a key belongs to, as the lock itself or as the counter of its fencing numbers.
func (r *LockRows) Identify(key string) (id string, ok bool) {
	if lock, is := lockOf(key); is {
		key = lock
	}
	return key, strings.HasPrefix(key, r.prefix)
}

// Keys are the lock and the counter of its fencing numbers, which outlives it.
func (r *LockRows) Keys(id string) []string { return []string{id, counterOf(id)} }

// Read reads the locks that are held.
func (r *LockRows) Read(ctx context.Context, ids []string) ([]*LockRow, error) {
	const op = "actorstore: read lock"
	if len(ids) == 0 {
		return nil, nil
	}
	type answer struct {
		token, fence *redis.StringCmd
		ttl          *redis.DurationCmd
	}
	answers := make([]answer, len(ids))
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			answers[i] = answer{p.GetRange(ctx, id, 0, conn.MostUnasked), p.GetRange(ctx, counterOf(id), 0, conn.NumberMost-1), p.PTTL(ctx, id)}
		}
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	now := time.Now()
	rows := make([]*LockRow, 0, len(ids))
	for i, a := range answers {
		row := &LockRow{Key: ids[i]}
		token, err := a.token.Result()
		ttl := a.ttl.Val()
		switch {
		case ttl == -2: // gone, or gone in between
			continue
		case err != nil:
			row.bad = &conn.OpError{Op: op, Key: ids[i], Err: asRecord(err)}
		case len(token) > conn.MostUnasked:
			row.bad = &conn.OpError{Op: op, Key: ids[i], Err: conn.ErrTooLarge}
		default:
			row.Token = token
		}
		if ttl >= 0 {
			row.Expires = now.Add(ttl)
		}
		row.Fence, _ = a.fence.Int64() // a counter that cannot be read is one that is not known
		rows = append(rows, row)
	}
	return rows, nil
}

// Inspect reads the lock's token.
func (r *LockRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return inspect(ctx, r.c, "actorstore: inspect lock", id)
}
