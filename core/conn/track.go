package conn

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// invalidations is where a server of RESP2 tells of changed keys.
const invalidations = "__redis__:invalidate"

// Tracking is what Track reports to. Its functions are called one at a time.
type Tracking struct {
	Prefixes []string            // none of which begins with another
	Beat     time.Duration       // how often the connection is tried
	Up       func()              // from now on every change is told
	Changed  func(keys []string) // keys that were written, deleted or evicted, or that expired
	Flushed  func()              // every key may be gone
}

// Track lets one node tell of every change under the prefixes, until ctx or the connection ends; its error is never nil,
// and with it what changes is no longer told. It takes one connection, which both tracks and hears what is tracked, so
// that neither can outlive the other, and changes no setting of the server.
func Track(ctx context.Context, node redis.UniversalClient, t Tracking) error {
	if ctx == nil {
		return errNilContext
	}
	client, err := alone(node)
	if err != nil {
		return err
	}
	o := *client.Options()
	o.Protocol, o.PoolSize, o.MinIdleConns, o.DialerRetries = 2, 1, 0, 1
	o.PushNotificationProcessor = nil // a client's own
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.OnConnect = func(ctx context.Context, cn *redis.Conn) error {
		id, err := cn.ClientID(ctx).Result()
		if err != nil {
			return err
		}
		args := []any{"client", "tracking", "on", "redirect", id, "bcast"}
		for _, p := range t.Prefixes {
			if p != "" { // which alone means every key
				args = append(args, "prefix", p)
			}
		}
		return cn.Do(ctx, args...).Err()
	}
	o.Dialer = closedBy(ctx, o.Dialer)
	own := redis.NewClient(&o)
	defer own.Close()
	sub := own.Subscribe(ctx)
	defer sub.Close()
	defer context.AfterFunc(ctx, func() { sub.Close() })()
	if err := sub.Subscribe(ctx, invalidations); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	var heard atomic.Int64 // when something last came
	heard.Store(time.Now().UnixNano())
	ended := make(chan struct{})
	defer close(ended)
	go func() { // a connection may die without a word: only an answer tells that it lives
		tick := time.NewTicker(t.Beat)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				silent := time.Since(time.Unix(0, heard.Load()))
				if silent > t.Beat+o.ReadTimeout || sub.Ping(ctx) != nil {
					sub.Close()
					return
				}
			}
		}
	}()
	for {
		said, err := sub.Receive(ctx)
		switch {
		case err == nil:
		case strings.Contains(err.Error(), "unsupported pubsub message payload: <nil>"): // FLUSHALL and FLUSHDB name no key
			t.Flushed()
		case ctx.Err() != nil:
			return ctx.Err()
		default: // the next call would connect anew, and what changed in between is lost
			return err
		}
		heard.Store(time.Now().UnixNano())
		switch m := said.(type) {
		case *redis.Subscription:
			t.Up()
		case *redis.Message:
			t.Changed(m.PayloadSlice)
		}
	}
}

// closedBy closes what is dialled when ctx ends, also in the middle of a greeting.
func closedBy(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(dialling context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(dialling, network, addr)
		if err == nil {
			context.AfterFunc(ctx, func() { c.Close() })
		}
		return c, err
	}
}

var errNoNode = errors.New("no connection to a single node")

// alone is the client of one node, behind whatever Masters gave.
func alone(node redis.UniversalClient) (*redis.Client, error) {
	if c, is := node.(*Conn); is {
		node = c.UniversalClient
	}
	if c, is := node.(*redis.Client); is {
		return c, nil
	}
	return nil, errNoNode
}

// NodeAddr is the address of what Masters gave, without credentials. That of a sentinel is the server that was dialled
// last: another one after a failover.
func NodeAddr(node redis.UniversalClient) string {
	if c, is := node.(*Conn); is && c.Mode == Sentinel {
		return c.last.addr()
	}
	if c, err := alone(node); err == nil {
		return c.Options().Addr
	}
	return ""
}

// lastAddr is the address that was used last.
type lastAddr struct{ at atomic.Pointer[string] }

func (l *lastAddr) note(addr string) { l.at.Store(&addr) }

func (l *lastAddr) addr() string {
	if at := l.at.Load(); at != nil {
		return *at
	}
	return ""
}

// dialled is a go-redis hook that notes what was dialled last: of a sentinel's client the options do not tell.
type dialled struct{ lastAddr }

// DialHook notes where a connection leads.
func (d *dialled) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := next(ctx, network, addr)
		if err == nil {
			d.note(c.RemoteAddr().String())
		}
		return c, err
	}
}

// ProcessHook leaves commands as they are.
func (d *dialled) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook leaves pipelines as they are.
func (d *dialled) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
