package conn_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// counted is a hook that closes a channel when a number of commands were answered with TRYAGAIN.
type counted struct {
	left int
	seen chan struct{}
}

func (h *counted) note(cmds ...redis.Cmder) {
	for _, cmd := range cmds {
		if redis.IsTryAgainError(cmd.Err()) {
			if h.left--; h.left == 0 {
				close(h.seen)
			}
		}
	}
}

func (h *counted) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h *counted) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		cmd.SetErr(err)
		h.note(cmd)
		return err
	}
}
func (h *counted) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		h.note(cmds...)
		return err
	}
}

// What is told TRYAGAIN, as its keys lie on two masters, has not run: it runs, once, when the move goes on.
func TestASlotThatMovesIsWaitedFor(t *testing.T) {
	servers := redistest.StartCluster(t)
	push := conn.NewScript(`return redis.call('RPUSH', KEYS[1], ARGV[1]) + redis.call('EXISTS', KEYS[2])`)
	pair := []string{"{s}list", "{s}other"}
	calls := map[string]func(ctx context.Context, c redis.UniversalClient) (any, error){
		"script": func(ctx context.Context, c redis.UniversalClient) (any, error) {
			return push.Run(ctx, c, pair, "x").Result()
		},
		"once": func(ctx context.Context, c redis.UniversalClient) (any, error) {
			return conn.Once(ctx, c, "exists", pair[0], pair[1]).Result()
		},
		"pipeline": func(ctx context.Context, c redis.UniversalClient) (any, error) {
			var alone, both *redis.IntCmd
			err := conn.Pipeline(ctx, c, func(p redis.Pipeliner) {
				alone, both = p.LLen(ctx, pair[0]), p.Exists(ctx, pair...)
			})
			if err == nil && alone.Val() != 1 {
				t.Errorf("a command beside it: %d, %v", alone.Val(), alone.Err())
			}
			return both.Val(), errors.Join(err, both.Err())
		},
	}
	addrs := []string{servers[0].Addr, servers[1].Addr, servers[2].Addr}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			waits := &counted{left: 3, seen: make(chan struct{})}
			c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, MaxRedirects: 1})
			defer c.Close()
			c.RPush(ctx, pair[0], "first")
			c.Set(ctx, pair[1], "v", 0)
			m := redistest.StartSlotMove(t, servers, "{s}")
			defer m.Undo()
			m.Move(pair[1])
			c.AddHook(waits)
			result := make(chan any, 1)
			go func() {
				got, err := call(ctx, c)
				if err != nil {
					got = err
				}
				result <- got
			}()
			select {
			case got := <-result:
				t.Fatalf("answered in the middle of the move: %v", got)
			case <-waits.seen:
			}
			m.Move(pair[0])
			want := int64(2)
			if name == "script" {
				want = 3
			}
			if got := <-result; got != want {
				t.Errorf("got %v, want %d", got, want)
			}
		})
		t.Run(name+" gives up", func(t *testing.T) {
			c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, MaxRedirects: 1, ReadTimeout: 400 * time.Millisecond})
			defer c.Close()
			c.RPush(ctx, pair[0], "first")
			c.Set(ctx, pair[1], "v", 0)
			m := redistest.StartSlotMove(t, servers, "{s}")
			defer m.Undo()
			m.Move(pair[1])
			if got, err := call(ctx, c); !redis.IsTryAgainError(err) {
				t.Errorf("a context without an end: %v, %v", got, err)
			}
			patient := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, MaxRedirects: 1, ReadTimeout: time.Minute})
			defer patient.Close()
			ending, cancel := context.WithCancel(ctx)
			waits := &counted{left: 2, seen: make(chan struct{})}
			patient.AddHook(waits)
			go func() { <-waits.seen; cancel() }()
			if got, err := call(ending, patient); !errors.Is(err, context.Canceled) {
				t.Errorf("a context that ends: %v, %v", got, err)
			}
		})
	}
}
