package layout_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

const manyLocks = 1_000_000

// BenchmarkAMillionLocks reads foreign locks from a real server in one whole pass, as the live model does, and as many actors'
// locks of ours for comparison.
func BenchmarkAMillionLocks(b *testing.B) {
	for name, fill := range map[string]string{
		"redsync":  `for i = 1, ARGV[1] do redis.call('SET', 'mutex:' .. i, 'ZGVhZGJlZWZkZWFkYmVlZg==', 'EX', 3600) end`,
		"redisson": `for i = 1, ARGV[1] do redis.call('HSET', 'rlock:' .. i, '0f0e3b1c-6a52-4c1e-9d4f-aa3b2f6f6c11:42', '1') redis.call('EXPIRE', 'rlock:' .. i, 3600) end`,
		"ours":     `for i = 1, ARGV[1] do redis.call('SET', 'lock:' .. i, 'ZGVhZGJlZWZkZWFkYmVlZg==', 'EX', 3600) end`,
	} {
		b.Run(name, func(b *testing.B) {
			s := redistest.Start(b, "--lua-time-limit", "0")
			ctx := context.Background()
			if err := s.Client(b).Conn().Do(ctx, "eval", fill, 0, manyLocks).Err(); err != nil && err != redis.Nil {
				b.Fatal(err)
			}
			specs := keyed()
			for i, spec := range specs {
				switch spec.Name {
				case "redsync":
					specs[i].Keys = []string{"mutex:{name}"}
				case "redisson":
					specs[i].Keys = []string{"rlock:{name}"}
				}
			}
			for b.Loop() {
				c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{s.URL()}}, Layouts: specs, Budget: -1})
				if err != nil {
					b.Fatal(err)
				}
				snap, err := c.Live.ReadAll(ctx)
				if err != nil {
					b.Fatal(err)
				}
				if n := snap.Table("locks").Len(); n != manyLocks {
					b.Fatalf("%d rows, want %d", n, manyLocks)
				}
				_ = c.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N), "s/pass")
		})
	}
}
