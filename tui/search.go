package tui

import (
	"fmt"
	"slices"
	"sort"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui/overlay"
)

// search is a text that is looked for in the detail pane. The pane has three parts: what stands before the content, the
// content, and what stands after it; only the content can be large, and it is gone through once for a text.
type search struct {
	text   string
	folded []string // as it is and as it is shown
	from   int      // first line in the window when it began

	found [3][]match // where the text stands in each part
	of    *laid      // the content that was gone through
	part  int        // of the chosen match
	at    int        // its number there
	round string     // how the last step went past an end; empty: it did not
}

// parts of a pane.
type parts [3]*laid

// search carries out an action of a search.
func (m *Model) search(a keymap.Action) tea.Cmd {
	switch {
	case m.detail == nil:
	case a == keymap.FindText:
		return m.startSearch()
	case a == keymap.NextMatch:
		m.stepMatch(1)
	case a == keymap.PrevMatch:
		m.stepMatch(-1)
	}
	return nil
}

func (m *Model) startSearch() tea.Cmd {
	d := m.detail
	d.search = &search{from: d.s.Top}
	m.openPrompt(overlay.NewPrompt(overlay.Prompt{
		Label: " search ", Keys: keymap.Input, Wrong: d.search.complaint,
		Changed: func(typed string) tea.Cmd { m.searchFor(typed); return nil },
		Decide:  func(a keymap.Action) (func() tea.Cmd, bool) { return nil, m.searchAct(d, a) },
	}, ""))
	return nil
}

// endSearch leaves the window where it is.
func (m *Model) endSearch() { m.detail.search = nil }

// searchAct takes the keys of the prompt.
func (m *Model) searchAct(d *detail, a keymap.Action) (shut bool) {
	s := d.search
	switch {
	case a == keymap.Accept && s.count() > 0:
	case a == keymap.Accept:
		if s.text != "" {
			m.say(s.complaint(), Plain)
		}
		d.search = nil
	case a == keymap.Cancel:
		d.s.Asked = s.from
		d.search = nil
	default:
		return false
	}
	return true
}

// searchFor goes to the first match from where the search began.
func (m *Model) searchFor(text string) {
	d := m.detail
	s := d.search
	d.s.Asked = s.from
	*s = search{from: s.from, text: text, folded: folded(text)}
	all := d.parts(m.theme, m.snap, m.clock(), m.detailWidth())
	s.look(all)
	n := sort.Search(s.count(), func(n int) bool {
		s.choose(n)
		return s.line(all) >= s.from
	})
	if n == s.count() {
		n = 0
	}
	if s.choose(n); s.count() > 0 {
		d.s.Reveal(s.line(all))
	}
}

// folded are what to look for in a text that was made clean, for one as it was typed.
func folded(says string) (out []string) {
	if says == "" {
		return nil
	}
	for _, one := range text.Readings(says) {
		out = append(out, text.Fold(one))
	}
	return out
}

// stepMatch goes to the next match or to the one before.
func (m *Model) stepMatch(by int) {
	d := m.detail
	s := d.search
	if s == nil {
		return
	}
	all := d.parts(m.theme, m.snap, m.clock(), m.detailWidth())
	s.look(all)
	n := s.count()
	if n == 0 {
		m.say(s.complaint(), Plain)
		return
	}
	to := s.number() + by
	switch s.round = ""; {
	case to >= n:
		to, s.round = 0, "continued from the top"
	case to < 0:
		to, s.round = n-1, "continued from the bottom"
	}
	s.choose(to)
	d.s.Reveal(s.line(all))
}

// look finds the text in all parts, in the content only if that was not gone through for it.
func (s *search) look(all parts) {
	if len(s.folded) == 0 {
		return
	}
	s.found[0], s.found[2] = all[0].find(s.folded...), all[2].find(s.folded...)
	if s.of != all[1] {
		s.of, s.found[1] = all[1], all[1].find(s.folded...)
	}
	if s.at >= len(s.found[s.part]) { // what was chosen went away
		s.choose(min(s.number(), s.count()-1))
	}
}

func (s *search) count() int { return len(s.found[0]) + len(s.found[1]) + len(s.found[2]) }

// number is the place of the chosen match among all.
func (s *search) number() int {
	n := s.at
	for _, part := range s.found[:s.part] {
		n += len(part)
	}
	return n
}

// choose makes the match of a number the chosen one.
func (s *search) choose(n int) {
	s.part, s.at = 0, max(0, n)
	for s.part < len(s.found)-1 && s.at >= len(s.found[s.part]) {
		s.at -= len(s.found[s.part])
		s.part++
	}
}

// line is the line of the pane that the chosen match begins on.
func (s *search) line(all parts) int {
	line := all[s.part].lineAt(s.found[s.part][s.at].at)
	for _, part := range all[:s.part] {
		line += len(part.lines)
	}
	return line
}

// mark highlights the matches in the lines of the pane from top on.
func (s *search) mark(th themes.Theme, all parts, top int, shown []string) []string {
	if s.look(all); s.count() == 0 {
		return shown
	}
	// Reversed, and the chosen one bold and underlined besides: that is left where there are no colours.
	match, current := penOf(th.Match.Bold(false).Underline(false).Reverse(true)), penOf(th.RowSelected.Underline(true))
	shown = slices.Clone(shown)
	first := 0 // line of the pane that a part begins with
	for p, part := range all {
		chosen := -1
		if p == s.part && s.at < len(s.found[p]) {
			chosen = s.found[p][s.at].at
		}
		for i := max(first, top); i < min(first+len(part.lines), top+len(shown)); i++ {
			if spans := part.spans(i-first, s.found[p], chosen); len(spans) > 0 {
				shown[i-top] = highlight(shown[i-top], spans, match, current)
			}
		}
		first += len(part.lines)
	}
	return shown
}

// complaint says that the text does not stand there; empty while it does.
func (s *search) complaint() string {
	if s.text == "" || s.count() > 0 {
		return ""
	}
	return fmt.Sprintf(`"%s" is not in the text`, text.Line(s.text))
}

// position says which match is chosen, of how many.
func (s *search) position() []string {
	n := s.count()
	if n == 0 {
		return nil
	}
	more := ""
	if n >= maxMatches {
		more = "more than "
	}
	out := []string{fmt.Sprintf(`"%s" %s of %s%s`, text.Line(s.text), text.Count(s.number()+1), more, text.Count(n))}
	if s.round != "" {
		out = append(out, s.round)
	}
	return out
}
