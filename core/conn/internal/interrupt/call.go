package interrupt

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// call is a context for the client library alone. Where that is told to heed deadlines of contexts (ContextTimeoutEnabled),
// it asks for the deadline in the goroutine that is about to write or read, and hands the answer to the connection. The
// answer here is a token by which the connection finds the call. It lies in the past: a connection that does not know
// tokens sends nothing, fails, and is dropped.
type call struct {
	context.Context // the caller's
	token           time.Time
	timeout         time.Duration // of one write or read; 0 means none

	asked atomic.Bool // the client library came as far as to write
	mu    sync.Mutex
	over  bool // the context has ended
	wires []*wire
	first [1]*wire // where wires begin: most calls use one
}

// Deadline is the token.
func (c *call) Deadline() (time.Time, bool) {
	c.asked.Store(true)
	return c.token, true
}

// callKey finds the call in a context that hooks of the client have made from it.
type callKey struct{}

func (c *call) Value(key any) any {
	if _, is := key.(callKey); is {
		return c
	}
	return c.Context.Value(key)
}

func inCall(ctx context.Context) bool { return ctx.Value(callKey{}) != nil }

// takes notes that the call uses a connection, and returns the deadline for what it does there.
func (c *call) takes(w *wire) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.wires); n == 0 || c.wires[n-1] != w {
		c.wires = append(c.wires, w)
	}
	switch {
	case c.over:
		return past
	case c.timeout > 0:
		return time.Now().Add(c.timeout)
	}
	return time.Time{}
}

// end interrupts the call on every connection that it uses, now or later.
func (c *call) end() {
	c.mu.Lock()
	c.over = true
	wires := c.wires
	c.mu.Unlock()
	for _, w := range wires {
		w.interrupt(c)
	}
}

// unsent tells that the client library was about to write and found only a connection that knows no tokens.
func (c *call) unsent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked.Load() && len(c.wires) == 0
}

// table finds calls by their tokens. A place is used again by a later call, whose token is another one.
type table struct {
	mu     sync.Mutex
	free   []int64
	places atomic.Pointer[[]*place]
}

type place struct {
	call atomic.Pointer[call]
	uses int64
}

// calls are those of this process under way. They are one table because a connection and the client that uses it may be
// made in different places: all that is known of both is the token.
var calls table

// Tokens are the nanoseconds from tokenZero (in 1823) on: use of the place, then its number.
const (
	tokenZero  = -1 << 62
	tokenRange = 1 << 61
	placeBits  = 20
)

func (t *table) begin(ctx context.Context, timeout time.Duration) *call {
	t.mu.Lock()
	if len(t.free) == 0 {
		t.grow()
	}
	n := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	p := (*t.places.Load())[n]
	p.uses++
	t.mu.Unlock()
	c := &call{Context: ctx, timeout: timeout, token: time.Unix(0, tokenZero+p.uses<<placeBits+n)}
	c.wires = c.first[:0]
	p.call.Store(c)
	return c
}

func (t *table) done(c *call) {
	n := (c.token.UnixNano() - tokenZero) & (1<<placeBits - 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	(*t.places.Load())[n].call.Store(nil)
	t.free = append(t.free, n)
}

// grow doubles the places. Those that are there stay the same.
func (t *table) grow() {
	var places []*place
	if old := t.places.Load(); old != nil {
		places = append(places, *old...)
	}
	for range max(64, len(places)) {
		t.free = append(t.free, int64(len(places)))
		places = append(places, &place{})
	}
	t.places.Store(&places)
}

// find returns the call that a deadline stands for, or nil.
func (t *table) find(deadline time.Time) *call {
	places := t.places.Load()
	id := deadline.UnixNano() - tokenZero
	if places == nil || deadline.IsZero() || id < 0 || id >= tokenRange {
		return nil
	}
	n := id & (1<<placeBits - 1)
	if n >= int64(len(*places)) {
		return nil
	}
	if c := (*places)[n].call.Load(); c != nil && c.token.Equal(deadline) {
		return c
	}
	return nil
}
