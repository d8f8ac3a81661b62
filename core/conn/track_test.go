package conn_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// told is what a Track has told so far.
type told struct {
	mu      sync.Mutex
	up      int
	flushed int
	keys    []string
	ended   chan error
}

func track(ctx context.Context, node redis.UniversalClient, prefixes ...string) *told {
	h := &told{ended: make(chan error, 1)}
	note := func(do func()) { h.mu.Lock(); defer h.mu.Unlock(); do() }
	go func() {
		h.ended <- conn.Track(ctx, node, conn.Tracking{
			Prefixes: prefixes, Beat: 50 * time.Millisecond,
			Up:      func() { note(func() { h.up++ }) },
			Changed: func(keys []string) { note(func() { h.keys = append(h.keys, keys...) }) },
			Flushed: func() { note(func() { h.flushed++ }) },
		})
	}()
	return h
}

func (h *told) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	redistest.Eventually(t, what, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return ok() })
}

func (h *told) key(t *testing.T, key string) {
	t.Helper()
	h.until(t, key, func() bool { return slices.Contains(h.keys, key) })
}

func TestTrackTellsOfEveryChange(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		node := c
		if cluster, is := c.(*redis.ClusterClient); is {
			master, err := cluster.MasterForKey(ctx, "{06S}")
			if err != nil {
				t.Fatal(err)
			}
			node = master
		}
		if conn.NodeAddr(node) == "" {
			t.Error("a node without an address")
		}
		h := track(ctx, node, "{06S}a:", "{06S}b:") // with one tag, on one node
		all := track(ctx, node, "")
		h.until(t, "pushes", func() bool { return h.up == 1 })
		all.until(t, "pushes", func() bool { return all.up == 1 })
		for _, k := range []string{"{06S}a:1", "{06S}other", "{06S}b:1"} {
			if err := c.Set(ctx, k, "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
			all.key(t, k)
		}
		h.key(t, "{06S}a:1")
		h.key(t, "{06S}b:1")
		c.PExpire(ctx, "{06S}a:1", 10*time.Millisecond)
		h.until(t, "the write, its end, and the end itself", func() bool { return len(h.keys) >= 4 })
		h.until(t, "no key of another prefix", func() bool { return !slices.Contains(h.keys, "{06S}other") })
		node.FlushAll(ctx)
		h.until(t, "the flush", func() bool { return h.flushed == 1 })
		c.Set(ctx, "{06S}b:2", "v", 0)
		h.key(t, "{06S}b:2") // it goes on
		node.Do(ctx, "CLIENT", "KILL", "TYPE", "pubsub")
		for _, h := range []*told{h, all} {
			if err := <-h.ended; err == nil || errors.Is(err, context.Canceled) {
				t.Errorf("after a cut: %v", err)
			}
		}
	})
}

func TestTrackEnds(t *testing.T) {
	server := redistest.Start(t)
	node := redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: 100 * time.Millisecond})
	t.Cleanup(func() { node.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	h := track(ctx, node, "a:")
	h.until(t, "pushes", func() bool { return h.up == 1 })
	cancel()
	if err := <-h.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	h = track(context.Background(), node, "a:")
	h.until(t, "pushes", func() bool { return h.up == 1 })
	server.Pause() // no answer any more, though the connection stands
	if err := <-h.ended; err == nil {
		t.Error("a server that hangs: no error")
	}
	server.Resume()
}

func TestTrackRefused(t *testing.T) {
	mini, _ := redistest.Mini(t)
	h := track(context.Background(), mini, "a:")
	if _, refused := errors.AsType[redis.Error](<-h.ended); !refused || h.up != 0 {
		t.Error("a server that cannot push was taken for one that does")
	}
	if err := conn.Track(context.Background(), redis.NewRing(&redis.RingOptions{}), conn.Tracking{}); err == nil {
		t.Error("tracked no single node")
	}
}
