package genstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/genstore"
	"holdfast/internal/redistest"
)

// Numbers that the script adds up by hand keep their life as all others do.
func TestABumpWithACarryKeepsTheLifeOfTheCounter(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		for _, life := range []time.Duration{0, time.Hour} {
			for was, want := range map[string]uint64{"1999999999999999": 2000000000000000, "9007199254740993": 9007199254740994, "9223372036854775806": 9223372036854775807} {
				c.Set(ctx, "gen:ns:k", was, life)
				if got := bump(t, genstore.NewRedisGenStore(c, "ns"), "k"); got != want {
					t.Errorf("%s became %d", was, got)
				}
				if left := c.PTTL(ctx, "gen:ns:k").Val(); (left > 0) != (life > 0) || left > life {
					t.Errorf("%s: a counter that lived %v now lives %v", was, life, left)
				}
			}
		}
	})
}

// While the server is stopped every call ends with its context, and no context is none.
func TestEveryCallEndsWithItsContext(t *testing.T) {
	server := redistest.Start(t)
	c := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1, ReadTimeout: time.Hour, WriteTimeout: time.Hour, PoolSize: 100})
	defer c.Close()
	s, rows := genstore.NewRedisGenStoreWithTTL(c, "ns", time.Hour), genstore.NewRows(c, "gen:")
	calls := map[string]func(ctx context.Context) error{
		"Bump":           func(ctx context.Context) error { _, err := s.Bump(ctx, "k"); return err },
		"Snapshot":       func(ctx context.Context) error { _, err := s.Snapshot(ctx, "k"); return err },
		"SnapshotMany":   func(ctx context.Context) error { _, err := s.SnapshotMany(ctx, []string{"k", "l"}); return err },
		"rows":           func(ctx context.Context) error { _, err := rows.Read(ctx, []string{"ns:k"}); return err },
		"Inspect":        func(ctx context.Context) error { _, _, err := rows.Inspect(ctx, "ns:k"); return err },
		"a bump by hand": func(ctx context.Context) error { _, err := rows.Bump(ctx, "ns", "k"); return err },
	}
	var none context.Context
	for name, call := range calls {
		if err := call(none); err == nil {
			t.Errorf("%s took no context for one", name)
		}
	}
	server.Pause()
	defer server.Resume()
	for name, call := range calls {
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		select {
		case err := <-done:
			t.Errorf("%s returned %v while its context went on", name, err)
		case <-time.After(10 * time.Millisecond):
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s returned %v", name, err)
		}
	}
}
