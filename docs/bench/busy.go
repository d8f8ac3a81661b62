//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"
)

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
			p := b.Client.Pipeline()
			for range writesEach {
				i := rand.IntN(b.n)
				p.Set(ctx, "actor:"+actor(i), document(i, 2*maxRows+n), 0)
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
	var took, echoed []time.Duration
	for i := 0; i == 0 || writing.Err() == nil; i++ {
		d, err := b.press(ctx, i)
		if err != nil {
			return err
		}
		took = append(took, d)
		if err := pause(ctx, oddly()); err != nil {
			return err
		}
		if d, err = b.echo.line(ctx); err != nil {
			return err
		}
		echoed = append(echoed, d)
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
	b.add(what+"a line to cat and back, p50 / p99 / most", "%s", latencies(echoed))
	b.add(what+"written to the terminal", "%.0f bytes/s", float64(to.bytes-from.bytes)/seconds)
	b.add("from the last write to a screen that is right", "%s", ms(max(0, caught.Sub(end))))
	return nil
}

// settled waits until every row on the screen has the version that the server has.
func (b *bench) settled(ctx context.Context) (time.Time, error) {
	b.Mu.Lock()
	var keys, ids []string
	for id := range b.rows() {
		ids, keys = append(ids, id), append(keys, "actor:"+id)
	}
	b.Mu.Unlock()
	values, err := b.Client.MGet(ctx, keys...).Result()
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
	return b.Until(ctx, "what the server has", func() bool { return maps.Equal(b.rows(), want) })
}
