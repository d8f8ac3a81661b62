package buffer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"holdfast/core/conn"
)

// scanCount is how many keys the server looks at for one SCAN.
const scanCount = 1000

// Old is a live buffer and the age of its oldest record.
type Old struct {
	Store      string // of a foreign key: the key itself
	FirstWrite time.Time
	Err        error // why this one cannot be told (ErrCorrupt, ErrForeign)
}

// Prepared is a batch that was prepared and not emptied yet.
type Prepared struct {
	Store string // of a foreign key: the key itself
	At    int64  // timestamp in ms
	Err   error  // ErrForeign
}

// GetOld lists the stores with a live buffer, the longest waiting first; a bad one stands among them with its error. A
// SCAN finds their ts keys, and each page of it is read by one pipeline.
func (b *Buffer) GetOld(ctx context.Context) ([]Old, error) {
	const op = "buffer: list old"
	if ctx == nil {
		return nil, conn.Fail(op, b.prefix, ErrNoContext)
	}
	var out []Old
	err := conn.Scan(ctx, b.c, conn.EscapeGlob(b.prefix)+"{*}:"+ts, scanCount, func(page []string) error {
		values, err := conn.GetMany(ctx, b.c, page)
		for i, v := range values {
			if !v.Found && v.Err == nil {
				continue // prepared or emptied since the SCAN
			}
			out = append(out, b.old(op, page[i], v))
		}
		return err
	})
	if err != nil {
		return nil, conn.Fail(op, b.prefix, err)
	}
	slices.SortFunc(out, func(x, y Old) int {
		return cmp.Or(x.FirstWrite.Compare(y.FirstWrite), cmp.Compare(x.Store, y.Store))
	})
	return out, nil
}

func (b *Buffer) old(op, key string, value conn.Got) Old {
	escaped, _, _, ok := b.parse(key)
	if !ok {
		return Old{Store: key, Err: conn.Fail(op, key, ErrForeign)}
	}
	store, _ := storeOf(escaped)
	first, err := instant(string(value.Value))
	if value.Err != nil {
		err = value.Err
	}
	return Old{Store: store, FirstWrite: first, Err: fail(op, key, err)}
}

// GetPrepared lists the prepared batches of all stores, oldest first. The names of their list keys tell it all, so one
// SCAN reads nothing else.
func (b *Buffer) GetPrepared(ctx context.Context) ([]Prepared, error) {
	return b.prepared(ctx, b.batchPattern("*"))
}

// Batches lists the timestamps of one store's prepared batches, oldest first. It scans the keyspace as GetPrepared does.
func (b *Buffer) Batches(ctx context.Context, store string) ([]int64, error) {
	if _, err := b.base(ctx, "buffer: list batches", store, 0); err != nil {
		return nil, err
	}
	all, err := b.prepared(ctx, b.BatchPattern(store))
	var out []int64
	for _, p := range all {
		if p.Err == nil && p.Store == store { // the pattern may fit others, too
			out = append(out, p.At)
		}
	}
	return out, err
}

func (b *Buffer) prepared(ctx context.Context, pattern string) ([]Prepared, error) {
	const op = "buffer: list prepared"
	if ctx == nil {
		return nil, conn.Fail(op, b.prefix, ErrNoContext)
	}
	var out []Prepared
	err := conn.Scan(ctx, b.c, pattern, scanCount, func(page []string) error {
		for _, key := range page {
			if escaped, at, _, ok := b.parse(key); ok {
				store, _ := storeOf(escaped)
				out = append(out, Prepared{Store: store, At: at})
			} else {
				out = append(out, Prepared{Store: key, Err: conn.Fail(op, key, ErrForeign)})
			}
		}
		return nil
	})
	if err != nil {
		return nil, conn.Fail(op, b.prefix, err)
	}
	slices.SortFunc(out, func(x, y Prepared) int {
		return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Store, y.Store))
	})
	return out, nil
}
