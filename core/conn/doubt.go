package conn

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// doubt counts the commands of one undertaking that may have changed something and were not answered.
type doubt struct{ open atomic.Int64 }

type doubtKey struct{}

// WithDoubt makes a context in whose commands InDoubt can tell a reply that was lost from one that said no.
func WithDoubt(ctx context.Context) context.Context {
	return context.WithValue(ctx, doubtKey{}, &doubt{})
}

// WithoutDoubt makes a context whose commands do not count for InDoubt, because they are not part of the operation.
func WithoutDoubt(ctx context.Context) context.Context {
	return context.WithValue(ctx, doubtKey{}, (*doubt)(nil))
}

// InDoubt tells whether a command that may change something was sent under ctx (WithDoubt) and never answered: the
// connection was lost or the context ended, and the server may have executed it.
func InDoubt(ctx context.Context) bool {
	d, _ := ctx.Value(doubtKey{}).(*doubt)
	return d != nil && d.open.Load() > 0
}

// doubts is the go-redis hook behind InDoubt. A command counts from before it is sent: who gave up waiting for it looks
// while it is still under way.
type doubts struct{}

// DialHook leaves dialling as it is.
func (doubts) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook watches one command.
func (doubts) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		d, _ := ctx.Value(doubtKey{}).(*doubt)
		if d == nil || reads(cmd.Name()) {
			return next(ctx, cmd)
		}
		d.open.Add(1)
		err := next(ctx, cmd)
		if settles(err) {
			d.open.Add(-1)
		}
		return err
	}
}

// ProcessPipelineHook watches the commands of a pipeline as one.
func (doubts) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		d, _ := ctx.Value(doubtKey{}).(*doubt)
		writes := false
		for _, cmd := range cmds {
			writes = writes || !reads(cmd.Name())
		}
		if d == nil || !writes {
			return next(ctx, cmds)
		}
		d.open.Add(1)
		err := next(ctx, cmds)
		sure := settles(err)
		for _, cmd := range cmds {
			sure = sure && (reads(cmd.Name()) || settles(cmd.Err()))
		}
		if sure {
			d.open.Add(-1)
		}
		return err
	}
}

// settles tells whether an outcome says what became of a command: it was answered, or it never got to the server.
func settles(err error) bool {
	if err == nil || answered(err) || errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrClosed) {
		return true
	}
	way, ok := errors.AsType[*net.OpError](err)
	return ok && way.Op == "dial"
}
