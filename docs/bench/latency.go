//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"holdfast/docs/rig"
)

const (
	home     = "\x1b[H"
	pageDown = "\x1b[6~"
	enter    = "\r"
	escape   = "\x1b"
)

// oddly is a pause out of step with everything that ticks.
func oddly() time.Duration { return time.Duration(30+rand.IntN(90)) * time.Millisecond }

// echo is cat in another terminal, which sends every line back: what the terminal, the emulator and the machine take of
// every latency.
type echo struct {
	*rig.Terminal
	lines int
}

func startEcho(dir string) (*echo, error) {
	x, err := rig.Start(wide, high, dir, nil, "cat")
	return &echo{Terminal: x}, err
}

func (e *echo) line(ctx context.Context) (time.Duration, error) {
	e.lines++
	text := fmt.Sprintf("<%d>", e.lines)
	return e.Takes(ctx, text, e.Types(text+enter), func() bool { return strings.Count(e.Screen.String(), text) == 2 })
}

// quiet measures the echo while nothing else runs.
func (e *echo) quiet(ctx context.Context, n int) (took []time.Duration, err error) {
	for range n {
		d, err := e.line(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
		if err := pause(ctx, oddly()); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// press presses the i-th of keys that move the cursor and measures until the status line has the row they lead to.
func (b *bench) press(ctx context.Context, i int) (time.Duration, error) {
	b.Mu.Lock()
	at, _ := b.row()
	b.Mu.Unlock()
	round := []struct {
		key  string
		want int
	}{{"j", at + 1}, {"j", at + 1}, {pageDown, at + lastRow - firstRow + 1}, {"k", at - 1}, {"G", b.n}, {"k", at - 1}, {home, 1}}
	step := round[i%len(round)]
	return b.Takes(ctx, fmt.Sprintf("row %d after %q on row %d", step.want, step.key, at), b.Types(step.key), func() bool {
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
	if err := b.Types(home)(); err != nil {
		return err
	}
	_, err := b.Until(ctx, "the first row", func() bool { at, _ := b.row(); return at == 1 })
	return err
}

// narrowing sorts and filters, with the cursor on a row that goes from one end to the other, and alone.
func (b *bench) narrowing(ctx context.Context) error {
	if err := b.top(ctx); err != nil {
		return err
	}
	const greatest = 4 * maxRows // of all versions
	if _, err := b.change(ctx, 0, greatest); err != nil {
		return err
	}
	shows := func(at, of int) func() bool {
		return func() bool { a, o := b.row(); return a == at && o == of }
	}
	picker := func() bool { return strings.Contains(b.Screen.String(), "Sort Actors by") }
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
		d, err := b.Takes(ctx, step.what, b.Types(step.keys), step.shows)
		if err != nil {
			return err
		}
		b.add(step.what, "%s", ms(d))
		if err := pause(ctx, 300*time.Millisecond); err != nil {
			return err
		}
	}
	return b.changes(ctx, "while sorted by a text: ", min(b.o.presses, 20), 3*maxRows)
}

func (b *bench) watching(ctx context.Context) error { return b.changes(ctx, "", b.o.presses, maxRows) }

// change gives a row that is on the screen another version and measures until it shows.
func (b *bench) change(ctx context.Context, row, version int) (time.Duration, error) {
	return b.Takes(ctx, fmt.Sprintf("version %d of %s", version, actor(row)), func() error {
		return b.Client.Set(ctx, "actor:"+actor(row), document(row, version), 0).Err()
	}, func() bool { return b.rows()[actor(row)] == fmt.Sprint(version) })
}

// changes writes to the rows on the screen in turns.
func (b *bench) changes(ctx context.Context, when string, n, version int) error {
	before, err := b.cpu()
	if err != nil {
		return err
	}
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
	after, err := b.cpu()
	b.add(when+"processor time of holdfast for each", "%s", ms((after-before)/time.Duration(n)))
	return err
}
