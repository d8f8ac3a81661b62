package buffer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Batch is the content of a buffer: prepared, or live with At 0.
type Batch struct {
	At      int64             // timestamp in ms
	Records []json.RawMessage // oldest push first
	Keys    []string          // distinct top-level member names, sorted
}

// PrepareToPersist moves the live buffer of a store aside as a batch with a timestamp of its own and returns the batch;
// found is false and nothing moved if there was nothing to persist. Either way the store's lock is free afterwards. A
// lock that token ("" for none) does not hold refuses the call with ErrLocked. Of concurrent calls one gets the batch.
//
// Timestamps of a store never repeat, and rise whatever the server's clock does. A batch does not change until Empty.
// The move costs the server the same however much the buffer holds; the content is read page by page after it. If that
// fails, found is true and the batch has its timestamp alone. After a transport error without one the batch may exist:
// Batches or GetPrepared finds it.
func (b *Buffer) PrepareToPersist(ctx context.Context, store, token string) (batch Batch, found bool, err error) {
	at, found, err := b.Prepare(ctx, store, token)
	if err != nil || !found {
		return Batch{}, found, err
	}
	batch, err = b.GetContents(ctx, store, at)
	if err == nil && len(batch.Records) == 0 {
		err = conn.Fail("buffer: prepare", b.baseOf(conn.Escape(store), at), ErrNotFound) // emptied by another
	}
	batch.At = at
	return batch, true, err
}

// clockSlack is how far a batch's timestamp may be from the server's time, so that ours usually will do.
const clockSlack = time.Second

// timestampsTried bounds the search for a free timestamp.
const timestampsTried = 100

// Prepare is PrepareToPersist for batches that may be too big for one reply: it returns the timestamp alone, for Records.
func (b *Buffer) Prepare(ctx context.Context, store, token string) (at int64, found bool, err error) {
	const op = "buffer: prepare"
	base, err := b.base(ctx, op, store, 0)
	if err != nil {
		return 0, false, err
	}
	// The batch's keys have to be named beforehand, so that a cluster which moves the slot knows all that is touched: the
	// timestamp is a guess that the script checks.
	at = time.Now().UnixMilli()
	for late := int64(0); late < timestampsTried; {
		aside := b.baseOf(conn.Escape(store), at)
		sent := time.Now()
		reply, err := prepareScript.Run(ctx, b.c, []string{
			base + list, base + keys, base + size, base + ts, base + lock, base + ops,
			aside + list, aside + keys, aside + size, aside + ts, aside + lock,
		}, token, at, clockSlack.Milliseconds()).Slice()
		if err != nil {
			return 0, false, fail(op, base, err)
		}
		switch reply[0] {
		case "locked":
			return 0, false, conn.Fail(op, base, ErrLocked)
		case "empty":
			return 0, false, nil
		case "prepared":
			return at, true, nil
		case "taken":
			at++
		default:
			at, _ = reply[1].(int64)
			if late > 0 { // pushes with ids came in between
				at += min(late+time.Since(sent).Milliseconds(), clockSlack.Milliseconds())
			}
		}
		late++
	}
	return 0, false, conn.Fail(op, base, fmt.Errorf("%w: no free timestamp near %d", ErrCorrupt, at))
}

// GetContents reads a buffer or batch whole; a missing one has no records. A live one is read at one instant, which
// holds up the server while it copies; a batch does not change and is read page by page (ErrNotFound if it is emptied
// meanwhile).
func (b *Buffer) GetContents(ctx context.Context, store string, at int64) (Batch, error) {
	const op = "buffer: contents"
	base, err := b.base(ctx, op, store, at)
	if err != nil {
		return Batch{}, err
	}
	if at != 0 {
		return b.batch(ctx, op, store, at)
	}
	reply, err := contentsScript.Read(ctx, b.c, []string{base + list, base + keys}).Slice()
	if err != nil {
		return Batch{}, fail(op, base, err)
	}
	return Batch{Records: messages(texts(reply[0])), Keys: sorted(texts(reply[1]))}, nil
}

// batch reads a prepared batch page by page.
func (b *Buffer) batch(ctx context.Context, op, store string, at int64) (Batch, error) {
	base := b.baseOf(conn.Escape(store), at)
	names, err := b.names(ctx, base+keys)
	if err != nil {
		return Batch{}, fail(op, base, err)
	}
	out := Batch{At: at, Records: []json.RawMessage{}, Keys: names}
	for record, err := range b.Records(ctx, store, at) {
		if errors.Is(err, ErrNotFound) && len(out.Records) == 0 {
			return Batch{At: at, Records: []json.RawMessage{}, Keys: []string{}}, nil
		}
		if err != nil {
			return Batch{}, err
		}
		out.Records = append(out.Records, record)
	}
	return out, nil
}

// names reads a set that does not change, page by page.
func (b *Buffer) names(ctx context.Context, key string) ([]string, error) {
	names := []string{}
	for cursor := uint64(0); ; {
		some, next, err := conn.Elements(ctx, b.c, "sscan", key, cursor, pageSize)
		if err != nil {
			return nil, err
		}
		if names, cursor = append(names, some...), next; next == 0 {
			return sorted(names), nil
		}
	}
}

const pageSize = 256

// Records streams the records of a prepared batch in pages, oldest first. The sequence ends with an error, if any:
// ErrNotFound when there is no such batch or somebody emptied it midway, so that a short sequence never looks whole.
func (b *Buffer) Records(ctx context.Context, store string, at int64) iter.Seq2[json.RawMessage, error] {
	const op = "buffer: records"
	return func(yield func(json.RawMessage, error) bool) {
		base, err := b.base(ctx, op, store, at)
		if err == nil && at == 0 {
			err = conn.Fail(op, base, ErrTimestamp)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for from, total := int64(0), int64(-1); from != total; {
			var count *redis.IntCmd
			var page *redis.StringSliceCmd
			err := conn.Pipeline(ctx, b.c, func(p redis.Pipeliner) {
				page, count = p.LRange(ctx, base+list, from, from+pageSize-1), p.LLen(ctx, base+list)
			})
			if err == nil {
				err = cmp.Or(page.Err(), count.Err())
			}
			if err != nil {
				yield(nil, fail(op, base, err))
				return
			}
			switch n := count.Val(); {
			case n == 0 || len(page.Val()) == 0:
				err = ErrNotFound
			case total >= 0 && n != total:
				err = fmt.Errorf("%w: the batch went from %d to %d records", ErrCorrupt, total, n)
			default:
				total = n
			}
			if err != nil {
				yield(nil, fail(op, base, err))
				return
			}
			for _, text := range page.Val() {
				if !yield(json.RawMessage(text), nil) {
					return
				}
			}
			from += int64(len(page.Val()))
		}
	}
}

// Empty removes a buffer or batch with its lock; a missing one is no error. The store's operation ids and timestamps
// stay until they expire, so that a late repetition of a push does not bring a removed record back.
func (b *Buffer) Empty(ctx context.Context, store string, at int64) error {
	const op = "buffer: empty"
	base, err := b.base(ctx, op, store, at)
	if err != nil {
		return err
	}
	return fail(op, base, unlink(ctx, b.c, base))
}

// unlink removes a buffer or batch. UNLINK, as DEL of a long list would hold up the server.
func unlink(ctx context.Context, c conn.Runner, base string) error {
	return conn.Once(ctx, c, "unlink", base+list, base+keys, base+size, base+ts, base+lock).Err()
}

func messages(records []string) []json.RawMessage {
	out := make([]json.RawMessage, len(records))
	for i, r := range records {
		out[i] = json.RawMessage(r)
	}
	return out
}
