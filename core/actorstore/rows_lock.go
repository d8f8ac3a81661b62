package actorstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/fencing"
	"holdfast/core/actorstore/internal/sentinel"
	"holdfast/core/actorstore/internal/store"
	"holdfast/core/conn"
	"holdfast/core/kind"
)

var lockSchema = kind.NewSchema(ErrBadRecord, conn.ErrTooLarge)

// LockColumns are the columns of a lock that is held. Its ID is the whole key.
var LockColumns = struct {
	Token   kind.Text // arbitrary bytes
	Expires kind.Time // zero: never
	Fence   kind.Int  // the last number minted for the key; 0: none
	Layout  kind.Text // the layout that the lock was read by (package layout); empty: a lock of ours
	Holder  kind.Text // who holds it, where a layout tells
	Since   kind.Time // since when, where a layout tells
	Seen    kind.Time // when it was first read with this token, as far as readings tell; on our clock
}{
	Token: lockSchema.Text("token"), Expires: lockSchema.Deadline("ttl_ms"), Fence: lockSchema.Int("fence"),
	Layout: lockSchema.Word("layout"), Holder: lockSchema.Text("holder"), Since: lockSchema.Time("held_since"),
	Seen: lockSeen(),
}

// lockSeen makes the column that is no part of what a lock means.
func lockSeen() kind.Time {
	seen := lockSchema.Time("seen")
	lockSchema.Aside(seen.Column)
	return seen
}

// followLock takes over when a token was first seen.
func followLock(old, r kind.Row) kind.Row {
	c := &LockColumns
	if r.Bad() || old.Bad() || c.Token.Err(r) != nil || c.Token.Of(r) != c.Token.Of(old) || c.Seen.Of(old).IsZero() {
		return r
	}
	b := lockSchema.Builder(1)
	b.Copy(r)
	c.Seen.Set(b, c.Seen.Of(old))
	return b.Rows()[0]
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
	if lock, is := fencing.Lock(key); is {
		key = lock
	}
	return key, strings.HasPrefix(key, r.prefix)
}

// Keys are the lock and the counter of its fencing numbers, which outlives it.
func (r *LockRows) Keys(id string) []string { return []string{id, fencing.Counter(id)} }

// Kind is the kind "locks".
func (r *LockRows) Kind() kind.Kind {
	return kind.Kind{Name: "locks", Schema: lockSchema, Source: r, Follow: followLock}
}

// Read reads rows of LockColumns for the locks that are held. Columns that the server refused to answer are marked as not
// known, with the reason; if neither token nor time to live is known, a second pipeline asks whether the lock is held.
func (r *LockRows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
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
			answers[i] = answer{p.GetRange(ctx, id, 0, conn.MaxUnasked), p.GetRange(ctx, fencing.Counter(id), 0, conn.MaxNumber-1), conn.PTTL(ctx, p, id)}
		}
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	now, c := time.Now(), &LockColumns
	b := lockSchema.Builder(len(ids))
	var doubtful []string
	for i, a := range answers {
		token, err := a.token.Result()
		ttl, ttlErr := a.ttl.Result()
		if ttlErr == nil && ttl == -2 || ttlErr != nil && err == nil && token == "" { // gone, or gone in between
			continue
		}
		b.Row(ids[i])
		if ttlErr != nil && !conn.Refused(ttlErr) {
			b.Bad(conn.Fail(op, ids[i], ttlErr))
		}
		switch {
		case conn.Refused(err):
			if c.Token.Unknown(b, err); ttlErr != nil {
				doubtful = append(doubtful, ids[i])
			}
		case err != nil:
			b.Bad(conn.Fail(op, ids[i], sentinel.AsRecord(err)))
		case len(token) > conn.MaxUnasked:
			b.Bad(conn.Fail(op, ids[i], conn.ErrTooLarge))
		default:
			c.Token.Set(b, token)
		}
		if c.Expires.Unknown(b, ttlErr); ttlErr == nil {
			c.Expires.Set(b, conn.Deadline(now, ttl))
		}
		c.Seen.Set(b, now)
		fence, err := fenceOf(a.fence)
		c.Fence.Set(b, fence)
		c.Fence.Unknown(b, err)
	}
	gone, err := conn.Gone(ctx, r.c, doubtful)
	return slices.DeleteFunc(b.Rows(), func(row kind.Row) bool { return gone[row.ID()] }), conn.Fail(op, "", err)
}

// fenceOf is the number in a lock's counter; 0 where it has none.
func fenceOf(counter *redis.StringCmd) (int64, error) {
	text, err := counter.Result()
	if err != nil || text == "" {
		return 0, sentinel.AsRecord(err)
	}
	fence, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: the fence counter holds no number", ErrBadRecord)
	}
	return fence, nil
}

// Inspect reads the lock's token.
func (r *LockRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return store.Inspect(ctx, r.c, "actorstore: inspect lock", id)
}
