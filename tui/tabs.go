package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"holdfast/internal/text"
	"holdfast/tui/table"
)

// room is how many cells the count on a tab ever took, written in full and briefly. It only grows, so that a count that
// goes up and down moves no tab.
type room struct{ full, brief int }

// tabLine is what the line of tabs keeps.
type tabLine struct {
	tops  []int  // the views that have a tab
	rooms []room // of the counts on those
}

// tabLine: the views with their counts; the narrower the terminal, the less of each. Names get shorter before any count is
// lost, and all at once.
func (m *Model) tabLine() string {
	for i, at := range m.line.tops {
		r, n := &m.line.rooms[i], m.tabCount(at)
		r.full, r.brief = max(r.full, text.Width(humanize.Comma(n))), max(r.brief, text.Width(brief(n)))
	}
	short := func(i int) string {
		return m.Views[m.line.tops[i]].Short + m.countOn(i, " ", brief, m.line.rooms[i].brief)
	}
	forms := []struct {
		gap string
		tab func(i int) string
	}{
		{" ", func(i int) string {
			return m.Views[m.line.tops[i]].Title + m.countOn(i, " ", humanize.Comma, m.line.rooms[i].full)
		}},
		{" ", short},
		{"", func(i int) string {
			return m.Views[m.line.tops[i]].Short + m.countOn(i, ":", brief, m.line.rooms[i].brief)
		}},
		{"", func(i int) string { return m.shorter(i, 3) + m.countOn(i, ":", brief, m.line.rooms[i].brief) }},
		{"", func(i int) string { return m.shorter(i, 2) + m.countOn(i, ":", brief, m.line.rooms[i].brief) }},
		{"", func(i int) string { return m.shorter(i, 2) + m.countOn(i, ":", terse, maxTerse) }},
	}
	for _, f := range forms {
		if line := m.tabsIn(f.tab, f.gap); text.Width(line) <= m.width {
			return line
		}
	}
	var dropped []int // tabs without their counts
	tight := func(i int) string {
		if slices.Contains(dropped, i) {
			return m.shorter(i, 2)
		}
		return m.shorter(i, 2) + m.countOn(i, ":", terse, maxTerse)
	}
	for _, i := range m.longestCounts() {
		dropped = append(dropped, i)
		if line := m.tabsIn(tight, ""); text.Width(line) <= m.width {
			return line
		}
	}
	return text.Cut(m.tabsIn(func(i int) string {
		if i == m.top() {
			return short(i)
		}
		return ""
	}, " "), m.width)
}

// shorter is the beginning of a tab's name; of one that counts nothing, the short name.
func (m *Model) shorter(i, letters int) string {
	v := m.Views[m.line.tops[i]]
	if v.Kind == "" {
		return v.Short
	}
	return text.Start(v.Title, letters)
}

// longestCounts are the tabs but the active one in the order in which they lose their counts.
func (m *Model) longestCounts() []int {
	var idle []int
	for i := range m.line.tops {
		if i != m.top() {
			idle = append(idle, i)
		}
	}
	slices.SortFunc(idle, func(a, b int) int {
		if c := m.line.rooms[b].brief - m.line.rooms[a].brief; c != 0 {
			return c
		}
		return b - a
	})
	return idle
}

// tabsIn writes each tab in a form, idle ones with a gap behind them.
func (m *Model) tabsIn(form func(i int) string, gap string) string {
	var b strings.Builder
	m.spots.tabs = nil
	from := 0
	for i := range m.line.tops {
		says := fmt.Sprint(i + 1)
		if told := form(i); told != "" {
			says += " " + told
		}
		to := from + text.Width(says) + 1 + text.Width(gap)
		if i == m.top() {
			to = from + text.Width(says) + 2
		}
		m.spots.tabs = append(m.spots.tabs, table.Zone{From: from, To: to, What: i})
		from = to
		if i == m.top() { // the brackets tell it without colour
			b.WriteString(m.theme.TabActive.Padding(0).Render("[" + says + "]"))
		} else {
			b.WriteString(m.theme.TabIdle.Padding(0).Render(" " + says + gap))
		}
	}
	return b.String()
}

func (m *Model) tabCount(view int) int64 { return int64(m.snap.Table(m.Views[view].Kind).Len()) }

// countOn is the count of a tab behind a separator; nothing for a view that counts nothing.
func (m *Model) countOn(i int, separator string, write func(int64) string, room int) string {
	if m.Views[m.line.tops[i]].Kind == "" {
		return ""
	}
	return separator + text.Fit(write(m.tabCount(m.line.tops[i])), room, false)
}

// brief writes a count in at most four cells: 999, 1.2k, 12k, 3.4M.
func brief(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprint(n)
	case n < 10_000:
		return fmt.Sprintf("%d.%dk", n/1000, n%1000/100)
	case n < 1_000_000:
		return fmt.Sprintf("%dk", n/1000)
	case n < 10_000_000:
		return fmt.Sprintf("%d.%dM", n/1_000_000, n%1_000_000/100_000)
	}
	return fmt.Sprintf("%dM", n/1_000_000)
}

// maxTerse is the most cells that terse takes.
const maxTerse = 3

// terse writes a count in at most three cells: 999, 1k, 99k, .1M, 99M.
func terse(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprint(n)
	case n < 100_000:
		return fmt.Sprintf("%dk", n/1000)
	case n < 1_000_000:
		return fmt.Sprintf(".%dM", n/100_000)
	case n < 100_000_000:
		return fmt.Sprintf("%dM", n/1_000_000)
	case n < 1_000_000_000:
		return fmt.Sprintf(".%dG", n/100_000_000)
	}
	return fmt.Sprintf("%dG", n/1_000_000_000)
}
