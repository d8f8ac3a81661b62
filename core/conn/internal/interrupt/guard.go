package interrupt

import (
	"context"
	"net"
	"runtime"
	"sync"
	"weak"

	"github.com/redis/go-redis/v9"
)

// guard is a hook that a caller's client is given at its first call with a context that can end. It wraps what is
// dialled from then on; a connection that the client had before is closed, with nothing sent, when a call comes upon it.
// Hooks that the client had before see the calls as ever. Such as are added later do not: they stand behind the guard,
// which leads calls past them.
type guard struct {
	twin *redis.Client // over the same connections; heeds the deadline of a context, and has no hooks. nil: the client does
}

// guarded are the clients that have a guard, without keeping them alive.
var guarded struct {
	sync.Map            // weak.Pointer[redis.Client]
	making   sync.Mutex // so that a client gets one
}

// Guard gives the client its guard.
func Guard(client *redis.Client) {
	key := weak.Make(client)
	if _, ok := guarded.Load(key); ok {
		return
	}
	guarded.making.Lock()
	defer guarded.making.Unlock()
	if _, ok := guarded.Load(key); ok {
		return
	}
	g := &guard{}
	if o := client.Options(); !o.ContextTimeoutEnabled {
		g.twin = client.WithTimeout(o.ReadTimeout)
		own := g.twin.Options() // the twin's own, which nobody uses yet
		own.WriteTimeout, own.ContextTimeoutEnabled = o.WriteTimeout, true
	}
	client.AddHook(g)
	guarded.Store(key, struct{}{})
	runtime.AddCleanup(client, func(key weak.Pointer[redis.Client]) { guarded.Delete(key) }, key)
}

// DialHook wraps what is dialled.
func (g *guard) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return Wrap(c, nil), nil
	}
}

// ProcessHook leads calls to the twin.
func (g *guard) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	if g.twin == nil {
		return next
	}
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !inCall(ctx) {
			return next(ctx, cmd)
		}
		return g.twin.Process(ctx, cmd)
	}
}

// ProcessPipelineHook leads the pipelines of calls to the twin. A transaction comes with its MULTI and EXEC.
func (g *guard) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	if g.twin == nil {
		return next
	}
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !inCall(ctx) {
			return next(ctx, cmds)
		}
		p := g.twin.Pipeline()
		if last := len(cmds) - 1; last > 0 && cmds[0].Name() == "multi" && cmds[last].Name() == "exec" {
			p, cmds = g.twin.TxPipeline(), cmds[1:last]
		}
		if err := p.BatchProcess(ctx, cmds...); err != nil {
			return err
		}
		_, err := p.Exec(ctx)
		return err
	}
}
