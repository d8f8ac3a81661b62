package table

import (
	"slices"
	"strings"
	"time"

	"holdfast/core/live"
	"holdfast/tui/view"
)

// activity is how often rows changed lately, of those on the screen of their view, also while another view is open. It
// looks at no others, so it costs the same however many rows there are.
type activity map[string]*pulse

// pulse is one row's: how often it was seen changed in each of the last spans of time.
type pulse struct {
	row    live.Row           // as of the last reading
	counts [activitySpans]int // notKnown for a span in which changes may have been missed
	span   int64              // the number of the last one, which is still going on
	here   bool               // on the screen
	looked time.Time          // when it was there last
}

const (
	notKnown      = -1
	activitySpans = 8 // a cell each
	activitySpan  = 5 * time.Second
	maxPulses     = 1000 // with those of rows that were scrolled away a moment ago
)

func spanOf(t time.Time) int64 { return t.UnixNano() / int64(activitySpan) }

// note takes in the rows on the screen of a snapshot. For a row that comes to the screen the table still knows the changes
// after a moment.
func (a activity) note(rows []live.Row, recent []live.Change, whole, now time.Time) {
	here, come := make(map[string]bool, len(rows)), false
	for _, r := range rows {
		id := r.ID()
		p := a[id]
		if p == nil {
			p = &pulse{row: r, span: spanOf(now)}
			a[id] = p
		}
		if !p.here {
			p.missed(whole, now)
		}
		if p.here && p.row != r {
			p.add(now, now)
		}
		p.row, here[id] = r, true
		come = come || !p.here
	}
	if come {
		for _, c := range recent {
			if p := a[c.ID]; p != nil && here[c.ID] && !p.here && c.At.After(p.looked) {
				p.add(c.At, now)
			}
		}
	}
	for id, p := range a {
		if p.here = here[id]; p.here {
			p.looked = now
		} else if now.Sub(p.looked) > activitySpans*activitySpan || len(a) > maxPulses {
			delete(a, id)
		}
	}
}

// missed forgets the spans since the row was looked at last, but for those after a moment.
func (p *pulse) missed(whole, now time.Time) {
	p.turn(now)
	for i := range p.counts {
		span := p.span - int64(activitySpans-1-i)
		if span >= spanOf(p.looked) && span <= spanOf(whole) && p.counts[i] == 0 {
			p.counts[i] = notKnown
		}
	}
}

// add counts a change at a moment that is not later than now.
func (p *pulse) add(at, now time.Time) {
	p.turn(now)
	if ago := max(0, p.span-spanOf(at)); ago < activitySpans {
		n := &p.counts[activitySpans-1-ago]
		*n = max(0, *n) + 1
	}
}

// turn lets the spans go by that ended since.
func (p *pulse) turn(now time.Time) {
	gone := min(max(0, spanOf(now)-p.span), activitySpans)
	copy(p.counts[:], p.counts[gone:])
	clear(p.counts[activitySpans-gone:])
	p.span = max(p.span, spanOf(now))
}

// column shows it: nothing for a row that was not seen to change, else a bar for each span, the same height for the same
// number on every row, and a blank for one that is not known.
func (a activity) column() view.Column {
	return view.Column{Title: "ACTIVITY", Text: func(r live.Row, at view.Clock) string {
		p := a[r.ID()]
		if p == nil {
			return ""
		}
		now := *p
		now.turn(at.Now)
		if slices.Max(now.counts[:]) <= 0 {
			return ""
		}
		var b strings.Builder
		for _, n := range now.counts {
			b.WriteRune(activityBar(n))
		}
		return b.String()
	}}
}

// activityBar tells few changes apart exactly and many roughly.
func activityBar(n int) rune {
	if n == notKnown {
		return ' '
	}
	bars := []rune("·▁▂▃▄▅▆▇█")
	steps := []int{1, 2, 3, 4, 5, 8, 16, 32}
	at := 0
	for at < len(steps) && n >= steps[at] {
		at++
	}
	return bars[at]
}
