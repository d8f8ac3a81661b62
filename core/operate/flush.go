package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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
// After a crash before "empty" the batch is still there: flushing it again writes the same file. From before "write" until
// after "empty" the batch is held (buffer.Hold): another flush is refused, until buffer.HoldTTL after a crash.

// FlushBatch plans the flush of a prepared batch, or of the live buffer where at is 0. count and size, in bytes, say what
// was seen; below 0: it is not known.
func (o *Operator) FlushBatch(store string, at, count, size int64) Action {
	records, bytes := "how many is not known", "of a size that is not known"
	if count >= 0 {
		records = humanize.Comma(count) + " when last seen"
	}
	if size >= 0 {
		bytes = humanize.Bytes(uint64(size))
	}
	seen := fmt.Sprintf("(%s, %s)", records, bytes)
	a := Action{
		Verb: Flush, Kind: "buffers", ID: buffer.IDOf(store, at), Destructive: true,
		Summary: fmt.Sprintf("flush batch %d of %s: write its records %s as JSON Lines into %s, then delete it here",
			at, store, seen, o.opts.FlushDir),
		run: func(ctx context.Context) (Outcome, error) { return o.flush(ctx, store, at) },
	}
	batch := at
	if at == 0 {
		batch = buffer.Unprepared
		a.Summary = fmt.Sprintf("flush %s: move its records %s aside as a batch, write that as JSON Lines into %s, then delete it here",
			store, seen, o.opts.FlushDir)
		a.Commands = []string{o.script("prepare", "buffers", buffer.IDOf(store, 0))}
	}
	a.Commands = append(a.Commands, batchCommands(o.core.Buffers.Names(store, batch))...)
	return a
}

// FlushStore plans the flush of all that a store has: batches that an earlier flush left behind, then the live buffer.
// To find those batches it scans the keyspace. A store that has nothing is no error.
func (o *Operator) FlushStore(store string) Action {
	commands := []string{
		conn.Spell([]any{"SCAN", 0, "MATCH", o.core.Buffers.BatchPattern(store)}),
		o.script("prepare", "buffers", buffer.IDOf(store, 0)),
	}
	return Action{
		Verb: Flush, Kind: "buffers", ID: buffer.IDOf(store, 0), Destructive: true,
		Summary: fmt.Sprintf("flush all of %s: write batches that are left, then what is in the live buffer, as JSON Lines into %s, and delete each here",
			store, o.opts.FlushDir),
		Commands: append(commands, batchCommands(o.core.Buffers.Names(store, buffer.Unprepared))...),
		run:      func(ctx context.Context) (Outcome, error) { return o.flushAll(ctx, store) },
	}
}

// batchCommands are those that read and delete a batch.
func batchCommands(batch buffer.Names) []string {
	return []string{
		conn.Spell([]any{"LRANGE", batch.List}) + " (page by page)",
		conn.Spell([]any{"EVALSHA", "(empty)", batch.List, batch.Keys, batch.Size, batch.TS, batch.Lock}),
	}
}

// ErrNothing answers a flush of a buffer that is empty or gone.
var ErrNothing = errors.New("nothing to persist")

// flushAll prepares before it deletes anything, so that whoever may not do that is told while all is as it was.
func (o *Operator) flushAll(ctx context.Context, store string) (Outcome, error) {
	batches, err := o.core.Buffers.Batches(ctx, store)
	if err != nil {
		return Outcome{}, err
	}
	live, found, locked := o.core.Buffers.Prepare(ctx, store, "")
	if locked != nil && !errors.Is(locked, buffer.ErrLocked) { // what is left of earlier flushes is not locked with it
		return Outcome{}, locked
	}
	if found {
		batches = append(batches, live)
	}
	all := Outcome{Text: "nothing to persist in " + store, NoUndo: noUnflush}
	var before []any
	for _, at := range batches {
		out, err := o.flushPrepared(ctx, store, at)
		if out.Before != nil {
			before = append(before, out.Before)
			all.Before = before
		}
		if out.After != nil {
			all.Data = append(all.Data, out.Data...)
			all.After = map[string]any{"files": all.Data}
			all.Text = fmt.Sprintf("flushed %s to %s", store, strings.Join(all.Data, " "))
		}
		if err != nil && !errors.Is(err, ErrNothing) {
			if found && at != live {
				err = fmt.Errorf("%w; what was live stays prepared as batch %d", err, live)
			}
			return all, err
		}
	}
	return all, locked
}

const noUnflush = "the records are in the file; push them again by hand to have them back"

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
	}
	return o.flushPrepared(ctx, store, at)
}

func (o *Operator) flushPrepared(ctx context.Context, store string, at int64) (Outcome, error) {
	held, err := o.core.Buffers.Hold(conn.WithoutDoubt(ctx), store, at) // a hold that is lost runs out
	switch {
	case errors.Is(err, buffer.ErrLocked):
		return Outcome{}, fmt.Errorf("another flush is working on batch %d; this one wrote and deleted nothing of it: %w", at, err)
	case errors.Is(err, buffer.ErrNotFound):
		return Outcome{}, ErrNothing
	case err != nil:
		return Outcome{}, fmt.Errorf("batch %d stays prepared: %w", at, err)
	}
	out, err := o.flushHeld(ctx, held, store, at)
	if err != nil {
		// Also where the context has ended. If it does not get through the lock runs out by itself.
		wait := releaseWait
		if ctx.Err() != nil {
			wait = releaseWaitEnded
		}
		ctx, cancel := context.WithTimeout(conn.WithoutDoubt(context.WithoutCancel(ctx)), wait)
		defer cancel()
		_ = held.Release(ctx)
	}
	return out, err
}

// How long a flush that failed tries to give its batch back, and how long one whose context has ended.
const (
	releaseWait      = 300 * time.Millisecond
	releaseWaitEnded = 40 * time.Millisecond
)

func (o *Operator) flushHeld(ctx context.Context, held *buffer.Hold, store string, at int64) (Outcome, error) {
	stats, err := o.core.Buffers.Stats(ctx, store, at)
	if err != nil {
		return Outcome{}, fmt.Errorf("batch %d stays prepared: %w", at, err)
	}
	if stats.Count == 0 {
		return Outcome{}, ErrNothing
	}
	out := Outcome{
		Before: map[string]any{"batch": at, "count": stats.Count, "bytes": stats.Bytes, "keys": stats.Keys},
		NoUndo: noUnflush,
	}
	path, err := o.writeBatch(held.Context(), store, at, stats.Count)
	switch {
	case held.Lost():
		return out, fmt.Errorf("%w: another flush has taken over batch %d; this one deleted nothing", ErrConflict, at)
	case err != nil:
		return out, fmt.Errorf("batch %d stays prepared, untouched: %w", at, err)
	}
	out.After = map[string]any{"files": []string{path}}
	out.Data = []string{path}
	switch err := held.Empty(ctx); {
	case errors.Is(err, buffer.ErrNotHolder):
		return out, fmt.Errorf("%s is written, but another flush has taken over batch %d; this one did not delete it: %w", path, at, err)
	case err != nil && conn.InDoubt(ctx):
		return out, fmt.Errorf("%s is written; whether batch %d was deleted is not known, and it is safe to flush it again: %w", path, at, err)
	case err != nil:
		return out, fmt.Errorf("%s is written, but batch %d stays prepared, as it was not deleted: %w; flush it again", path, at, err)
	}
	out.Text = fmt.Sprintf("flushed %s records of %s to %s", humanize.Comma(stats.Count), store, path)
	return out, nil
}

// UnlockBuffer plans to release the lock of a buffer or batch by the token that was seen, for a flusher that died.
func (o *Operator) UnlockBuffer(store string, at int64, token string) Action {
	id := buffer.IDOf(store, at)
	return Action{
		Verb: Unlock, Kind: "buffers", ID: id, Destructive: true,
		Summary:  fmt.Sprintf("release the lock of buffer %s if token %s still holds it: the holder loses the lock", store, token),
		Commands: []string{conn.Spell([]any{"EVALSHA", "(unlock)", o.core.Buffers.Names(store, at).Lock, token})},
		run: func(ctx context.Context) (Outcome, error) {
			out := Outcome{Before: map[string]any{"token": text([]byte(token))}, NoUndo: "nobody can take the lock again for its owner; it is free now"}
			err := o.core.Buffers.Unlock(ctx, store, at, token)
			if errors.Is(err, buffer.ErrNotHolder) {
				err = fmt.Errorf("%w: %w", ErrConflict, err)
			}
			out.Text = "unlocked buffer " + store
			return out, err
		},
	}
}
