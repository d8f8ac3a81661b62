package live

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
	"weak"

	"holdfast/core/kind"
)

// pieces watches texts for whether they still are in memory.
type pieces []weak.Pointer[byte]

func (p *pieces) watch(texts ...string) {
	for _, text := range texts {
		*p = append(*p, weak.Make(unsafe.StringData(text)))
	}
}

func (p *pieces) watchRows(t *Table) {
	for _, r := range t.All(0) {
		p.watch(r.Data())
	}
}

// left is how many are.
func (p pieces) left() (n int) {
	runtime.GC()
	for _, piece := range p {
		if piece.Value() != nil {
			n++
		}
	}
	return n
}

// What is kept of rows (changes, what they weigh, need and when they end) keeps neither the blocks in which they stood
// nor what the server answered.
func TestWhatIsKeptOfRowsPinsNone(t *testing.T) {
	tr := newWeighing()
	tr.feed.Needs = func(r kind.Row) string { return fakeText.Of(r)[:10] }
	end := time.Now().Add(time.Hour)
	var old pieces
	read := func(text string) {
		const n = 100
		b, ids := fakeSchema.Builder(n), make([]string, n)
		for i := range n {
			ids[i] = fmt.Sprintf("%020d", i)
			addRow(b, ids[i], fmt.Sprintf("%s%020d", strings.Repeat(text, 100), i))
			fakeEnds.Set(b, end)
		}
		rows := b.Rows()
		old.watch(rows[0].Data())
		tr.apply(ids, rows, time.Now())
		old.watchRows(tr.publish(true))
	}
	read("a")
	read("b")
	if n := old.left(); n == 0 || n == len(old) {
		t.Fatalf("%d of %d pieces: these are to be those of the rows of now", n, len(old))
	}
	tr.apply([]string{fmt.Sprintf("%020d", 7)}, nil, time.Now())
	old.watchRows(tr.publish(true))
	read("c")
	now := tr.table.Len()
	if n := old.left(); n > now {
		t.Errorf("%d of %d pieces are still there, %d rows are in use", n, len(old), now)
	}
	first := tr.table.Recent[0]
	if id := fmt.Sprintf("%020d", 0); len(tr.table.Recent) < 200 || first.ID != id || first.Before.ID() != id || !strings.HasPrefix(fakeText.Of(first.After), "bbb") {
		t.Errorf("%d changes, the first %+v", len(tr.table.Recent), first)
	}
	for tr.table.Len() > 0 {
		tr.apply(tr.rolling(10), nil, time.Now())
		tr.publish(true)
		tr.gone = nil // as a reading does that has told the rows that need them
	}
	if n := old.left(); n > 0 || tr.due.Len() > 0 || len(tr.needed) > 0 || len(tr.table.sums) > 0 {
		t.Errorf("of no rows %d pieces, %d deadlines, %d needs and %d sums are left", n, tr.due.Len(), len(tr.needed), len(tr.table.sums))
	}
}
