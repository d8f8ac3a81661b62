package frame

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"holdfast/internal/text"
	"holdfast/themes"
	"holdfast/tui/table"
)

// Tab is a view in the line of tabs.
type Tab struct {
	Title, Short string
	Counts       bool // it has rows to count
	Count        int64
	Quiet        bool // it is left out until it had something to count, unless it is active
}

// room is how many cells the count on a tab ever took, written in full and briefly. It only grows, so that a count that
// goes up and down moves no tab.
type room struct {
	full, brief int
	there       bool // the tab is on the screen
}

// Tabs is the line of tabs.
type Tabs struct {
	tabs   []Tab
	active int
	rooms  []room // of the counts
}

// Resized forgets the room that counts took.
func (l *Tabs) Resized() { clear(l.rooms) }

// Shows tells whether a tab is on the screen.
func (l *Tabs) Shows(i int) bool { return i < len(l.rooms) && l.rooms[i].there }

// Number is that of a tab as it stands there; those behind the tenth, which have no key, have none.
func Number(i int) string {
	if i < 10 {
		return fmt.Sprint(i + 1)
	}
	return ""
}

// Render draws the tabs with their counts, and says where each stands; the narrower the terminal, the less of each. Names get
// shorter before any count is lost, and all at once.
func (l *Tabs) Render(th themes.Theme, tabs []Tab, active, width int) (string, []table.Zone) {
	l.tabs, l.active = tabs, active
	if len(l.rooms) != len(tabs) {
		l.rooms = make([]room, len(tabs))
	}
	for i, t := range tabs {
		r := &l.rooms[i]
		r.there = r.there || !t.Quiet || t.Count > 0 || i == active
		r.full, r.brief = max(r.full, text.Width(humanize.Comma(t.Count))), max(r.brief, text.Width(brief(t.Count)))
	}
	short := func(i int) string { return tabs[i].Short + l.countOn(i, " ", brief, l.rooms[i].brief) }
	forms := []struct {
		gap string
		tab func(i int) string
	}{
		{" ", func(i int) string { return tabs[i].Title + l.countOn(i, " ", humanize.Comma, l.rooms[i].full) }},
		{" ", short},
		{"", func(i int) string { return tabs[i].Short + l.countOn(i, ":", brief, l.rooms[i].brief) }},
		{"", func(i int) string { return l.shorter(i, 3) + l.countOn(i, ":", brief, l.rooms[i].brief) }},
		{"", func(i int) string { return l.shorter(i, 2) + l.countOn(i, ":", brief, l.rooms[i].brief) }},
		{"", func(i int) string { return l.shorter(i, 2) + l.countOn(i, ":", terse, maxTerse) }},
	}
	for _, f := range forms {
		if line, zones := l.in(th, f.tab, f.gap); text.Width(line) <= width {
			return line, zones
		}
	}
	var dropped []int // tabs without their counts
	tight := func(i int) string {
		if slices.Contains(dropped, i) {
			return l.shorter(i, 2)
		}
		return l.shorter(i, 2) + l.countOn(i, ":", terse, maxTerse)
	}
	for _, i := range l.longestCounts() {
		dropped = append(dropped, i)
		if line, zones := l.in(th, tight, ""); text.Width(line) <= width {
			return line, zones
		}
	}
	line, zones := l.in(th, func(i int) string {
		if i == active {
			return short(i)
		}
		return ""
	}, " ")
	return text.Cut(line, width), zones
}

// shorter is the beginning of a tab's name; of one that counts nothing, the short name.
func (l *Tabs) shorter(i, letters int) string {
	if t := l.tabs[i]; t.Counts {
		return text.Start(t.Title, letters)
	}
	return l.tabs[i].Short
}

// longestCounts are the tabs but the active one in the order in which they lose their counts.
func (l *Tabs) longestCounts() []int {
	var idle []int
	for i := range l.tabs {
		if i != l.active && l.rooms[i].there {
			idle = append(idle, i)
		}
	}
	slices.SortFunc(idle, func(a, b int) int {
		if c := l.rooms[b].brief - l.rooms[a].brief; c != 0 {
			return c
		}
		return b - a
	})
	return idle
}

// in writes each tab in a form, idle ones with a gap behind them.
func (l *Tabs) in(th themes.Theme, form func(i int) string, gap string) (line string, zones []table.Zone) {
	var b strings.Builder
	from := 0
	for i := range l.tabs {
		if !l.rooms[i].there {
			continue
		}
		says, told := Number(i), form(i)
		switch {
		case says == "" && told == "":
			continue
		case says != "" && told != "":
			says += " "
		}
		says += told
		to := from + text.Width(says) + 1 + text.Width(gap)
		if i == l.active {
			to = from + text.Width(says) + 2
		}
		zones = append(zones, table.Zone{From: from, To: to, What: i})
		from = to
		if i == l.active { // the brackets tell it without colour
			b.WriteString(th.TabActive.Padding(0).Render("[" + says + "]"))
		} else {
			b.WriteString(th.TabIdle.Padding(0).Render(" " + says + gap))
		}
	}
	return b.String(), zones
}

// countOn is the count of a tab behind a separator; nothing for a view that counts nothing.
func (l *Tabs) countOn(i int, separator string, write func(int64) string, room int) string {
	if !l.tabs[i].Counts {
		return ""
	}
	return separator + text.Fit(write(l.tabs[i].Count), room, false)
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
