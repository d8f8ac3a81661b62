package buffer

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

var schema = kind.NewSchema(ErrCorrupt, ErrForeign, conn.ErrTooLarge)

// Columns are the columns of a buffer or batch.
var Columns = struct {
	Store       kind.Text // of a foreign key: the key itself
	Prepared    kind.Int  // timestamp of a batch in ms; 0: live
	Count       kind.Int  // records
	Bytes       kind.Int  // sum of their lengths
	Keys        kind.Int  // distinct member names
	FirstWrite  kind.Time // the server's
	Locked      kind.Bool // where it is not known, neither are token and expiry
	LockToken   kind.Text // what Unlock needs
	LockExpires kind.Time // on our clock; zero: never
}{
	schema.Text("store"), schema.Int("prepared_ms"), schema.Int("count"), schema.Int("bytes"), schema.Int("keys"),
	schema.Time("first_write"), schema.Bool("locked"), schema.Text("lock_token"), schema.Deadline("lock_ttl_ms"),
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

// pack packs the answers that came at the given time; nothing if there is no such row. doubts are keys by any of which the
// row may exist where nothing was seen of it. incomplete: some of its keys are missing.
func (q question) pack(b *kind.Builder, now time.Time) (doubts []string, incomplete bool) {
	const op = "buffer: row"
	if q.foreign != nil {
		if q.foreign.Err() != nil || q.foreign.Val() > 0 {
			b.Row(q.id)
			Columns.Store.Set(b, q.id)
			b.Bad(conn.Fail(op, q.id, ErrForeign))
		}
		return nil, false
	}
	b.Row(q.id)
	store, _ := storeOf(q.escaped)
	Columns.Store.Set(b, store)
	Columns.Prepared.Set(b, q.at)
	locked, lockErr := q.lock(b, now)
	problem := q.counters(b)
	b.Bad(fail(op, q.base, problem))
	if problem != nil || locked || q.count.Val() > 0 || q.keys.Val() > 0 || q.bytes.Val() != "" || q.first.Val() != "" {
		_, incomplete = errors.AsType[errIncomplete](problem)
		return nil, incomplete
	}
	if q.count.Err() != nil {
		doubts = append(doubts, q.base+list)
	}
	if lockErr != nil {
		doubts = append(doubts, q.base+lock)
	}
	if doubts == nil {
		b.Drop()
	}
	return doubts, false
}

// lock packs what is known of the lock. It tells whether there is one, or why that is not known.
func (q question) lock(b *kind.Builder, now time.Time) (locked bool, err error) {
	token, tokenErr := q.token.Result()
	left, leftErr := q.left.Result()
	switch {
	case leftErr == nil && left == -2, leftErr != nil && tokenErr == nil && token == "": // there is none, or it expired in between
		return false, nil
	case len(token) > conn.MaxUnasked: // a problem
		return false, nil
	case leftErr != nil && tokenErr != nil:
		err = tokenErr
		Columns.Locked.Unknown(b, err)
	default:
		locked = true
		Columns.Locked.Set(b, true)
		Columns.LockToken.Set(b, token)
	}
	Columns.LockToken.Unknown(b, tokenErr)
	Columns.LockExpires.Unknown(b, leftErr)
	if leftErr == nil {
		Columns.LockExpires.Set(b, conn.Deadline(now, left))
	}
	return locked, err
}

// counters packs the counters, and says what is wrong with the buffer.
func (q question) counters(b *kind.Builder) error {
	Columns.Count.Set(b, q.count.Val())
	Columns.Keys.Set(b, q.keys.Val())
	Columns.Count.Unknown(b, q.count.Err())
	Columns.Bytes.Unknown(b, q.bytes.Err())
	Columns.Keys.Unknown(b, q.keys.Err())
	Columns.FirstWrite.Unknown(b, q.first.Err())
	for _, cmd := range []redis.Cmder{q.count, q.bytes, q.first, q.keys, q.token, q.left} {
		if err := cmd.Err(); err != nil && !conn.Refused(err) {
			return err
		}
	}
	if len(q.token.Val()) > conn.MaxUnasked {
		return conn.ErrTooLarge
	}
	sum, err := number(q.bytes.Val())
	if err != nil {
		return err
	}
	Columns.Bytes.Set(b, sum)
	first, err := instant(q.first.Val())
	if err != nil {
		return err
	}
	Columns.FirstWrite.Set(b, first)
	return q.missing()
}

// missing says which keys the buffer lacks.
func (q question) missing() error {
	has, sized, dated := q.count.Val() > 0, q.bytes.Val() != "", q.first.Val() != ""
	if q.count.Err() != nil { // whether there are records is not known: one counter tells of the other
		has = sized || dated
	} else if !has && (sized || dated || q.keys.Val() > 0) {
		return errIncomplete(list)
	}
	var missing []string
	if has && !sized && q.bytes.Err() == nil {
		missing = append(missing, size)
	}
	if has && !dated && q.first.Err() == nil {
		missing = append(missing, ts)
	}
	if missing != nil {
		return errIncomplete(strings.Join(missing, " and "))
	}
	return nil
}
