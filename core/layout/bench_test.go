package layout_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

const benchKeys = 1_000_000

// BenchmarkReadAll reads a million rows each time: actors without and with the presets, of which none matches, locks of
// redsync, which are strings, and locks of Redisson, which are hashes. The baseline is a bare SCAN and GET of the same keys.
func BenchmarkReadAll(b *testing.B) {
	for _, bm := range []struct {
		name string
		fill func(p redis.Pipeliner, i int)
		as   []layout.Spec
	}{
		{"actors", actorAt, nil},
		{"actors and presets", actorAt, keyed()},
		{"redsync", func(p redis.Pipeliner, i int) {
			p.Set(context.Background(), fmt.Sprintf("of-redsync:%07d", i), "q83vEjRWeJCrze8SNFZ4kA==", time.Hour)
		}, keyed()},
		{"redisson", func(p redis.Pipeliner, i int) {
			p.HSet(context.Background(), fmt.Sprintf("of-redisson:%07d", i), "8743c9c0-0795-4907-87fd-6c719a6b4586:37", 1)
		}, keyed()},
	} {
		b.Run(bm.name, func(b *testing.B) {
			server := redistest.Start(b)
			c := server.Client(b)
			for from := 0; from < benchKeys; from += 10_000 {
				if _, err := c.Pipelined(context.Background(), func(p redis.Pipeliner) error {
					for i := from; i < from+10_000; i++ {
						bm.fill(p, i)
					}
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				bare := bareRead(b, c)
				o, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{server.URL()}}, Layouts: bm.as})
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				snap, err := live.New(o.Conn, o.Kinds(), live.Options{Budget: -1}).ReadAll(context.Background())
				took := time.Since(start)
				if err != nil {
					b.Fatal(err)
				}
				rows := 0
				for _, t := range snap.Tables {
					rows += t.Len()
					if t.Bad > 0 {
						b.Fatalf("%d unreadable", t.Bad)
					}
				}
				if rows != benchKeys {
					b.Fatalf("%d rows", rows)
				}
				_ = o.Close()
				b.ReportMetric(took.Seconds(), "s")
				b.ReportMetric(bare.Seconds(), "s-bare")
				b.ReportMetric(took.Seconds()/bare.Seconds(), "ratio")
			}
		})
	}
}

// bareRead is a SCAN, with a GET, or HGETALL, of each key in pipelines.
func bareRead(b *testing.B, c *redis.Client) time.Duration {
	ctx, start := context.Background(), time.Now()
	var cursor uint64
	for {
		keys, next, err := c.Scan(ctx, cursor, "*", 1000).Result()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, k := range keys {
				if k[:4] == "of-r" && k[5] == 'd' && k[6] == 'i' {
					p.HGetAll(ctx, k)
				} else {
					p.Get(ctx, k)
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		if cursor = next; cursor == 0 {
			return time.Since(start)
		}
	}
}

func actorAt(p redis.Pipeliner, i int) {
	p.Set(context.Background(), fmt.Sprintf("actor:a%07d", i), fmt.Sprintf(`{"actorId":"a%07d","version":"7","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RUNNING","ateomPodNamespace":"ns","ateomPodName":"pod-%d","ateomPodIp":"10.0.0.7"}`, i, i%1000), 0)
}
