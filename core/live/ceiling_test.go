package live

import (
	"errors"
	"strings"
	"testing"
)

// Where there is no memory for more rows, those that are known are followed, the others are counted and said to be left
// out, and they come when there is room again.
func TestRowsAboveTheCeilingAreLeftOutAndSaidSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a:", "b:")
	used := uint64(0)
	w.ceiling = ceiling{limit: 1 << 20, live: func() uint64 { return used }}
	w.fill("a:", 700)
	w.look()
	used = 1 << 20
	w.fill("b:", 300)
	w.put("a:00000=2")
	w.Reread()
	s := w.look()
	if a := s.Table("a:"); a.Len() != 700 || a.Err != nil || texts(a)[0] != "00000=2" {
		t.Errorf("known rows: %d, %v, first %s", a.Len(), a.Err, texts(a)[0])
	}
	if b := s.Table("b:"); b.Len() != 0 || !errors.Is(b.Err, ErrFull) || !strings.Contains(b.Err.Error(), "300 rows are left out") || !strings.Contains(b.Err.Error(), "2.0 MiB") {
		t.Errorf("new rows: %d, %v", b.Len(), b.Err)
	}
	used = 0
	w.Reread()
	w.look()
	if b := w.look().Table("b:"); b.Len() != 300 || b.Err != nil {
		t.Errorf("when there is room again: %d, %v", b.Len(), b.Err)
	}
}
