package conn

import (
	"cmp"
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Pipeline sends the commands that fill queues in one round trip to each node. It returns only transport errors: an
// error that the server gave to one command stays in that command. After an error the commands must not be looked at: a
// cancelled context returns while they may still be under way. Commands that were answered with TRYAGAIN are sent again,
// as those of a Script are.
func Pipeline(ctx context.Context, c redis.UniversalClient, fill func(redis.Pipeliner)) error {
	p := c.Pipeline()
	fill(p)
	cmds := p.Cmds()
	var err error
	ended := untilAnswered(ctx, c, func() bool {
		var first error
		err = during(ctx, c, func(ctx context.Context) error {
			first = exec(ctx, c.Pipeline(), cmds)
			return transportError(first, cmds)
		})
		if err != nil || first == nil {
			return false
		}
		cmds = slices.DeleteFunc(slices.Clone(cmds), func(cmd redis.Cmder) bool { return !redis.IsTryAgainError(cmd.Err()) })
		return len(cmds) > 0
	})
	return cmp.Or(ended, err)
}

// Atomically reads several keys of one slot at one instant, in a transaction of the commands that fill queues. It returns
// the first transport error or error of a command, but that of a missing key; after one the commands must not be looked at. It
// does not wait for keys on the move (Moving).
func Atomically(ctx context.Context, c redis.UniversalClient, fill func(redis.Pipeliner)) error {
	p := c.TxPipeline()
	fill(p)
	cmds := p.Cmds()
	return during(ctx, c, func(ctx context.Context) error {
		first := exec(ctx, c.TxPipeline(), cmds)
		if first != redis.Nil {
			return first
		}
		for _, cmd := range cmds { // a missing key may have hidden a bad one behind it
			if err := cmd.Err(); err != nil && err != redis.Nil {
				return err
			}
		}
		return nil
	})
}

func exec(ctx context.Context, p redis.Pipeliner, cmds []redis.Cmder) error {
	_ = p.BatchProcess(ctx, cmds...) // queues them
	_, err := p.Exec(ctx)
	return err
}

// transportError is the first transport error among the commands of a pipeline that ended with err. One that no command knows of
// kept all from being sent, such as a refused SELECT of the connection.
func transportError(err error, cmds []redis.Cmder) error {
	if err == nil {
		return nil
	}
	known := false
	for _, cmd := range cmds {
		e := cmd.Err()
		if e != nil && !answered(e) {
			return e
		}
		known = known || e != nil
	}
	if !known {
		return err
	}
	return nil
}
