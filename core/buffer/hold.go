package buffer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/core/conn"
)

// HoldTTL is how long a batch stays held by a process that died.
const HoldTTL = 5 * time.Second

// holdPrefix begins the tokens of holds, so that a lock that is seen tells what it is.
const holdPrefix = "flush-"

// Hold is the lock of a prepared batch for as long as its holder works on it: it is renewed until Empty or Release, and runs
// out HoldTTL after the process died. Nobody else can take it, and so a batch is persisted by one at a time.
type Hold struct {
	b     *Buffer
	base  string // of the batch's keys
	token string

	ctx  context.Context
	stop context.CancelCauseFunc
	done sync.WaitGroup // renewal
}

// Hold takes the lock of a prepared batch. ErrLocked: another process holds it; if that process died, the lock is no
// longer renewed, and Hold waits and takes it as it expires. ErrNotFound: there is no such batch. After a transport
// error the batch may be held, for HoldTTL.
func (b *Buffer) Hold(ctx context.Context, store string, at int64) (*Hold, error) {
	const op = "buffer: hold"
	base, err := b.base(ctx, op, store, at)
	if err == nil && at == 0 {
		err = conn.Fail(op, base, ErrTimestamp)
	}
	if err != nil {
		return nil, err
	}
	h := &Hold{b: b, base: base, token: holdPrefix + rand.Text()}
	if err := h.take(ctx); err != nil {
		return nil, fail(op, base, err)
	}
	h.ctx, h.stop = context.WithCancelCause(ctx)
	h.done.Go(h.renew)
	return h, nil
}

// take takes the lock, if its holder does not renew it.
func (h *Hold) take(ctx context.Context) error {
	var other lockSeen
	for {
		now, err := h.ask(ctx)
		switch {
		case err != nil:
			return err
		case now.gone && other.token != "":
			return fmt.Errorf("%w, who has emptied it by now: %w", ErrLocked, ErrNotFound)
		case now.gone:
			return ErrNotFound
		case now.token == "":
			return nil
		case now.left < 0 || now.left > HoldTTL, other.token != "" && (now.token != other.token || now.left > other.left):
			return fmt.Errorf("%w: %s", ErrLocked, now.token)
		}
		other = now
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(now.left+time.Millisecond, HoldTTL/20)):
		}
	}
}

// lockSeen is what was found in the lock's place: another's token, no batch, or neither: the lock is ours.
type lockSeen struct {
	token string
	left  time.Duration // below zero: for ever
	gone  bool
}

// ask takes or renews the lock unless another has it.
func (h *Hold) ask(ctx context.Context) (lockSeen, error) {
	reply, err := holdScript.Run(ctx, h.b.c, []string{h.base + list, h.base + lock}, h.token, HoldTTL.Milliseconds()).Slice()
	if err != nil {
		return lockSeen{}, err
	}
	switch reply[0] {
	case "held":
		return lockSeen{}, nil
	case "gone":
		return lockSeen{gone: true}, nil
	}
	token, _ := reply[1].(string)
	ms, _ := reply[2].(int64)
	return lockSeen{token: token, left: time.Duration(ms) * time.Millisecond}, nil
}

// renew asks for the lock again until the work ends. One that ran out while the server was away is taken again if nobody
// else has it: the batch cannot have changed.
func (h *Hold) renew() {
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-time.After(HoldTTL / 3):
		}
		switch now, err := h.ask(h.ctx); {
		case err != nil: // of the transport, or for good: Empty tells
		case now.gone, now.token != "":
			h.stop(ErrNotHolder)
			return
		}
	}
}

// Context ends with the work: by Empty or Release, with the context that Hold was given, or when another has the batch
// (its cause is ErrNotHolder then).
func (h *Hold) Context() context.Context { return h.ctx }

// Empty removes the batch and its lock in one step on the server, unless another process holds or has emptied the batch
// meanwhile (ErrNotHolder). It ends the hold if it succeeds. After an error the batch is certainly still there, unless
// conn.InDoubt holds.
func (h *Hold) Empty(ctx context.Context) error {
	const op = "buffer: empty"
	if ctx == nil {
		return conn.Fail(op, h.base, ErrNoContext)
	}
	batch := []string{h.base + list, h.base + keys, h.base + size, h.base + ts, h.base + lock}
	reply, err := emptyScript.Run(ctx, h.b.c, batch, h.token).StringSlice()
	switch {
	case err != nil:
		return fail(op, h.base, err)
	case reply[0] == "gone":
		return conn.Fail(op, h.base, fmt.Errorf("%w: another has emptied the batch", ErrNotHolder))
	case reply[0] == "locked":
		return conn.Fail(op, h.base, fmt.Errorf("%w but by %s", ErrNotHolder, reply[1]))
	}
	h.end()
	return nil
}

// Release gives the batch back unchanged. It is no error if another process holds it meanwhile, or none does.
func (h *Hold) Release(ctx context.Context) error {
	const op = "buffer: release"
	if ctx == nil {
		return conn.Fail(op, h.base, ErrNoContext)
	}
	h.end()
	err := unlockScript.Run(ctx, h.b.c, []string{h.base + lock}, h.token).Err()
	return fail(op, h.base, err)
}

func (h *Hold) end() {
	h.stop(context.Canceled)
	h.done.Wait()
}

// Lost tells whether the work ended because another has the batch.
func (h *Hold) Lost() bool { return errors.Is(context.Cause(h.ctx), ErrNotHolder) }
