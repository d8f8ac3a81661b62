package views

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"

	"holdfast/core/live"
	"holdfast/tui"
)

// line is one row of the overview: a kind with its numbers, or something worth a look.
type line struct {
	what   string
	kind   live.Kind // empty for a finding
	rows   int
	bad    int
	rate   float64
	trend  []int
	note   string
	tone   tui.Tone
	link   tui.Link
	number int
}

func (l *line) ID() string     { return fmt.Sprintf("%03d %s", l.number, l.what) }
func (l *line) Problem() error { return nil }

// lines are the rows of an overview, in their own order.
type lines []*line

func (l lines) Len() int          { return len(l) }
func (l lines) At(i int) live.Row { return l[i] }

func overview() View {
	type row = *line
	onlyKinds := func(r row, text string) string {
		if r.kind == "" {
			return ""
		}
		return text
	}
	column := func(title string, right bool, get func(row) string) tui.Column {
		return tui.Column{Title: title, Right: right, Text: func(r live.Row, _ tui.Clock) string { return get(r.(row)) }}
	}
	return View{
		View: &tui.View{
			Name: "overview", Title: "Overview", Short: "All",
			Empty: "Nothing has been read yet.",
			Rows:  func(s *live.Snapshot) live.Rows { return summarise(s) },
			Columns: []tui.Column{
				column("WHAT", false, func(r row) string { return r.what }),
				column("ROWS", true, func(r row) string { return onlyKinds(r, humanize.Comma(int64(r.rows))) }),
				toned(column("BAD", true, func(r row) string { return onlyKinds(r, fmt.Sprint(r.bad)) }), func(r row) tui.Tone {
					if r.bad > 0 {
						return tui.Bad
					}
					return tui.Muted
				}),
				column("CHANGES/S", true, func(r row) string { return onlyKinds(r, fmt.Sprintf("%.1f", r.rate)) }),
				column("LAST MINUTE", false, func(r row) string { return sparkline(r.trend, 20) }),
				toned(grow(widest(column("NOTE", false, func(r row) string { return r.note }), 60)), func(r row) tui.Tone { return r.tone }),
			},
			Open: func(r live.Row) (tui.Link, bool) { return r.(row).link, r.(row).link.View != "" },
		},
		Fields: []Field{
			field("what", func(r row) any { return r.what }),
			field("rows", func(r row) any { return int64(r.rows) }),
			field("bad", func(r row) any { return int64(r.bad) }),
			field("changes_per_s", func(r row) any { return math.Round(r.rate*10) / 10 }),
			field("note", func(r row) any { return r.note }),
		},
	}
}

// summarise derives the overview: the kinds first, then what stands out in them.
func summarise(s *live.Snapshot) lines {
	var out lines
	for _, t := range s.Tables {
		l := &line{
			what: string(t.Kind), kind: t.Kind, rows: t.Len(), bad: t.Bad, rate: t.Rate(), trend: t.Rates,
			link: tui.Link{View: string(t.Kind)},
		}
		switch {
		case t.Err != nil:
			l.note, l.tone = "cannot be read: "+t.Err.Error(), tui.Bad
		case t.Bad > 0:
			l.note, l.tone = fmt.Sprintf("%d cannot be read", t.Bad), tui.Bad
		case !t.Complete:
			l.note, l.tone = "still reading", tui.Muted
		}
		out = append(out, l)
	}
	for _, find := range []func(*live.Snapshot) []*line{oldestBuffers, leftBatches, hottestGenerations, expiringLeases, longLocks, halves} {
		out = append(out, find(s)...)
	}
	for i, l := range out {
		l.number = i
	}
	return out
}

// sparkline draws counts as bars of eighths, at most width cells, the newest to the right.
func sparkline(counts []int, width int) string {
	counts = counts[max(0, len(counts)-width):]
	most := 1
	for _, n := range counts {
		most = max(most, n)
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, n := range counts {
		b.WriteRune(bars[n*(len(bars)-1)/most])
	}
	return b.String()
}
