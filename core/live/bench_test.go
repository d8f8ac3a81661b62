package live_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"slices"
	"syscall"
	"testing"
	"time"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/internal/redistest"
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
				s, err := live.New(c.Conn, c.Kinds(), live.Options{}).ReadAll(ctx)
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
		m := live.New(c.Conn, c.Kinds(), live.Options{})
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
	m := live.New(c.Conn, c.Kinds(), live.Options{})
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

// What a million rows take: bytes of each, and pieces of memory, which the collector looks at again and again.
func BenchmarkMemory(b *testing.B) {
	const rows = 1_000_000
	c := open(b, single(b), 0)
	fill(b, c.Conn, 0, rows)
	for b.Loop() {
		bytes, pieces := heap(), objects()
		m := live.New(c.Conn, c.Kinds(), live.Options{})
		for range 3 { // later passes must not add to it
			if _, err := m.ReadAll(ctx); err != nil {
				b.Fatal(err)
			}
		}
		if n := m.Snapshot().Table("actors").Len(); n != rows {
			b.Fatalf("%d rows", n)
		}
		b.ReportMetric((float64(heap())-float64(bytes))/rows, "bytes/row")
		b.ReportMetric(float64(objects())-float64(pieces), "objects")
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

// objects are the pieces of memory on the heap.
func objects() uint64 {
	runtime.GC()
	s := []metrics.Sample{{Name: "/gc/heap/objects:objects"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// From a write that the server has answered to the snapshot that shows it, on a server that pushes and on one that does
// not let us ask it to.
func BenchmarkChangeToSnapshot(b *testing.B) {
	admin := redistest.Start(b).Client(b)
	ok(b, admin.Do(ctx, "ACL", "SETUSER", "polls", "on", ">secret", "allkeys", "+@all", "-client|tracking").Err())
	url := "redis://" + admin.Options().Addr
	fill(b, admin, 0, 1000)
	for name, o := range map[string]conn.Options{
		"pushed": {URLs: []string{url}}, "polled": {URLs: []string{url}, Username: "polls", Password: "secret"},
	} {
		b.Run(name, func(b *testing.B) {
			c := open(b, o, 0)
			run(b, c)
			until(b, c, "the rows", func(s *live.Snapshot) bool {
				return s.Table("actors").Complete && s.Pushed == (name == "pushed")
			})
			var took []time.Duration
			for i := range b.N {
				// The writes come at odd moments: neither right after a publication nor in step with the readings.
				<-time.After(time.Duration(60+i*37%100) * time.Millisecond)
				text := fmt.Sprint(b.N, ".", i)
				put(b, admin, "actor:a0000001", actorDoc("a0000001", `,"ateomPodIp":"`+text+`"`))
				start := time.Now()
				for {
					row, _ := c.Live.Snapshot().Table("actors").Get("a0000001")
					if actorstore.ActorColumns.IP.Of(row) == text {
						break
					}
					<-c.Live.Changed()
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
		})
	}
}

// A refresh of a server that pushes and on which nothing happens; BenchmarkQuietReading is the same without pushes.
func BenchmarkPushedReading(b *testing.B) {
	c := open(b, single(b), 10*time.Millisecond)
	fill(b, c.Conn, 0, many)
	run(b, c)
	until(b, c, "pushes", pushed(many))
	sent, used := c.Conn.Log.Sent(), cpu()
	b.ReportAllocs()
	for b.Loop() {
		for was := c.Live.Snapshot().ReadAt; c.Live.Snapshot().ReadAt.Equal(was); {
			<-c.Live.Changed()
		}
	}
	b.ReportMetric(float64(c.Conn.Log.Sent()-sent)/float64(b.N), "commands/op")
	b.ReportMetric(float64(cpu()-used)/1e6/float64(b.N), "cpu-ms/op")
}

// What 10,000 writes a second to a hundred thousand rows cost us.
func BenchmarkBusyServer(b *testing.B) {
	c := open(b, single(b), 0)
	writes := open(b, conn.Options{URLs: []string{"redis://" + c.Conn.Addr}}, 0)
	fill(b, c.Conn, 0, many)
	run(b, c)
	until(b, c, "pushes", pushed(many))
	before := heap()
	var own time.Duration // of the writer
	start, used := time.Now(), cpu()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	n := 0
	for b.Loop() { // one op is a hundred writes
		<-tick.C
		writing := cpu()
		p := writes.Conn.Pipeline()
		for range 100 {
			id := fmt.Sprintf("a%07d", n*7919%many)
			p.Set(ctx, "actor:"+id, actorDoc(id, fmt.Sprintf(`,"ateomPodIp":"%d"`, n)), 0)
			n++
		}
		_, err := p.Exec(ctx)
		ok(b, err)
		own += cpu() - writing
	}
	b.ReportMetric(100*(cpu()-used).Seconds()/time.Since(start).Seconds(), "%core-with-writer")
	b.ReportMetric(100*own.Seconds()/time.Since(start).Seconds(), "%core-writer-at-most")
	b.ReportMetric((float64(heap())-float64(before))/1e6, "grown-MB")
}
