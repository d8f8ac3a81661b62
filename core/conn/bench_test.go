package conn_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// What it costs that a call ends with its context, against the same command of the client library alone, which waits for
// the reply: with a caller's client, with one of Open, and with a client that can only be waited for in a goroutine.
func BenchmarkCancellable(b *testing.B) {
	server := redistest.Start(b)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	bare := server.Client(b)
	opened, err := conn.Open(conn.Options{URLs: []string{server.URL()}})
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	for name, c := range map[string]conn.Runner{
		"caller's": server.Client(b), "opened": opened, "goroutine": struct{ conn.Runner }{server.Client(b)},
	} {
		b.Run(name, func(b *testing.B) {
			redistest.Compare(b,
				func(int) error { return bare.Do(ctx, "incr", "n").Err() },
				func(int) error { return conn.Once(ctx, c, "incr", "n").Err() })
		})
	}
	b.Run("pipeline", func(b *testing.B) {
		c := server.Client(b)
		fill := func(p redis.Pipeliner) { p.Get(ctx, "n"); p.Get(ctx, "m") }
		redistest.Compare(b,
			func(int) error {
				p := bare.Pipeline()
				fill(p)
				if _, err := p.Exec(ctx); err != redis.Nil {
					return err
				}
				return nil
			},
			func(int) error { return conn.Pipeline(ctx, c, fill) })
	})
}

// What it costs to read along the answers, against the time in which a connection brings them.
func BenchmarkReplies(b *testing.B) {
	server := redistest.Start(b)
	opened, err := conn.Open(conn.Options{URLs: []string{server.URL()}})
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	bare := server.Client(b)
	gets := func(p redis.Pipeliner) {
		for range 1000 {
			p.Get(context.Background(), "n")
		}
	}
	bare.Set(context.Background(), "n", "a value of a few bytes", 0)
	redistest.Compare(b,
		func(int) error { return conn.Pipeline(context.Background(), bare, gets) },
		func(int) error { return conn.Pipeline(context.Background(), opened, gets) })
}
