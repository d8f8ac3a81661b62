package live

import (
	"errors"
	"fmt"
	"runtime/metrics"

	"github.com/dustin/go-humanize"
)

// ErrFull is of rows that are left out because the model has all the memory that it may use.
var ErrFull = errors.New("out of the memory allowed for rows")

// ceiling bounds the memory of the process: where it is reached, rows that are not known yet are left out, and those that
// are known are followed as before.
type ceiling struct {
	limit uint64        // bytes of live heap; 0: none
	live  func() uint64 // what the collector found in use last
}

// newCeiling makes one for a limit of the whole process. The collector lets the heap grow to about twice what is in use.
func newCeiling(limit uint64) ceiling {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	return ceiling{limit / 2, func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}}
}

func (c ceiling) reached() bool { return c.limit > 0 && c.live() >= c.limit }

// err says how many rows are left out.
func (c ceiling) err(left int) error {
	return fmt.Errorf("%w: %s rows are left out, holdfast may use %s", ErrFull, humanize.Comma(int64(left)), humanize.IBytes(2*c.limit))
}

// admit takes the rows out of a batch that there is no memory for.
func (m *Model) admit(t *tracker, batch []string) []string {
	if !m.ceiling.reached() {
		return batch
	}
	t.merge()
	known := batch[:0]
	for _, id := range batch {
		if _, ok := t.rows.Find(id); ok {
			known = append(known, id)
		} else {
			t.left++
		}
	}
	if t.left > 0 {
		t.err, t.failed = m.ceiling.err(t.left), true
	}
	return known
}
