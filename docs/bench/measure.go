//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// bench is one size: a server, and the dashboard on it.
type bench struct {
	o options
	n int
	*server
	*terminal
	report
}

func measure(ctx context.Context, o options, n int) (report, error) {
	s, err := startServer(ctx, o.work)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.fill(ctx, n); err != nil {
		return nil, fmt.Errorf("fill the server: %w", err)
	}
	b := &bench{o: o, n: n, server: s}
	if err := b.bare(ctx); err != nil {
		return nil, err
	}
	before, err := s.client.ConfigGet(ctx, "*").Result()
	if err != nil {
		return nil, err
	}
	b.terminal, err = startTerminal(o.work, filepath.Join(o.work, "holdfast"), "--url", s.url, "--view", "actors")
	if err != nil {
		return nil, err
	}
	defer b.terminal.close()
	for _, step := range []func(context.Context) error{b.loading, b.idling, b.keys, b.watching, b.busy, b.narrowing} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	after, err := s.client.ConfigGet(ctx, "*").Result()
	if err != nil {
		return nil, err
	}
	b.add("server settings changed", "%s", map[bool]string{true: "none", false: "**some**"}[maps.Equal(before, after)])
	return b.report, b.quit(ctx)
}

// bare reads everything without holdfast, which is what full load compares with.
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
	return nil
}

func (b *bench) loading(ctx context.Context) error {
	first, err := b.until(ctx, "a row", func() bool { return len(b.rows()) > 0 })
	if err != nil {
		return err
	}
	tab := fmt.Sprintf("[4 Actors %s]", humanize.Comma(int64(b.n)))
	all, err := b.until(ctx, tab, func() bool { return strings.Contains(b.line(1), tab) })
	if err != nil {
		return err
	}
	_, peak, err := b.memory()
	if err != nil {
		return err
	}
	whole, err := b.until(ctx, "the end of reading", func() bool {
		return strings.Contains(b.line(0), "LIVE (pushed)") && !strings.Contains(b.line(statusRow), "still reading")
	})
	if err != nil {
		return err
	}
	at, err := b.mark(ctx)
	if err != nil {
		return err
	}
	b.add("start to first rows", "%s", ms(first.Sub(b.start)))
	b.add("start to all rows counted", "%s", ms(all.Sub(b.start)))
	b.add("start to LIVE (pushed), all read", "%s", ms(whole.Sub(b.start)))
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
	b.mu.Lock()
	m.bytes = b.bytes
	b.mu.Unlock()
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

const (
	home     = "\x1b[H"
	pageDown = "\x1b[6~"
	enter    = "\r"
	escape   = "\x1b"
)

// press presses the i-th of keys that move the cursor and measures until the status line has the row they lead to.
func (b *bench) press(ctx context.Context, i int) (time.Duration, error) {
	b.mu.Lock()
	at, _ := b.row()
	b.mu.Unlock()
	round := []struct {
		key  string
		want int
	}{{"j", at + 1}, {"j", at + 1}, {pageDown, at + lastRow - firstRow + 1}, {"k", at - 1}, {"G", b.n}, {"k", at - 1}, {home, 1}}
	step := round[i%len(round)]
	return b.takes(ctx, fmt.Sprintf("row %d after %q on row %d", step.want, step.key, at), b.types(step.key), func() bool {
		now, _ := b.row()
		return now == step.want
	})
}

func (b *bench) keys(ctx context.Context) error {
	if err := b.top(ctx); err != nil {
		return err
	}
	var took []time.Duration
	for i := range b.o.presses {
		d, err := b.press(ctx, i)
		if err != nil {
			return err
		}
		took = append(took, d)
		if err := pause(ctx, oddly()); err != nil {
			return err
		}
	}
	b.add("key to frame, p50 / p99 / most", "%s", latencies(took))
	return b.top(ctx)
}

// top goes to the first row.
func (b *bench) top(ctx context.Context) error {
	if err := b.types(home)(); err != nil {
		return err
	}
	_, err := b.until(ctx, "the first row", func() bool { at, _ := b.row(); return at == 1 })
	return err
}

// narrowing sorts and filters, with the cursor on a row that goes from one end to the other, and alone.
func (b *bench) narrowing(ctx context.Context) error {
	if err := b.top(ctx); err != nil {
		return err
	}
	const greatest = 4 * mostRows // of all versions
	if _, err := b.change(ctx, 0, greatest); err != nil {
		return err
	}
	shows := func(at, of int) func() bool {
		return func() bool { a, o := b.row(); return a == at && o == of }
	}
	picker := func() bool { return strings.Contains(b.screen.String(), "Sort Actors by") }
	for _, step := range []struct {
		what  string
		keys  string
		shows func() bool
	}{
		{"open the choice of an order", "s", picker},
		{"sort by a number", "version" + enter, shows(b.n, b.n)},
		{"open it again", "s", picker},
		{"sort by a text", "actor" + enter, shows(1, b.n)},
		{"filter all columns for one row", "/" + actor(0) + enter, shows(1, 1)},
		{"take the filter away", escape, shows(1, b.n)},
	} {
		d, err := b.takes(ctx, step.what, b.types(step.keys), step.shows)
		if err != nil {
			return err
		}
		b.add(step.what, "%s", ms(d))
		if err := pause(ctx, 300*time.Millisecond); err != nil {
			return err
		}
	}
	return b.changes(ctx, "while sorted by a text: ", min(b.o.presses, 20), 3*mostRows)
}

func (b *bench) watching(ctx context.Context) error { return b.changes(ctx, "", b.o.presses, mostRows) }

// change gives a row that is on the screen another version and measures until it shows.
func (b *bench) change(ctx context.Context, row, version int) (time.Duration, error) {
	return b.takes(ctx, fmt.Sprintf("version %d of %s", version, actor(row)), func() error {
		return b.client.Set(ctx, "actor:"+actor(row), document(row, version), 0).Err()
	}, func() bool { return b.rows()[actor(row)] == fmt.Sprint(version) })
}

// changes writes to the rows on the screen in turns.
func (b *bench) changes(ctx context.Context, when string, n, version int) error {
	var took []time.Duration
	for i := range n {
		d, err := b.change(ctx, i%(lastRow-firstRow+1), version+i)
		if err != nil {
			return err
		}
		took = append(took, d)
		if err := pause(ctx, oddly()); err != nil {
			return err
		}
	}
	b.add(when+"change on the server to the screen, p50 / p99 / most", "%s", latencies(took))
	return nil
}

const (
	writesEach = 100 // a pipeline
	writeEvery = 10 * time.Millisecond
)

// write changes random rows until ctx ends, late pipelines at once, and tells how many it changed.
func (b *bench) write(ctx context.Context) (n int, err error) {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for start := time.Now(); ; {
		for time.Since(start) > time.Duration(n/writesEach)*writeEvery {
			p := b.client.Pipeline()
			for range writesEach {
				i := rand.IntN(b.n)
				p.Set(ctx, "actor:"+actor(i), document(i, 2*mostRows+n), 0)
				n++
			}
			if _, err := p.Exec(ctx); err != nil {
				if ctx.Err() != nil {
					return n, nil
				}
				return n, err
			}
		}
		select {
		case <-ctx.Done():
			return n, nil
		case <-tick.C:
		}
	}
}

// busy presses keys while the server is written to.
func (b *bench) busy(ctx context.Context) error {
	from, err := b.mark(ctx)
	if err != nil {
		return err
	}
	writing, stop := context.WithTimeout(ctx, b.o.load)
	defer stop()
	type wrote struct {
		n   int
		err error
	}
	done := make(chan wrote, 1)
	go func() { n, err := b.write(writing); done <- wrote{n, err} }()
	var took []time.Duration
	for i := 0; i == 0 || writing.Err() == nil; i++ {
		d, err := b.press(ctx, i)
		if err != nil {
			return err
		}
		took = append(took, d)
		if err := pause(ctx, oddly()); err != nil {
			return err
		}
	}
	w := <-done
	if w.err != nil {
		return w.err
	}
	end := time.Now()
	to, err := b.mark(ctx)
	if err != nil {
		return err
	}
	caught, err := b.settled(ctx)
	if err != nil {
		return err
	}
	seconds := to.time.Sub(from.time).Seconds()
	what := fmt.Sprintf("under writes for %v: ", b.o.load)
	calls := to.since(from)
	calls["set"] -= int64(w.n)
	b.add(what+"writes", "%.0f/s", float64(w.n)/seconds)
	b.add(what+"memory before, after, most ever", "%s, %s, %s", mb(from.memory), mb(to.memory), mb(to.peak))
	b.add(what+"holdfast", "%.0f %% of a core", 100*(to.cpu-from.cpu).Seconds()/seconds)
	b.add(what+"server", "%.0f %% of a core", 100*(to.server-from.server).Seconds()/seconds)
	b.add(what+"commands but for the writes", "%s", listed(calls))
	b.add(what+"key to frame, p50 / p99 / most", "%s", latencies(took))
	b.add(what+"written to the terminal", "%.0f bytes/s", float64(to.bytes-from.bytes)/seconds)
	b.add("from the last write to a screen that is right", "%s", ms(max(0, caught.Sub(end))))
	return nil
}

// settled waits until every row on the screen has the version that the server has.
func (b *bench) settled(ctx context.Context) (time.Time, error) {
	b.mu.Lock()
	var keys, ids []string
	for id := range b.rows() {
		ids, keys = append(ids, id), append(keys, "actor:"+id)
	}
	b.mu.Unlock()
	values, err := b.client.MGet(ctx, keys...).Result()
	if err != nil {
		return time.Time{}, err
	}
	want := map[string]string{}
	for i, v := range values {
		text, _ := v.(string)
		c, err := asColumns(text)
		if err != nil {
			return time.Time{}, err
		}
		want[ids[i]] = c.Version
	}
	return b.until(ctx, "what the server has", func() bool { return maps.Equal(b.rows(), want) })
}

// quit ends the dashboard as its users do.
func (b *bench) quit(ctx context.Context) error {
	if err := b.types("q")(); err != nil {
		return err
	}
	select {
	case <-b.ended:
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(patience):
		return fmt.Errorf("holdfast does not quit:\n%s", b.text())
	}
	if code := b.terminal.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("holdfast ended with exit code %d:\n%s", code, b.text())
	}
	return nil
}

// oddly is a pause out of step with everything that ticks.
func oddly() time.Duration { return time.Duration(30+rand.IntN(90)) * time.Millisecond }

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
