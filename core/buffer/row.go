package buffer

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Row is what a dashboard shows of one buffer or batch.
type Row struct {
	Store       string    // of a foreign key: the key itself
	PreparedMS  int64     // timestamp of a batch; 0: live
	Count       int64     // records, unless CountErr is set
	Bytes       int64     // sum of their lengths, unless BytesErr is set
	Keys        int64     // distinct member names, unless KeysErr is set
	FirstWrite  time.Time // the server's, in UTC, unless FirstWriteErr is set
	Locked      bool      // unless LockErr is set
	LockToken   string    // what Unlock needs, unless TokenErr is set
	LockExpires time.Time // on our clock; zero: never, unless ExpiresErr is set

	CountErr      error // why Count is not known
	BytesErr      error // why Bytes is not known
	KeysErr       error // why Keys is not known
	FirstWriteErr error // why FirstWrite is not known
	LockErr       error // why nothing is known of the lock; TokenErr and ExpiresErr are set with it
	TokenErr      error // why LockToken is not known
	ExpiresErr    error // why LockExpires is not known

	id  string
	err error
}

// ID is what Identify gives for the row's keys.
func (r *Row) ID() string { return r.id }

// Problem says what is wrong with the row (ErrCorrupt, ErrForeign); nil for a good one.
func (r *Row) Problem() error { return r.err }

// Deadline is when the row ends or changes by itself; zero: never.
func (r *Row) Deadline() time.Time { return r.LockExpires }

// Equal tells whether two rows mean the same; deadlines within half a second do.
func (r *Row) Equal(other *Row) bool {
	a, b := *r, *other
	same := a.LockExpires.IsZero() == b.LockExpires.IsZero() && a.LockExpires.Sub(b.LockExpires).Abs() <= 500*time.Millisecond
	same = same && a.FirstWrite.Equal(b.FirstWrite)
	a.LockExpires, a.FirstWrite = b.LockExpires, b.FirstWrite
	for i, why := range a.errors() { // each reading makes its own anew
		other := b.errors()[i]
		same = same && text(*why) == text(*other)
		*why = *other
	}
	return same && a == b
}

func (r *Row) errors() []*error {
	return []*error{&r.err, &r.CountErr, &r.BytesErr, &r.KeysErr, &r.FirstWriteErr, &r.LockErr, &r.TokenErr, &r.ExpiresErr}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// question is what is asked about one row in a pipeline.
type question struct {
	id, escaped string
	at          int64
	base        string
	foreign     *redis.IntCmd // set for a foreign key, the rest for a buffer

	count, keys, left   *redis.IntCmd
	bytes, first, token *redis.StringCmd
}

func (r *Rows) ask(ctx context.Context, p redis.Pipeliner, id string) question {
	escaped, at, ok := r.locate(id)
	if !ok {
		return question{id: id, foreign: p.Exists(ctx, id)}
	}
	base := r.baseOf(escaped, at)
	return question{
		id: id, escaped: escaped, at: at, base: base,
		count: p.LLen(ctx, base+list), keys: p.SCard(ctx, base+keys),
		bytes: p.GetRange(ctx, base+size, 0, conn.MaxNumber-1), first: p.GetRange(ctx, base+ts, 0, conn.MaxNumber-1),
		token: p.GetRange(ctx, base+lock, 0, conn.MaxUnasked), left: conn.PTTL(ctx, p, base+lock),
	}
}

// row reads the answers that came at the given time; nil if there is no such row.
func (q question) row(now time.Time) *Row {
	const op = "buffer: row"
	if q.foreign != nil {
		if q.foreign.Err() == nil && q.foreign.Val() == 0 {
			return nil
		}
		return &Row{Store: q.id, id: q.id, err: conn.Fail(op, q.id, ErrForeign)}
	}
	r := &Row{PreparedMS: q.at, Count: q.count.Val(), Keys: q.keys.Val(), id: q.id}
	r.Store, _ = storeOf(q.escaped)
	r.CountErr, r.KeysErr, r.BytesErr, r.FirstWriteErr = q.count.Err(), q.keys.Err(), q.bytes.Err(), q.first.Err()
	q.lock(r, now)
	r.err = fail(op, q.base, q.problem(r))
	if r.err == nil && !q.seen(r) && r.CountErr == nil && r.LockErr == nil {
		return nil
	}
	return r
}

// seen tells whether anything shows that there is such a row.
func (q question) seen(r *Row) bool {
	return r.Count > 0 || r.Keys > 0 || r.Locked || q.bytes.Val() != "" || q.first.Val() != ""
}

// doubts are the keys by any of which a row may exist of which nothing was seen; none where that is settled.
func (q question) doubts(r *Row) []string {
	if q.foreign != nil || r.err != nil || q.seen(r) {
		return nil
	}
	var keys []string
	if r.CountErr != nil {
		keys = append(keys, q.base+list)
	}
	if r.LockErr != nil {
		keys = append(keys, q.base+lock)
	}
	return keys
}

// lock fills in what is known of the lock.
func (q question) lock(r *Row, now time.Time) {
	token, tokenErr := q.token.Result()
	left, leftErr := q.left.Result()
	switch {
	case leftErr == nil && left == -2, leftErr != nil && tokenErr == nil && token == "": // there is none, or it expired in between
		return
	case len(token) > conn.MaxUnasked: // a problem
		return
	case leftErr != nil && tokenErr != nil:
		r.LockErr = tokenErr
	default:
		r.Locked, r.LockToken = true, token
	}
	r.TokenErr, r.ExpiresErr = tokenErr, leftErr
	if leftErr == nil {
		r.LockExpires = conn.Deadline(now, left)
	}
}

// problem fills in the row's counters, and says what is wrong with the buffer.
func (q question) problem(r *Row) (problem error) {
	for _, cmd := range []redis.Cmder{q.count, q.bytes, q.first, q.keys, q.token, q.left} {
		if err := cmd.Err(); err != nil && !conn.Refused(err) {
			return err
		}
	}
	if len(q.token.Val()) > conn.MaxUnasked {
		return conn.ErrTooLarge
	}
	var err error
	if r.Bytes, err = number(q.bytes.Val()); err != nil {
		return err
	}
	if r.FirstWrite, err = instant(q.first.Val()); err != nil {
		return err
	}
	has, sized, dated := r.Count > 0, q.bytes.Val() != "", q.first.Val() != ""
	if r.CountErr != nil { // whether there are records is not known: one counter tells of the other
		has = sized && r.BytesErr == nil || dated && r.FirstWriteErr == nil
	} else if !has && (sized || dated || r.Keys > 0) {
		return errIncomplete(list)
	}
	var missing []string
	if has && !sized && r.BytesErr == nil {
		missing = append(missing, size)
	}
	if has && !dated && r.FirstWriteErr == nil {
		missing = append(missing, ts)
	}
	if missing != nil {
		return errIncomplete(strings.Join(missing, " and "))
	}
	return nil
}
