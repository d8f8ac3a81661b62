//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/docs/rig"
)

// bench is one size: a server, and the dashboard on it.
type bench struct {
	o    options
	n    int
	echo *echo
	server
	terminal
	report
}

func measure(ctx context.Context, o options, n int) (report, error) {
	own, err := rig.StartServer(ctx, o.work)
	if err != nil {
		return nil, err
	}
	s := server{own}
	defer s.Stop()
	if err := s.fill(ctx, n); err != nil {
		return nil, fmt.Errorf("fill the server: %w", err)
	}
	b := &bench{o: o, n: n, server: s}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil, err
	}
	b.add("processors, load of the machine before", "%d, %s", runtime.NumCPU(), strings.Join(strings.Fields(string(load))[:2], ", "))
	if b.echo, err = startEcho(o.work); err != nil {
		return nil, err
	}
	defer b.echo.Close()
	if err := b.bare(ctx); err != nil {
		return nil, err
	}
	before, err := s.Client.ConfigGet(ctx, "*").Result()
	if err != nil {
		return nil, err
	}
	if err := b.starting(ctx); err != nil {
		return nil, err
	}
	if b.terminal, err = b.dashboard("worn"); err != nil {
		return nil, err
	}
	defer b.Close()
	for _, step := range []func(context.Context) error{b.loading, b.idling, b.keys, b.watching, b.busy, b.narrowing} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	after, err := s.Client.ConfigGet(ctx, "*").Result()
	if err != nil {
		return nil, err
	}
	b.add("server settings changed", "%s", map[bool]string{true: "none", false: "**some**"}[maps.Equal(before, after)])
	if err := b.compared(ctx); err != nil {
		return nil, err
	}
	return b.report, nil
}

// bare measures what there is without holdfast, for comparison: reading everything, and a key in the same terminal.
func (b *bench) bare(ctx context.Context) error {
	plain, err := bareRead(ctx, b.server, b.n, asText)
	if err != nil {
		return err
	}
	decoded, err := bareRead(ctx, b.server, b.n, asColumns)
	if err != nil {
		return err
	}
	debug.FreeOSMemory() // of both, before others need it
	b.add("bare SCAN and MGET", "%s", ms(plain))
	b.add("the same, decoded by encoding/json", "%s", ms(decoded))
	took, err := b.echo.quiet(ctx, min(b.o.presses, 100))
	if err != nil {
		return err
	}
	b.add("a line to cat and back, p50 / p99 / most", "%s", latencies(took))
	return nil
}

const starts = 15

// starting measures how long it takes to the first rows: often, for a start is short.
func (b *bench) starting(ctx context.Context) error {
	var took []time.Duration
	for range starts {
		x, err := b.dashboard("starts")
		if err != nil {
			return err
		}
		at, err := x.Until(ctx, "a row", func() bool { return len(x.rows()) > 0 })
		x.Close()
		if err != nil {
			return err
		}
		took = append(took, at.Sub(x.Start))
		if err := pause(ctx, oddly()); err != nil {
			return err
		}
	}
	b.add("start to first rows, p50 / p99 / most", "%s", latencies(took))
	return nil
}

func (b *bench) loading(ctx context.Context) error {
	tab := fmt.Sprintf("[4 Actors %s]", humanize.Comma(int64(b.n)))
	all, err := b.Until(ctx, tab, func() bool { return strings.Contains(b.Line(1), tab) })
	if err != nil {
		return err
	}
	_, peak, err := b.memory()
	if err != nil {
		return err
	}
	whole, err := b.live(ctx)
	if err != nil {
		return err
	}
	at, err := b.mark(ctx)
	if err != nil {
		return err
	}
	b.add("start to all rows counted", "%s", ms(all.Sub(b.Start)))
	b.add("start to LIVE (pushed), all read", "%s", ms(whole.Sub(b.Start)))
	b.add("memory then, and at most until then", "%s, %s", mb(at.memory), mb(max(peak, at.peak)))
	b.add("processor time until then", "%.2f s", at.cpu.Seconds())
	b.add("written to the terminal until then", "%d bytes", at.bytes)
	return nil
}

// mark is what has been used up to some moment.
type mark struct {
	time         time.Time
	cpu, server  time.Duration
	calls        map[string]int64
	bytes        int64
	memory, peak int64
}

func (b *bench) mark(ctx context.Context) (m mark, err error) {
	if m.server, m.calls, err = b.usage(ctx); err != nil {
		return m, err
	}
	if m.cpu, err = b.cpu(); err != nil {
		return m, err
	}
	if m.memory, m.peak, err = b.terminal.memory(); err != nil {
		return m, err
	}
	b.Mu.Lock()
	m.bytes = b.Bytes
	b.Mu.Unlock()
	m.time = time.Now()
	return m, nil
}

// since is what was called in between, but for the INFO that the earlier mark itself took.
func (m mark) since(earlier mark) map[string]int64 {
	calls := maps.Clone(m.calls)
	for name, n := range earlier.calls {
		calls[name] -= n
	}
	calls["info"]--
	return calls
}

func (b *bench) idling(ctx context.Context) error {
	if err := pause(ctx, 2*time.Second); err != nil { // what loading left behind
		return err
	}
	from, err := b.mark(ctx)
	if err != nil {
		return err
	}
	if err := pause(ctx, b.o.idle); err != nil {
		return err
	}
	to, err := b.mark(ctx)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("idle %v: ", b.o.idle)
	b.add(what+"processor time of holdfast", "%.2f s", (to.cpu - from.cpu).Seconds())
	b.add(what+"of the server", "%.2f s", (to.server - from.server).Seconds())
	b.add(what+"commands", "%s", listed(to.since(from)))
	b.add(what+"written to the terminal", "%d bytes", to.bytes-from.bytes)
	b.add(what+"memory", "%s", mb(to.memory))
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
