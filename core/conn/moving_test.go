package conn_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// While a slot moves, a script whose keys lie on both nodes is refused. It has not run, so it is sent again until the move
// ends or the context does.
func TestScriptsWaitForASlotThatMoves(t *testing.T) {
	servers := redistest.StartCluster(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr}})
	defer c.Close()
	ctx := context.Background()
	both := conn.NewScript(`return redis.call('INCR', KEYS[1]) + redis.call('INCR', KEYS[2])`)
	read := conn.NewScript(`return redis.call('GET', KEYS[1])`)
	keys := []string{"{a}1", "{a}2"}
	if err := both.Run(ctx, c, keys).Err(); err != nil {
		t.Fatal(err)
	}
	move := redistest.StartSlotMove(t, servers, "{a}1")
	move.Move("{a}1")
	if err := both.Try(ctx, c, keys).Err(); !conn.Moving(err) || conn.Unreachable(err) {
		t.Fatalf("told at once: %v", err)
	}
	if got, err := read.Read(ctx, c, keys[:1]).Text(); err != nil || got != "1" {
		t.Fatalf("a single key is found wherever it is: %q, %v", got, err)
	}
	short, cancel := context.WithCancel(ctx)
	refused := &countRefusals{refused: func(n int) {
		if n == 3 {
			cancel()
		}
	}}
	c.AddHook(refused)
	if err := both.Run(short, c, keys).Err(); !errors.Is(err, context.Canceled) {
		t.Fatalf("ended by the context: %v", err)
	}
	refused.refused = func(int) { move.Finish() }
	if got, err := both.Run(ctx, c, keys).Int64(); err != nil || got != 4 {
		t.Fatalf("after the move: %d, %v", got, err)
	}
}

// countRefusals is a hook that tells of commands that a moving slot refuses.
type countRefusals struct {
	n       int
	refused func(n int)
}

func (h *countRefusals) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *countRefusals) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if conn.Moving(err) {
			h.n++
			h.refused(h.n)
		}
		return err
	}
}

func (h *countRefusals) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
