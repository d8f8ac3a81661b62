package buffer

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

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
// After an error of the way the batch may exist: Batches or GetPrepared finds it.
func (b *Buffer) PrepareToPersist(ctx context.Context, store, token string) (batch Batch, found bool, err error) {
	return b.prepare(ctx, store, token, -1)
}

// Prepare is PrepareToPersist for batches that may be too big for one reply: it returns the timestamp alone, for Records.
func (b *Buffer) Prepare(ctx context.Context, store, token string) (at int64, found bool, err error) {
	batch, found, err := b.prepare(ctx, store, token, 0)
	return batch.At, found, err
}

func (b *Buffer) prepare(ctx context.Context, store, token string, last int) (Batch, bool, error) {
	const op = "buffer: prepare"
	base, err := b.base(op, store, 0)
	if err != nil {
		return Batch{}, false, err
	}
	reply, err := prepareScript.Run(ctx, b.c,
		[]string{base + list, base + keys, base + size, base + ts, base + lock, base + ops},
		token, b.prefix, ":{"+conn.Escape(store)+"}:", last).Slice()
	if err != nil {
		return Batch{}, false, fail(op, base, err)
	}
	switch reply[0] {
	case "locked":
		return Batch{}, false, conn.Fail(op, base, ErrLocked)
	case "empty":
		return Batch{}, false, nil
	}
	at, _ := reply[1].(int64)
	return Batch{At: at, Records: messages(texts(reply[2])), Keys: sorted(texts(reply[3]))}, true, nil
}

// GetContents reads a buffer or batch whole, at one instant; a missing one has no records.
func (b *Buffer) GetContents(ctx context.Context, store string, at int64) (Batch, error) {
	const op = "buffer: contents"
	base, err := b.base(op, store, at)
	if err != nil {
		return Batch{}, err
	}
	var records, names *redis.StringSliceCmd
	err = conn.Atomically(ctx, b.c, func(p redis.Pipeliner) {
		records, names = p.LRange(ctx, base+list, 0, -1), p.SMembers(ctx, base+keys)
	})
	if err != nil {
		return Batch{}, fail(op, base, err)
	}
	return Batch{At: at, Records: messages(records.Val()), Keys: sorted(names.Val())}, nil
}

const pageSize = 256

// Records streams the records of a prepared batch in pages, oldest first. The sequence ends with an error, if any:
// ErrNotFound when there is no such batch or somebody emptied it midway, so that a short sequence never looks whole.
func (b *Buffer) Records(ctx context.Context, store string, at int64) iter.Seq2[json.RawMessage, error] {
	const op = "buffer: records"
	return func(yield func(json.RawMessage, error) bool) {
		base, err := b.base(op, store, at)
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
			err := conn.Atomically(ctx, b.c, func(p redis.Pipeliner) {
				count, page = p.LLen(ctx, base+list), p.LRange(ctx, base+list, from, from+pageSize-1)
			})
			switch n := count.Val(); {
			case err != nil:
			case n == 0:
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

// Empty removes a buffer or batch, its lock too; a missing one is no error. What the store remembers of operation ids
// and timestamps stays until it expires, so that a late repetition of a push does not bring a removed record back.
func (b *Buffer) Empty(ctx context.Context, store string, at int64) error {
	const op = "buffer: empty"
	base, err := b.base(op, store, at)
	if err != nil {
		return err
	}
	// UNLINK, as DEL of a long list would hold up the server.
	err = conn.Once(ctx, b.c, "unlink", base+list, base+keys, base+size, base+ts, base+lock).Err()
	return fail(op, base, err)
}

func messages(records []string) []json.RawMessage {
	out := make([]json.RawMessage, len(records))
	for i, r := range records {
		out[i] = json.RawMessage(r)
	}
	return out
}
