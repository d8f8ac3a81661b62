package conn

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn/internal/interrupt"
)

var errNilContext = errors.New("nil context")

// spareTries are for connections that others dial meanwhile, beside those that a client may have already.
const spareTries = 32

// during runs one call of the client library and returns the context's error as soon as the context ends, at the cost of
// a context.AfterFunc. f is given the context to use; it may be run again if nothing was sent. After an error what f
// writes to must not be looked at.
//
// The client library itself waits for a reply until its timeout. So connections are wrapped to be interrupted
// (internal/interrupt): those of Open from the start, those of a caller's client from its first call here on. A client of another kind,
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
		_, err := interrupt.Run(ctx, timeoutOf(c), f)
		return err
	}
	if client, is := inner.(*redis.Client); is && client.Options().ReadTimeout >= 0 && client.Options().WriteTimeout >= 0 {
		interrupt.Guard(client)
		for range client.Options().PoolSize + spareTries {
			unsent, err := interrupt.Run(ctx, client.Options().ReadTimeout, f)
			if !unsent {
				return err
			}
		}
	}
	return interrupt.Beside(ctx, func() error { return f(ctx) })
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
