package kind_test

import (
	"fmt"
	"runtime"
	"testing"

	"holdfast/core/kind"
)

// An actor, whose document takes 200 bytes, takes about 60 packed, and rows that are packed together are one piece of memory.
func TestARowIsSmall(t *testing.T) {
	s := kind.NewSchema()
	space, status, template := s.Word("atespace"), s.Word("status"), s.Word("template")
	worker, ip, version := s.Text("worker"), s.Text("ip"), s.Int("version")
	const n = 10_000
	rows := func() []kind.Row {
		b := s.Builder(n)
		for i := range n {
			b.Row(fmt.Sprintf("space-%d:actor-%07d", i%10, i))
			space.Set(b, fmt.Sprint("space-", i%10))
			status.Set(b, "STATUS_RUNNING")
			template.Set(b, "templates/worker")
			worker.Set(b, fmt.Sprintf("ns/pod-%d", i))
			ip.Set(b, fmt.Sprintf("10.0.%d.%d", i>>8&255, i&255))
			version.Set(b, int64(i))
		}
		return b.Rows()
	}
	total := 0
	for _, r := range rows() {
		total += len(r.Data())
	}
	if total > 60*n {
		t.Errorf("%d bytes a row", total/n)
	}
	before := objects()
	kept := rows()
	if more := objects() - before; more > 100 {
		t.Errorf("%d rows are %d pieces of memory", n, more)
	}
	runtime.KeepAlive(kept)
}

func objects() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapObjects)
}

// Reading a row allocates nothing.
func TestReadingARowAllocatesNothing(t *testing.T) {
	s := kind.NewSchema()
	text, word, n, yes, end := s.Text("text"), s.Word("word"), s.Int("n"), s.Bool("yes"), s.Deadline("end")
	r := s.One("id", func(b *kind.Builder) { text.Set(b, "text"); word.Set(b, "word"); n.Set(b, 1<<40); yes.Set(b, true) })
	other := s.One("id", func(b *kind.Builder) { text.Set(b, "other") })
	key := make([]byte, 0, 100)
	if got := testing.AllocsPerRun(100, func() {
		if r.ID() == "" || r.Bad() || text.Of(r) == "" || word.Of(r) == "" || n.Of(r) == 0 || !yes.Of(r) || !r.Deadline().IsZero() || end.Err(r) != nil || kind.Same(r, other) {
			t.Error("the row is another")
		}
		key = text.AppendKey(n.AppendKey(key[:0], r), r)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
