// Package interrupt ends what a call of the client library waits for as soon as the call's context ends. The client library
// itself waits for a reply until its timeout. The connections learn which call uses them, and the end of its context
// interrupts the reads and writes there.
package interrupt

import (
	"context"
	"errors"
	"os"
	"time"

	"holdfast/core/conn/internal/resp"
)

// Run runs f with a context by which connections find the call. It tells whether nothing was sent, because there
// was only a connection that cannot be interrupted: that one is closed now.
func Run(ctx context.Context, timeout time.Duration, f func(context.Context) error) (unsent bool, err error) {
	c := calls.begin(ctx, timeout)
	stop := context.AfterFunc(ctx, c.end)
	err = f(c)
	stop()
	calls.done(c)
	if err == nil || resp.Answered(err) {
		return false, err
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return errors.Is(err, os.ErrDeadlineExceeded) && c.unsent(), err
}

// Beside runs f in a goroutine, which goes on by itself for at most the client's timeout when the context ends.
func Beside(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if err != nil && !resp.Answered(err) && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
