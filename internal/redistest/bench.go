package redistest

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Compare measures an operation of ours against the same bare commands in one run, call by call in turns, so that the
// noise of the machine hits both. It reports the medians as bare-ns/op and ours-ns/op and their quotient as ratio.
func Compare(b *testing.B, bare, ours func(i int) error) {
	b.Helper()
	took := [2][]time.Duration{}
	call := func(side, i int, f func(int) error) {
		start := time.Now()
		if err := f(i); err != nil {
			b.Fatal(err)
		}
		took[side] = append(took[side], time.Since(start))
	}
	b.ResetTimer()
	for i := range b.N {
		if i%2 == 0 {
			call(0, i, bare)
			call(1, i, ours)
		} else {
			call(1, i, ours)
			call(0, i, bare)
		}
	}
	b.StopTimer()
	median := func(d []time.Duration) float64 { slices.Sort(d); return float64(d[len(d)/2]) }
	b.ReportMetric(median(took[0]), "bare-ns/op")
	b.ReportMetric(median(took[1]), "ours-ns/op")
	b.ReportMetric(median(took[1])/median(took[0]), "ratio")
}

// Trips counts round trips: a command or a pipeline is one. Add it to a client with AddHook.
type Trips struct{ N atomic.Int64 }

// DialHook leaves dialling as it is.
func (t *Trips) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook counts a command.
func (t *Trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t.N.Add(1)
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook counts a pipeline.
func (t *Trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t.N.Add(1)
		return next(ctx, cmds)
	}
}
