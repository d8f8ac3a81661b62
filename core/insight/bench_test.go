package insight_test

import (
	"fmt"
	"testing"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/insight"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/live/rows"
)

// BenchmarkFollow follows 10,000 changes among a million actors.
func BenchmarkFollow(b *testing.B) {
	c := &actorstore.ActorColumns
	build := c.Status.Schema().Builder(1_000_000)
	status := func(i int) string { return []string{"STATUS_PAUSED", "STATUS_CRASHED"}[i%2] }
	for i := range 1_000_000 {
		build.Row(fmt.Sprintf("a%07d", i))
		c.Status.Set(build, status(0))
		c.Version.Set(build, 1)
	}
	table := live.NewTable("actors", c.Status.Schema(), build.Rows()...)
	table.Complete = true
	workers := live.NewTable("workers", actorstore.WorkerColumns.Pod.Schema())
	workers.Complete = true
	e := insight.New(insight.Options{})
	start := time.Now()
	e.Follow(&live.Snapshot{ReadAt: time.Now(), Tables: []*live.Table{table, workers}})
	b.ReportMetric(float64(time.Since(start).Milliseconds()), "first-ms")
	first := time.Since(start)
	n := 0
	for b.Loop() {
		b.StopTimer()
		var edits []rows.Edit
		n++
		for i := range 10_000 {
			id := fmt.Sprintf("a%07d", i*100)
			r := c.Status.Schema().One(id, func(b *kind.Builder) { c.Status.Set(b, status(n)); c.Version.Set(b, int64(n)+1) })
			edits = append(edits, rows.Edit{Key: id, Entry: r.Data()})
		}
		next := *table
		next.Table = rows.TableOf(c.Status.Schema(), table.Packed().Apply(edits))
		next.Rev++
		table = &next
		s := &live.Snapshot{ReadAt: time.Now(), Tables: []*live.Table{table, workers}}
		b.StartTimer()
		e.Follow(s)
	}
	b.ReportMetric(float64(first.Milliseconds()), "first-ms")
}
