package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"holdfast/core/buffer"
	"holdfast/core/conn"
)

// A flush has three steps, and a crash between any two loses nothing:
//
//	prepare   the live buffer becomes a batch that nobody changes
//	write     the batch goes to a file, by fsync and rename; the file is named after store and batch
//	empty     the batch is deleted
//
// After a crash before "empty" the batch is still there: flushing it again writes the same file.

// FlushBatch plans the flush of a prepared batch, or of the live buffer where at is 0. count and size say what was seen.
func (o *Operator) FlushBatch(store string, at, count, size int64) Action {
	a := Action{
		Verb: Flush, Kind: "buffers", ID: conn.Escape(store), Destructive: true,
		Summary: fmt.Sprintf("flush %s: write %s records (%s) as JSON Lines into %s, then empty the buffer",
			store, humanize.Comma(count), humanize.Bytes(uint64(max(size, 0))), o.opts.FlushDir),
	}
	base := fmt.Sprintf("%s%d:{%s}:", o.core.Prefixes.Buffer, at, conn.Escape(store))
	if at == 0 {
		live := fmt.Sprintf("%s{%s}:", o.core.Prefixes.Buffer, conn.Escape(store))
		base = fmt.Sprintf("%s<ms>:{%s}:", o.core.Prefixes.Buffer, conn.Escape(store))
		a.Commands = append(a.Commands, fmt.Sprintf("EVALSHA (prepare) %slist ... -> %slist ...", live, base))
	} else {
		a.ID = fmt.Sprintf("%d:%s", at, conn.Escape(store))
	}
	a.Commands = append(a.Commands, fmt.Sprintf("LRANGE %slist ... (page by page)", base), fmt.Sprintf("DEL %slist %skeys %ssize %sts %slock", base, base, base, base, base))
	a.run = func(ctx context.Context) (Outcome, error) { return o.flush(ctx, store, at) }
	return a
}

// FlushStore plans the flush of all that a store has: batches that an earlier flush left behind, then the live buffer.
// To find those batches it scans the keyspace.
func (o *Operator) FlushStore(ctx context.Context, store string) ([]Action, error) {
	batches, err := o.core.Buffers.Batches(ctx, store)
	if err != nil {
		return nil, err
	}
	var plans []Action
	for _, at := range append(batches, 0) {
		s, err := o.core.Buffers.Stats(ctx, store, at)
		if err != nil {
			return nil, err
		}
		if s.Count > 0 {
			plans = append(plans, o.FlushBatch(store, at, s.Count, s.Bytes))
		}
	}
	return plans, nil
}

// ErrNothing answers a flush of a buffer that is empty or gone.
var ErrNothing = errors.New("nothing to persist")

func (o *Operator) flush(ctx context.Context, store string, at int64) (Outcome, error) {
	if at == 0 {
		prepared, found, err := o.core.Buffers.Prepare(ctx, store, "")
		if err != nil {
			return Outcome{}, err
		}
		if !found {
			return Outcome{}, ErrNothing
		}
		at = prepared
	} else if err := o.unlocked(ctx, store, at); err != nil {
		return Outcome{}, err
	}
	stats, err := o.core.Buffers.Stats(ctx, store, at)
	if err != nil {
		return Outcome{}, err
	}
	if stats.Count == 0 {
		return Outcome{}, ErrNothing
	}
	out := Outcome{
		Before: map[string]any{"batch": at, "count": stats.Count, "bytes": stats.Bytes, "keys": stats.Keys},
		NoUndo: "the records are in the file; push them again to have them back",
	}
	path, err := o.writeBatch(ctx, store, at, stats.Count)
	if err != nil {
		return out, fmt.Errorf("%w; the batch %d is untouched", err, at)
	}
	if err := o.core.Buffers.Empty(ctx, store, at); err != nil {
		return out, fmt.Errorf("%s is written, but batch %d was not emptied: %w; flush it again", path, at, err)
	}
	out.After = map[string]any{"file": path}
	out.Data = []string{path}
	out.Text = fmt.Sprintf("flushed %s records of %s to %s", humanize.Comma(stats.Count), store, path)
	return out, nil
}

// unlocked refuses to touch a batch that somebody works on. For the live buffer the prepare does that.
func (o *Operator) unlocked(ctx context.Context, store string, at int64) error {
	rows, err := o.core.BufferRows.Read(ctx, []string{fmt.Sprintf("%d:%s", at, conn.Escape(store))})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Locked {
			return buffer.ErrLocked
		}
	}
	return nil
}

// UnlockBuffer plans to release the lock of a buffer or batch by the token that was seen, for a flusher that died.
func (o *Operator) UnlockBuffer(store string, at int64, token string) Action {
	id := conn.Escape(store)
	if at != 0 {
		id = fmt.Sprintf("%d:%s", at, id)
	}
	return Action{
		Verb: Unlock, Kind: "buffers", ID: id, Destructive: true,
		Summary:  fmt.Sprintf("release the lock of buffer %s if token %s still holds it: whoever flushes under it loses it", store, token),
		Commands: []string{"EVALSHA (unlock) " + strings.Join(o.core.Live.Keys("buffers", id), " ")},
		run: func(ctx context.Context) (Outcome, error) {
			out := Outcome{Before: map[string]any{"token": text([]byte(token))}, NoUndo: "the lock is free now"}
			if err := o.core.Buffers.Unlock(ctx, store, at, token); err != nil {
				return out, asConflict(err)
			}
			out.Text = "unlocked buffer " + store
			return out, nil
		},
	}
}
