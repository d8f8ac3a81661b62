package rows

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/core/kind"
)

// Choosing and sorting a million rows, with all processors.
func BenchmarkArrange(b *testing.B) {
	schema := kind.NewSchema()
	status, worker, version := schema.Word("status"), schema.Text("worker"), schema.Int("version")
	build := schema.Builder(1_000_000)
	for i := range 1_000_000 {
		build.Row(fmt.Sprintf("agent-%07d", i))
		status.Set(build, []string{"RUNNING", "SUSPENDED", "RESUMING"}[i%3])
		worker.Set(build, fmt.Sprintf("shop:small:pod-%06d", i*7919%1_000_000))
		version.Set(build, int64(i*7919%100_000))
	}
	t := NewTable(schema, build.Rows()...)
	for _, c := range []struct {
		name string
		spec Spec
	}{
		{"by number", Spec{Key: version.AppendKey}},
		{"by text", Spec{Key: worker.AppendKey}},
		{"by few words", Spec{Key: status.AppendKey}},
		{"reversed", Spec{Descending: true}},
		{"filtered", Spec{Keep: func(r kind.Row) bool { return strings.Contains(worker.Of(r), "99") }}},
	} {
		b.Run(c.name, func(b *testing.B) {
			used := cpu()
			for b.Loop() {
				if _, err := Arrange(context.Background(), &t, c.spec); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpu()-used)/1e6/float64(b.N), "cpu-ms/op")
		})
	}
}

// cpu is the time that this process has computed, unlike that of the clock the same beside busy neighbours.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail with this argument
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
