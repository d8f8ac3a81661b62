package buffer_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestLockIsForOneUntilReleased(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		for _, at := range []int64{0, 1_700_000_000_000} { // a live buffer and a batch have a lock each
			token, ok, err := b.Lock(ctx, "s", at, 1500*time.Millisecond)
			if !ok || err != nil || token == "" {
				t.Fatal(token, ok, err)
			}
			key := "buf:{s}:lock"
			if at != 0 {
				key = fmt.Sprintf("buf:%d:{s}:lock", at)
			}
			if ttl := c.PTTL(ctx, key).Val(); ttl <= time.Second || ttl > 1500*time.Millisecond {
				t.Errorf("1.5 s became %v", ttl)
			}
			// Measured in a literal translation: the loser stretches the winner's lock to its own duration.
			if token, ok, err := b.Lock(ctx, "s", at, time.Hour); ok || err != nil || token != "" {
				t.Error("a second holder:", token, ok, err)
			}
			if ttl := c.PTTL(ctx, key).Val(); ttl > 1500*time.Millisecond {
				t.Errorf("a loser stretched the lock to %v", ttl)
			}
			for _, wrong := range []string{"", "another's"} {
				if err := b.Unlock(ctx, "s", at, wrong); !errors.Is(err, buffer.ErrNotHolder) || !errors.Is(err, conn.ErrPrecondition) {
					t.Errorf("unlock with %q: %v", wrong, err)
				}
			}
			if err := b.Unlock(ctx, "s", at, token); err != nil {
				t.Error(err)
			}
			if err := b.Unlock(ctx, "s", at, token); !errors.Is(err, buffer.ErrNotHolder) {
				t.Errorf("a second unlock: %v", err)
			}
		}
		mustPush(t, b, "s", `{"a":1}`)
		if _, ok, _ := b.Lock(ctx, "s", 0, time.Nanosecond); !ok { // rounded up to a ms, not down to an error
			t.Error("a short lock is refused")
		}
		for _, ttl := range []time.Duration{0, -time.Second} {
			if _, _, err := b.Lock(ctx, "s", 0, ttl); !errors.Is(err, buffer.ErrTTL) {
				t.Errorf("ttl %v: %v", ttl, err)
			}
		}
	})
}

func TestOneOfManyGetsTheLock(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		var winners atomic.Int64
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, ok, err := b.Lock(ctx, "s", 0, time.Minute); err != nil {
					t.Error(err)
				} else if ok {
					winners.Add(1)
				}
			})
		}
		wg.Wait()
		if winners.Load() != 1 {
			t.Errorf("%d winners", winners.Load())
		}
	})
}

// Measured: with the client's retries a lock whose reply was lost is told to be somebody else's.
func TestALockWhoseReplyIsLostCanBeReleased(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		dial := redistest.LoseReplies(1)
		lossy := buffer.New(retrying(t, c, dial), buffer.Options{})
		if err := lossy.Unlock(ctx, "s", 0, "none"); !errors.Is(err, buffer.ErrNotHolder) { // a connection to the store's node
			t.Fatal(err)
		}
		dial.Arm()
		token, ok, err := lossy.Lock(ctx, "s", 0, time.Minute)
		if ok || !conn.Unreachable(err) {
			t.Fatalf("want the loss, got %v, %v", ok, err)
		}
		if err := lossy.Unlock(ctx, "s", 0, token); err != nil {
			t.Errorf("unlock with the token beside the error: %v", err)
		}
	})
}

func TestBadArgumentsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	nowhere := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer nowhere.Close()
	b := buffer.New(nowhere, buffer.Options{})
	for name, call := range calls(b) {
		if err := call(ctx, "", 1); !errors.Is(err, buffer.ErrStore) {
			t.Errorf("%s without a store: %v", name, err)
		}
		switch name {
		case "push", "prepare", "batches":
		default:
			if err := call(ctx, "s", -1); !errors.Is(err, buffer.ErrTimestamp) {
				t.Errorf("%s at -1: %v", name, err)
			}
		}
	}
}

func TestACancelledCallReturnsAtOnceAndChangesNothing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		mustPush(t, b, "s", `{"a":1}`)
		before := world(t, c)
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		all := calls(b)
		all["old"] = func(ctx context.Context, _ string, _ int64) error { _, err := b.GetOld(ctx); return err }
		all["prepared"] = func(ctx context.Context, _ string, _ int64) error { _, err := b.GetPrepared(ctx); return err }
		rows := buffer.NewRows(c, "")
		all["rows"] = func(ctx context.Context, s string, _ int64) error { _, err := rows.Read(ctx, []string{s}); return err }
		all["inspect"] = func(ctx context.Context, s string, _ int64) error { _, _, err := rows.Inspect(ctx, s); return err }
		for name, call := range all {
			if err := call(cancelled, "s", 1); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if after := world(t, c); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
	})
}

// calls are all methods that take a store.
func calls(b *buffer.Buffer) map[string]func(ctx context.Context, store string, at int64) error {
	return map[string]func(context.Context, string, int64) error{
		"push": func(ctx context.Context, s string, _ int64) error {
			_, err := b.Push(ctx, s, []byte("{}"))
			return err
		},
		"prepare":  func(ctx context.Context, s string, _ int64) error { _, _, err := b.Prepare(ctx, s, ""); return err },
		"batches":  func(ctx context.Context, s string, _ int64) error { _, err := b.Batches(ctx, s); return err },
		"contents": func(ctx context.Context, s string, at int64) error { _, err := b.GetContents(ctx, s, at); return err },
		"stats":    func(ctx context.Context, s string, at int64) error { _, err := b.Stats(ctx, s, at); return err },
		"empty":    b.Empty,
		"lock": func(ctx context.Context, s string, at int64) error {
			_, _, err := b.Lock(ctx, s, at, time.Second)
			return err
		},
		"hold":   func(ctx context.Context, s string, at int64) error { _, err := b.Hold(ctx, s, at); return err },
		"unlock": func(ctx context.Context, s string, at int64) error { return b.Unlock(ctx, s, at, "t") },
		"records": func(ctx context.Context, s string, at int64) (last error) {
			for _, err := range b.Records(ctx, s, at) {
				last = err
			}
			return last
		},
	}
}
