package actorstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// LockRow is one held lock as a table shows it.
type LockRow struct {
	Key     string
	Token   string    // arbitrary bytes, unless TokenErr is set
	Expires time.Time // on our clock; zero: never, unless ExpiresErr is set
	Fence   int64     // the last number minted for this key; 0: none, unless FenceErr is set

	TokenErr   error // why Token is not known
	ExpiresErr error // why Expires is not known
	FenceErr   error // why Fence is not known

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
		sameText(r.TokenErr, other.TokenErr) && sameText(r.ExpiresErr, other.ExpiresErr) && sameText(r.FenceErr, other.FenceErr) &&
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

// sameText compares errors by what they say, since each read makes its own anew.
func sameText(a, b error) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Error() == b.Error()
}

// Read reads the locks that are held. Fields that the server refused to answer are marked as not known, with the
// reason; if neither token nor time to live is known, a second pipeline asks whether the lock is held.
func (r *LockRows) Read(ctx context.Context, ids []string) ([]*LockRow, error) {
	const op = "actorstore: read lock"
	if len(ids) == 0 {
		return nil, nil
	}
	type answer struct {
		token, fence *redis.StringCmd
		ttl          *redis.IntCmd
	}
	answers := make([]answer, len(ids))
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			answers[i] = answer{p.GetRange(ctx, id, 0, conn.MaxUnasked), p.GetRange(ctx, counterOf(id), 0, conn.MaxNumber-1), conn.PTTL(ctx, p, id)}
		}
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	now := time.Now()
	rows := make([]*LockRow, 0, len(ids))
	var doubtful []string
	for i, a := range answers {
		row := &LockRow{Key: ids[i]}
		token, err := a.token.Result()
		ttl, ttlErr := a.ttl.Result()
		switch {
		case ttlErr == nil && ttl == -2, ttlErr != nil && err == nil && token == "": // gone, or gone in between
			continue
		case conn.Refused(err):
			if row.TokenErr = err; ttlErr != nil {
				doubtful = append(doubtful, ids[i])
			}
		case err != nil:
			row.bad = &conn.OpError{Op: op, Key: ids[i], Err: asRecord(err)}
		case len(token) > conn.MaxUnasked:
			row.bad = &conn.OpError{Op: op, Key: ids[i], Err: conn.ErrTooLarge}
		default:
			row.Token = token
		}
		if row.ExpiresErr = ttlErr; ttlErr == nil {
			row.Expires = conn.Deadline(now, ttl)
		} else if !conn.Refused(ttlErr) && row.bad == nil {
			row.bad = &conn.OpError{Op: op, Key: ids[i], Err: ttlErr}
		}
		row.Fence, row.FenceErr = fenceOf(a.fence)
		rows = append(rows, row)
	}
	gone, err := conn.Gone(ctx, r.c, doubtful)
	return slices.DeleteFunc(rows, func(row *LockRow) bool { return gone[row.Key] }), conn.Fail(op, "", err)
}

// fenceOf is the number in a lock's counter; 0 where it has none.
func fenceOf(counter *redis.StringCmd) (int64, error) {
	text, err := counter.Result()
	if err != nil || text == "" {
		return 0, asRecord(err)
	}
	fence, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: the fence counter holds no number", ErrBadRecord)
	}
	return fence, nil
}

// Inspect reads the lock's token.
func (r *LockRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return inspect(ctx, r.c, "actorstore: inspect lock", id)
}
