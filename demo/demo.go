// Package demo gives holdfast something to show where nothing is installed: an embedded Redis on a loopback port and a
// workload on it, which drives the real primitives of core as a shop and its agent sandboxes would. A seed repeats a run.
// What is shown of it, and how, never lives here.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"holdfast/core"
	"holdfast/core/conn"
)

// Options of a demo.
type Options struct {
	Seed  int64 // every random choice of the workload derives from it
	Stage Stage // what is played; empty: Shop
}

// Stage is what a demo plays.
type Stage string

// The stages.
const (
	Shop      Stage = "shop"      // the primitives of core, as a shop and its agent sandboxes use them
	Libraries Stage = "libraries" // other libraries' locks, workers and queues, made by the libraries
)

// Stages lists them.
func Stages() []string { return []string{string(Shop), string(Libraries)} }

// Demo is a running demo.
type Demo struct {
	URL string // redis://127.0.0.1:PORT/0, open to other processes of this machine

	server  *miniredis.Miniredis
	clock   *clock
	session *session           // nil: the libraries play
	stop    context.CancelFunc // of the workload
	busy    sync.WaitGroup
}

// Start starts the server and fills it: when it returns, every kind of state has rows. From then on the workload acts
// until ctx ends or Close; the server stands until Close.
func Start(ctx context.Context, o Options) (*Demo, error) {
	start := time.Now()
	if o.Stage == Libraries {
		return startLibraries(ctx, o, start)
	}
	d, err := set(ctx, o, start)
	if err != nil {
		return nil, err
	}
	ctx, d.stop = context.WithCancel(ctx)
	d.busy.Go(func() { d.run(ctx, start) })
	return d, nil
}

// serve starts the embedded server.
func serve(o Options) (*miniredis.Miniredis, string, error) {
	server := miniredis.NewMiniRedis()
	server.Seed(int(o.Seed)) // what SRANDMEMBER picks
	if err := server.Start(); err != nil {
		return nil, "", fmt.Errorf("demo: start the embedded server: %w", err)
	}
	server.Server().SetPreHook(guard)
	return server, "redis://" + server.Addr() + "/0", nil
}

// startLibraries starts the second stage.
func startLibraries(ctx context.Context, o Options, start time.Time) (*Demo, error) {
	server, url, err := serve(o)
	if err != nil {
		return nil, err
	}
	d := &Demo{URL: url, server: server, clock: newClock(server, start)}
	ctx, d.stop = context.WithCancel(ctx)
	l := &libraries{url: url, r: rand.New(rand.NewPCG(uint64(o.Seed), 2))}
	if err := l.run(ctx); err != nil {
		d.stop()
		l.busy.Wait()
		server.Close()
		return nil, fmt.Errorf("demo: %w", err)
	}
	d.busy.Go(func() { d.run(ctx, start) })
	d.busy.Go(l.busy.Wait)
	return d, nil
}

// set sets the scene for a workload that begins at start; nothing moves yet.
func set(ctx context.Context, o Options, start time.Time) (*Demo, error) {
	server, url, err := serve(o)
	if err != nil {
		return nil, err
	}
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{url}}})
	if err != nil {
		server.Close()
		return nil, fmt.Errorf("demo: %w", err)
	}
	s := newSession(c, o.Seed)
	d := &Demo{URL: url, server: server, clock: newClock(server, start.Add(-s.longAgo())), session: s, stop: func() {}}
	if err := s.play(ctx, d.clock, start); err != nil {
		_ = d.Close()
		return nil, fmt.Errorf("demo: set the scene: %w", err)
	}
	return d, nil
}

// tick is how often the server's clock moves and players whose rest is over act.
const tick = 50 * time.Millisecond

func (d *Demo) run(ctx context.Context, start time.Time) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			// Errors tell that an operator changed what a player counted on; it finds its way at its next turn.
			_ = d.step(ctx, start.Add(time.Since(start)))
		}
	}
}

// step moves the server's clock to now and lets the players act whose turn it is. Apart from the leases that core keeps
// alive in the background nothing else acts: the same seed and the same steps give the same state.
func (d *Demo) step(ctx context.Context, now time.Time) error {
	d.clock.set(now)
	if d.session == nil {
		return nil
	}
	return d.session.step(ctx, now)
}

// Close stops the workload and the server and returns when no goroutine of theirs is left.
func (d *Demo) Close() error {
	d.stop()
	d.busy.Wait()
	defer d.server.Close()
	if d.session == nil {
		return nil
	}
	return d.session.core.Close()
}
