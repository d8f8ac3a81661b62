package buffer_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// prepared makes a batch of a store and gives its lock's key.
func prepared(t *testing.T, b *buffer.Buffer) (at int64, lock string) {
	t.Helper()
	mustPush(t, b, "s", `{"a":1}`)
	at, _, err := b.Prepare(ctx, "s", "")
	if err != nil {
		t.Fatal(err)
	}
	return at, fmt.Sprintf("buf:%d:{s}:lock", at)
}

func TestABatchIsHeldByOne(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		b := buffer.New(c, buffer.Options{})
		at, lock := prepared(t, b)
		var mu sync.Mutex
		var winners []*buffer.Hold
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				h, err := b.Hold(ctx, "s", at)
				switch {
				case err == nil:
					mu.Lock()
					winners = append(winners, h)
					mu.Unlock()
				case !errors.Is(err, buffer.ErrLocked), !errors.Is(err, conn.ErrPrecondition):
					t.Errorf("a loser hears %v", err)
				}
			})
		}
		all.Wait()
		if len(winners) != 1 {
			t.Fatalf("%d hold it", len(winners))
		}
		h := winners[0]
		if left := c.PTTL(ctx, lock).Val(); left <= 0 || left > buffer.HoldTTL {
			t.Errorf("held for %v", left)
		}
		if err := h.Empty(ctx); err != nil || h.Context().Err() == nil || h.Lost() {
			t.Errorf("empty: %v", err)
		}
		if w := world(t, c); len(w) > 0 && w[:len("buf:{s}:ops")] != "buf:{s}:ops" {
			t.Errorf("left %s", w)
		}
		if _, err := b.Hold(ctx, "s", at); !errors.Is(err, buffer.ErrNotFound) {
			t.Errorf("hold what is gone: %v", err)
		}
	})
}

// A flusher that was killed must not keep its batch from the next one.
func TestTheHoldOfADeadProcessRunsOut(t *testing.T) {
	c := redistest.Single(t)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := buffer.New(c, buffer.Options{})
	at, lock := prepared(t, b)
	c.Set(ctx, lock, "flush-dead", 300*time.Millisecond)
	h, err := b.Hold(ctx, "s", at)
	if err != nil {
		t.Fatalf("after its holder died: %v", err)
	}
	if err := h.Release(ctx); err != nil {
		t.Error(err)
	}
	if n := c.Exists(ctx, lock).Val(); n != 0 {
		t.Error("released, and still locked")
	}

	for _, ttl := range []time.Duration{0, time.Hour} { // the lock of a service, not of a flush
		c.Set(ctx, lock, "service", ttl)
		if _, err := b.Hold(ctx, "s", at); !errors.Is(err, buffer.ErrLocked) {
			t.Errorf("locked for %v: %v", ttl, err)
		}
	}

	c.Set(ctx, lock, "flush-other", buffer.HoldTTL) // who is done while we watch
	done := make(chan error)
	go func() { _, err := b.Hold(ctx, "s", at); done <- err }()
	seen := func() bool { return c.Info(ctx, "commandstats").Val() != "" }
	redistest.Eventually(t, "the lock is asked for", seen)
	if err := b.Empty(ctx, "s", at); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, buffer.ErrLocked) && !errors.Is(err, buffer.ErrNotFound) {
		t.Errorf("emptied by another: %v", err)
	}
}

// A hold lasts as long as its holder works, however long that is: each renewal gives the lock its whole time again.
func TestAHoldIsRenewedForItsWholeTime(t *testing.T) {
	c := redistest.Single(t)
	b := buffer.New(c, buffer.Options{})
	at, lock := prepared(t, b)
	h := must[*buffer.Hold](t)(b.Hold(ctx, "s", at))
	defer h.Release(ctx)
	c.PExpire(ctx, lock, buffer.HoldTTL*3/4) // a part of it has passed
	lapsed := false                          // a renewal would take it again
	redistest.Eventually(t, "it is renewed", func() bool {
		left := c.PTTL(ctx, lock).Val()
		lapsed = lapsed || left < 0
		return left > buffer.HoldTTL*3/4
	})
	if lapsed {
		t.Error("for a moment anybody could have taken it")
	}
	if held, err := c.Get(ctx, lock).Result(); err != nil || held == "" || h.Lost() {
		t.Errorf("the lock is %q, %v", held, err)
	}
}

// Whoever lost the batch must not delete it under its new holder.
func TestALostHoldEndsTheWork(t *testing.T) {
	c := redistest.Single(t)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := buffer.New(c, buffer.Options{})
	at, lock := prepared(t, b)
	h := must[*buffer.Hold](t)(b.Hold(ctx, "s", at))
	c.Del(ctx, lock) // it ran out, and nobody took it: renewal has it again
	redistest.Eventually(t, "it is taken again", func() bool { return c.Exists(ctx, lock).Val() == 1 })
	c.Set(ctx, lock, "another", 0)
	before := world(t, c)
	if err := h.Empty(ctx); !errors.Is(err, buffer.ErrNotHolder) {
		t.Errorf("empty under another's lock: %v", err)
	}
	<-h.Context().Done()
	if !h.Lost() {
		t.Errorf("ended by %v", context.Cause(h.Context()))
	}
	if err := h.Release(ctx); err != nil {
		t.Error(err)
	}
	if after := world(t, c); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// What a call costs the server must not grow with the buffer: no command of these walks one.
func TestAMillionNamesCostNothing(t *testing.T) {
	server := redistest.Start(t)
	c := server.Client(t)
	b := buffer.New(c, buffer.Options{})
	mustPush(t, b, "s", `{"a":1}`)
	names := make([]any, buffer.KeysListed+1)
	for i := range names {
		names[i] = fmt.Sprint("name-", i)
	}
	c.SAdd(ctx, "buf:{s}:keys", names...)
	c.ConfigResetStat(ctx)
	if s := mustPush(t, b, "s", `{"b":1}`); s.Keys != nil || s.Count != 2 {
		t.Errorf("push: %+v", s)
	}
	if s := must[buffer.Stats](t)(b.Stats(ctx, "s", 0)); s.Keys != nil || s.Count != 2 {
		t.Errorf("stats: %+v", s)
	}
	at, found, err := b.Prepare(ctx, "s", "")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	stats := c.InfoMap(ctx, "commandstats").Val()
	for _, walks := range []string{"smembers", "lrange", "sscan", "dump", "sort"} {
		for section := range stats {
			if _, sent := stats[section]["cmdstat_"+walks]; sent {
				t.Errorf("%s was sent", walks)
			}
		}
	}
	if all := must[buffer.Batch](t)(b.GetContents(ctx, "s", at)); len(all.Keys) != len(names)+2 || len(all.Records) != 2 {
		t.Errorf("the batch has %d names and %d records", len(all.Keys), len(all.Records))
	}
}

func TestANilContextIsAnError(t *testing.T) {
	c, _ := redistest.Mini(t)
	b := buffer.New(c, buffer.Options{})
	all := calls(b)
	all["old"] = func(ctx context.Context, _ string, _ int64) error { _, err := b.GetOld(ctx); return err }
	all["prepared"] = func(ctx context.Context, _ string, _ int64) error { _, err := b.GetPrepared(ctx); return err }
	rows := buffer.NewRows(c, "")
	all["rows"] = func(ctx context.Context, s string, _ int64) error { _, err := rows.Read(ctx, []string{s}); return err }
	all["inspect"] = func(ctx context.Context, s string, _ int64) error { _, _, err := rows.Inspect(ctx, s); return err }
	var none context.Context
	for name, call := range all {
		if err := call(none, "s", 1); !errors.Is(err, buffer.ErrNoContext) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A holder that was away so long that another has the batch must not delete it, whenever that came about: there is no moment
// between the check and the removal in which the lock could change hands.
func TestABatchIsRemovedInTheMomentThatTheLockIsChecked(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	emptied := 0
	for n := 0; ; n++ { // another takes the lock before command n of Empty
		admin.FlushAll(ctx)
		at, lock := prepared(t, buffer.New(admin, buffer.Options{}))
		empties, seen := false, 0
		gate := redistest.NewGate(t, server.Addr, func(_ int, command string) redistest.Hold {
			if empties {
				if seen == n {
					admin.Set(ctx, lock, "another", 0)
				}
				seen++
			}
			return redistest.Pass
		})
		c := redis.NewClient(&redis.Options{Addr: gate.Addr, MaxRetries: -1})
		h := must[*buffer.Hold](t)(buffer.New(c, buffer.Options{}).Hold(ctx, "s", at))
		empties = true
		err := h.Empty(ctx)
		left := admin.LLen(ctx, fmt.Sprintf("buf:%d:{s}:list", at)).Val()
		c.Close()
		switch {
		case seen <= n && err == nil: // it was never taken
			emptied++
		case seen <= n, !errors.Is(err, buffer.ErrNotHolder), left != 1:
			t.Errorf("another took it before command %d: %v, %d records are left", n, err, left)
		}
		if seen <= n {
			break
		}
		if err := h.Release(ctx); err == nil {
			t.Error("released on a closed connection")
		}
	}
	if emptied != 1 {
		t.Error("it was never emptied")
	}
}
