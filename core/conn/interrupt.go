package conn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

var errNilContext = errors.New("nil context")

// spareTries are for connections that others dial meanwhile, beside those that a client may have already.
const spareTries = 32

// during runs one call of the client library and returns the context's error as soon as the context ends, at the cost of
// a context.AfterFunc. f is given the context to use; it may be run again if nothing was sent. After an error what f
// writes to must not be looked at.
//
// The client library itself waits for a reply until its timeout. So connections are wrapped to be interrupted (wire):
// those of Open from the start, those of a caller's client from its first call here on (guard). A client of another kind,
// also a caller's cluster client, is waited for in a goroutine of its own, which costs two wake-ups more.
func during(ctx context.Context, c Runner, f func(context.Context) error) error {
	if ctx == nil {
		return errNilContext
	}
	inner, wired := unwrap(c)
	if wired {
		f = surviving(f)
	}
	_, queues := c.(redis.Pipeliner)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case ctx.Done() == nil || queues:
		return f(ctx)
	case wired:
		_, err := interrupted(ctx, timeoutOf(c), f)
		return err
	}
	if client, is := inner.(*redis.Client); is && client.Options().ReadTimeout >= 0 && client.Options().WriteTimeout >= 0 {
		ensureGuard(client)
		for range client.Options().PoolSize + spareTries {
			unsent, err := interrupted(ctx, client.Options().ReadTimeout, f)
			if !unsent {
				return err
			}
		}
	}
	return beside(ctx, func() error { return f(ctx) })
}

// unwrap is the client behind a Conn, and whether Open made its connections.
func unwrap(c any) (client any, wired bool) {
	for conn, is := c.(*Conn); is; conn, is = c.(*Conn) {
		c, wired = conn.UniversalClient, wired || conn.wired
	}
	return c, wired
}

// surviving makes an error of a panic: that of the client library over an answer that it did not expect.
func surviving(f func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("%w: %v", ErrNotRedis, r)
			}
		}()
		return f(ctx)
	}
}

// interrupted runs f with a context by which connections find the call. It tells whether nothing was sent, because there
// was only a connection that cannot be interrupted: that one is closed now.
func interrupted(ctx context.Context, timeout time.Duration, f func(context.Context) error) (unsent bool, err error) {
	c := calls.begin(ctx, timeout)
	stop := context.AfterFunc(ctx, c.end)
	err = f(c)
	stop()
	calls.done(c)
	if err == nil || answered(err) {
		return false, err
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return errors.Is(err, os.ErrDeadlineExceeded) && c.unsent(), err
}

// beside runs f in a goroutine, which goes on by itself for at most the client's timeout when the context ends.
func beside(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if err != nil && !answered(err) && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
