package live

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// How a server is asked for pushes.
const (
	pushBeat    = time.Second           // between looks at the connections, and at the masters there are
	refusedWait = time.Minute           // before a server that refused to push is asked again
	helloWait   = 20 * time.Millisecond // for pushes, before the first pass: one that they precede is not made twice
	maxPushed   = 1 << 18               // keys that wait; where there are more, a pass over the keyspace costs less
)

// push lets every master tell of the keys that change. While all do, and since a pass over the keyspace that began after
// the last gap, what has been read is what is there.
type push struct {
	conn     *conn.Conn
	prefixes []string
	ready    chan struct{} // capacity 1: something has changed below
	greeted  chan struct{} // closed when every master pushes for the first time, or one does not

	mu      sync.Mutex
	keys    map[string]struct{} // that changed and were not taken yet
	gaps    uint64              // how often changes may have been missed, up to now
	links   map[string]*link    // one for each master, by address
	met     bool                // greeted is closed
	emptied []string            // masters that told of a FLUSHALL or FLUSHDB and were not taken yet
}

type link struct {
	up  bool
	end context.CancelFunc
}

func newPush(c *conn.Conn, prefixes []string) *push {
	return &push{
		conn: c, prefixes: prefixes, ready: make(chan struct{}, 1), greeted: make(chan struct{}),
		keys: map[string]struct{}{}, gaps: 1, links: map[string]*link{},
	}
}

// run keeps a link to every master until ctx ends, and leaves nothing behind.
func (p *push) run(ctx context.Context) {
	var links sync.WaitGroup
	defer links.Wait()
	look := time.NewTicker(pushBeat)
	defer look.Stop()
	last := time.Now()
	for {
		now := time.Now()
		p.elapsed(now.Round(0).Sub(last.Round(0)), now.Sub(last))
		last = now
		if nodes, err := conn.Masters(ctx, p.conn); err == nil {
			p.follow(ctx, nodes, &links)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// elapsed compares what the wall clock says went by with what the clock of our deadlines does. It stands still while a
// computer sleeps: then every deadline is wrong by as much, whether connections lived on or not.
func (p *push) elapsed(wall, ours time.Duration) {
	if (wall - ours).Abs() < slowTrip {
		return
	}
	p.mu.Lock()
	p.gaps++
	p.mu.Unlock()
	signal(p.ready)
}

// follow begins with masters that are new and leaves those that are none any more.
func (p *push) follow(ctx context.Context, nodes []redis.UniversalClient, links *sync.WaitGroup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	here := map[string]bool{}
	for _, n := range nodes {
		addr := conn.NodeAddr(n)
		here[addr] = true
		if p.links[addr] != nil {
			continue
		}
		l := &link{}
		var own context.Context
		own, l.end = context.WithCancel(ctx)
		p.links[addr] = l
		links.Go(func() { p.hold(own, n, l) })
	}
	for addr, l := range p.links {
		if !here[addr] {
			l.end()
			delete(p.links, addr)
			p.gaps++ // who knows what it took along
			signal(p.ready)
		}
	}
}

// hold keeps one link up, as well as the master allows.
func (p *push) hold(ctx context.Context, node redis.UniversalClient, l *link) {
	defer l.end()
	addr := conn.NodeAddr(node)
	retry := retryFirst
	for {
		var since time.Time
		err := conn.Track(ctx, node, conn.Tracking{
			Prefixes: p.prefixes, Beat: pushBeat,
			Up:      func() { since = time.Now(); p.gap(l, true) },
			Changed: p.changed,
			Flushed: func() { p.flushed(addr); p.gap(l, true) },
		})
		if ctx.Err() != nil {
			return
		}
		p.gap(l, false)
		wait := retry
		_, refused := errors.AsType[redis.Error](err)
		switch {
		case refused && !conn.Unreachable(err):
			wait = refusedWait
		case !since.IsZero() && time.Since(since) > pushBeat: // one that comes and goes must not make pass after pass
			wait, retry = 0, retryFirst
		default:
			retry = min(2*retry, maxRetry)
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// gap notes that changes on one master may have been missed, and whether they are told from now on.
func (p *push) gap(l *link, up bool) {
	p.mu.Lock()
	l.up = up
	p.gaps++
	if !p.met && (!up || p.all()) {
		p.met = true
		close(p.greeted)
	}
	p.mu.Unlock()
	signal(p.ready)
}

// flushed notes a master that may have lost every key.
func (p *push) flushed(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.emptied, addr) {
		p.emptied = append(p.emptied, addr)
	}
}

// takeFlushed hands over the masters that were flushed since the last call.
func (p *push) takeFlushed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	emptied := p.emptied
	p.emptied = nil
	return emptied
}

func (p *push) changed(keys []string) {
	p.mu.Lock()
	for _, k := range keys {
		p.keys[k] = struct{}{}
	}
	if len(p.keys) > maxPushed {
		clear(p.keys)
		p.gaps++
	}
	p.mu.Unlock()
	signal(p.ready)
}

// take hands over the keys that have changed since the last call.
func (p *push) take() map[string]struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.keys) == 0 {
		return nil
	}
	keys := p.keys
	p.keys = map[string]struct{}{}
	return keys
}

// state tells how many gaps there have been, and whether every master pushes.
func (p *push) state() (gaps uint64, whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gaps, p.all()
}

func (p *push) all() bool {
	for _, l := range p.links {
		if !l.up {
			return false
		}
	}
	return len(p.links) > 0
}
