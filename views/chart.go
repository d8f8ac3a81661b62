package views

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/core/live"
)

// Bars of how much changed lately.

const (
	chartsAcross = 4
	chartGap     = 2 // cells between two charts
)

// charts draws the changes of every kind, reading by reading, in w by h cells: the newest to the right, each kind on a
// scale of its own.
func charts(s *live.Snapshot, counted func(*live.Table) bool, w, h int) []string {
	var kinds []*live.Table
	for _, t := range s.Tables {
		if counted(t) {
			kinds = append(kinds, t)
		}
	}
	var out []string
	down := (len(kinds) + chartsAcross - 1) / chartsAcross
	wide, high := w/chartsAcross-chartGap, h/max(1, down)-2 // a title above, a line of air below
	if high < 1 || wide < 1 {
		return nil
	}
	for row := range slices.Chunk(kinds, chartsAcross) {
		lines := make([]string, high+2)
		for _, t := range row {
			shown := t.Rates[max(0, len(t.Rates)-wide):]
			title := fmt.Sprintf("%s %.1f/s", t.Kind, t.Rate())
			if len(shown) > 0 && slices.Max(shown) > 0 {
				title += fmt.Sprintf(", peak %d", slices.Max(shown))
			}
			for i, l := range append([]string{fmt.Sprintf("%-*.*s", wide, wide, title)}, bars(shown, wide, high)...) {
				lines[i] += l + strings.Repeat(" ", chartGap)
			}
		}
		out = append(out, lines...)
	}
	return out
}

// sparkline draws counts as bars in one line.
func sparkline(counts []int, width int) string { return bars(counts, width, 1)[0] }

// bars draws counts as bars of eighths in width by height cells, the newest to the right: what is not known yet takes its
// room, so that what stands beside it stands still. None at all is the lowest bar.
func bars(counts []int, width, height int) []string {
	counts = counts[max(0, len(counts)-width):]
	most := 1
	for _, n := range counts {
		most = max(most, n)
	}
	eighths := []rune(" ▁▂▃▄▅▆▇█")
	out := make([]string, height)
	for i := range out {
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", width-len(counts)))
		for _, n := range counts {
			tall := 1 + n*(8*height-1)/most
			b.WriteRune(eighths[max(0, min(tall-8*(height-1-i), 8))])
		}
		out[i] = b.String()
	}
	return out
}
