package conn_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/redistest"
)

// A server that swallows what it is sent must not hold up a caller who has given up. The client's own timeout is far away.
func TestACancelledCallReturnsBeforeTheServerAnswers(t *testing.T) {
	server := redistest.Start(t)
	c := redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: -1, MaxRetries: -1})
	defer c.Close()
	if err := c.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	push := conn.NewScript(`return redis.call('RPUSH', KEYS[1], ARGV[1])`)
	for name, call := range map[string]func(context.Context) error{
		"script":   func(ctx context.Context) error { return push.Run(ctx, c, []string{"k"}, "v").Err() },
		"once":     func(ctx context.Context) error { return conn.Once(ctx, c, "set", "s", 1).Err() },
		"pipeline": func(ctx context.Context) error { _, err := conn.GetMany(ctx, c, []string{"a", "b"}); return err },
		"scan":     func(ctx context.Context) error { return conn.Scan(ctx, c, "", 10, func([]string) error { return nil }) },
	} {
		t.Run(name, func(t *testing.T) {
			server.Pause()
			defer server.Resume()
			ctx, cancel := context.WithCancel(ctx)
			result := make(chan error, 1)
			go func() { result <- call(ctx) }()
			cancel()
			if err := <-result; !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v, want the context's error", err)
			}
		})
	}
}
