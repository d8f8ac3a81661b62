// Package meter shows how far something is.
package meter

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/dustin/go-humanize"

	"holdfast/internal/text"
)

// Meter shows on a terminal how far something is, in one line that is gone at its end. Elsewhere it shows nothing.
type Meter struct {
	w     io.Writer // nil: not a terminal
	what  string
	drawn time.Time
}

// New is a meter on a terminal, and none elsewhere.
func New(w io.Writer, what string) *Meter {
	if f, ok := w.(interface{ Fd() uintptr }); !ok || !term.IsTerminal(f.Fd()) {
		w = nil
	}
	return &Meter{w: w, what: text.Clean(what)}
}

// How wide the bar is, and how long a line stands at least.
const (
	meterCells = 30
	meterRest  = 100 * time.Millisecond
)

// Shown tells whether there is a terminal to show it on.
func (m *Meter) Shown() bool { return m.w != nil }

// At draws how many of all units are done. There may be more than was thought.
func (m *Meter) At(done, all uint64, units string) {
	if m.w == nil || done < all && time.Since(m.drawn) < meterRest {
		return
	}
	m.drawn = time.Now()
	all = max(all, done)
	part := 1.0
	if all > 0 {
		part = float64(done) / float64(all)
	}
	full := int(part * meterCells)
	fmt.Fprintf(m.w, "\r\x1b[K%s %s%s %3.0f %% %s of %s %s", m.what, strings.Repeat("█", full), strings.Repeat("░", meterCells-full),
		100*part, humanize.Comma(int64(done)), humanize.Comma(int64(all)), units)
}

// End clears the line.
func (m *Meter) End() {
	if m.w != nil && !m.drawn.IsZero() {
		m.drawn = time.Time{}
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}
