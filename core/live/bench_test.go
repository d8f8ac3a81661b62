package live_test

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/redistest"
)

const many = 100_000

func benchCore(b *testing.B) *core.Core {
	c := open(b, single(b), 0)
	fill(b, c.Conn, 0, many)
	return c
}

// The bare side does the same work for the server and the line: SCAN with the same COUNT and the values of each page in
// one more trip. It decodes nothing and keeps only the texts.
func BenchmarkFirstReading(b *testing.B) {
	c := benchCore(b)
	for name, get := range map[string]func(keys []string, values map[string]string) error{
		"mget": func(keys []string, values map[string]string) error {
			got, err := c.Conn.MGet(ctx, keys...).Result()
			for i, v := range got {
				values[keys[i]], _ = v.(string)
			}
			return err
		},
		"gets": func(keys []string, values map[string]string) error {
			got, err := conn.GetMany(ctx, c.Conn, keys)
			for i, v := range got {
				values[keys[i]] = string(v.Value)
			}
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			var bare, ours time.Duration // computed by this process
			redistest.Compare(b, func(int) error {
				defer func(start time.Duration) { bare += cpu() - start }(cpu())
				values := map[string]string{}
				for cursor := uint64(0); ; {
					keys, next, err := c.Conn.Scan(ctx, cursor, "actor:*", 512).Result()
					if err != nil {
						return err
					}
					if err := get(keys, values); err != nil {
						return err
					}
					if cursor = next; cursor == 0 {
						break
					}
				}
				if len(values) != many {
					return fmt.Errorf("%d values", len(values))
				}
				return nil
			}, func(int) error {
				defer func(start time.Duration) { ours += cpu() - start }(cpu())
				s, err := live.New(c.Conn, c.Feeds(), live.Options{}).ReadAll(ctx)
				if err == nil && s.Table("actors").Len() != many {
					err = fmt.Errorf("%d rows", s.Table("actors").Len())
				}
				return err
			})
			b.ReportMetric(float64(bare.Milliseconds())/float64(b.N), "bare-cpu-ms/op")
			b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ours-cpu-ms/op")
		})
	}
}

// How long the first rows take to a waiting screen, and what they cost.
func BenchmarkFirstRows(b *testing.B) {
	c := benchCore(b)
	for b.Loop() {
		m := live.New(c.Conn, c.Feeds(), live.Options{})
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); _ = m.Run(ctx) }()
		for m.Snapshot().Table("actors").Len() == 0 {
			<-m.Changed()
		}
		b.StopTimer()
		cancel()
		<-done
		b.StartTimer()
	}
}

// A reading of a server on which nothing happens: what holdfast costs while nobody looks.
func BenchmarkQuietReading(b *testing.B) {
	c := benchCore(b)
	m := live.New(c.Conn, c.Feeds(), live.Options{})
	if _, err := m.ReadAll(ctx); err != nil {
		b.Fatal(err)
	}
	sent, used := c.Conn.Log.Sent(), cpu()
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Reading(ctx, false); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(c.Conn.Log.Sent()-sent)/float64(b.N), "commands/op")
	b.ReportMetric(float64(cpu()-used)/1e6/float64(b.N), "cpu-ms/op")
}

// What a row takes, the rows of the primitive's package among it, and how much of that is the model's own.
func BenchmarkMemory(b *testing.B) {
	c := benchCore(b)
	for b.Loop() {
		before := heap()
		m := live.New(c.Conn, c.Feeds(), live.Options{})
		for range 3 { // later passes must not add to it
			if _, err := m.ReadAll(ctx); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/many, "bytes/row")
		runtime.KeepAlive(m)
	}
}

// cpu is the time that this process has computed, unlike that of the clock the same beside busy neighbours.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail with this argument
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
