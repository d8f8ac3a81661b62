package content

import (
	"fmt"
	"slices"
	"sort"

	"holdfast/internal/text"
	"holdfast/themes"
)

// Search is a text that is looked for in the detail pane. The pane has three parts: what stands before the content, the
// content, and what stands after it; only the content can be large, and it is gone through once for a text.
type Search struct {
	Text   string
	folded []string // as it is and as it is shown
	From   int      // first line in the window when it began

	found [3][]match // where the text stands in each part
	of    *Laid      // the content that was gone through
	part  int        // of the chosen match
	at    int        // its number there
	round string     // how the last step went past an end; empty: it did not
}

// NewSearch begins with the first line in the window.
func NewSearch(from int) *Search { return &Search{From: from} }

// Begin looks for another text.
func (s *Search) Begin(typed string) { *s = Search{From: s.From, Text: typed, folded: folded(typed)} }

// Parts of a pane.
type Parts [3]*Laid

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

// First chooses the first match from where the search began, or the very first, and tells its line; false if there is none.
func (s *Search) First(all Parts) (line int, ok bool) {
	s.look(all)
	n := sort.Search(s.Count(), func(n int) bool {
		s.choose(n)
		return s.line(all) >= s.From
	})
	if n == s.Count() {
		n = 0
	}
	if s.choose(n); s.Count() == 0 {
		return 0, false
	}
	return s.line(all), true
}

// Step chooses the match that is by further, around the ends, and tells its line; false if there is none.
func (s *Search) Step(by int, all Parts) (line int, ok bool) {
	s.look(all)
	n := s.Count()
	if n == 0 {
		return 0, false
	}
	to := s.number() + by
	switch s.round = ""; {
	case to >= n:
		to, s.round = 0, "continued from the top"
	case to < 0:
		to, s.round = n-1, "continued from the bottom"
	}
	s.choose(to)
	return s.line(all), true
}

// look finds the text in all parts, in the content only if that was not gone through for it.
func (s *Search) look(all Parts) {
	if len(s.folded) == 0 {
		return
	}
	s.found[0], s.found[2] = all[0].find(s.folded...), all[2].find(s.folded...)
	if s.of != all[1] {
		s.of, s.found[1] = all[1], all[1].find(s.folded...)
	}
	if s.at >= len(s.found[s.part]) { // what was chosen went away
		s.choose(min(s.number(), s.Count()-1))
	}
}

// Count is how often it stands there.
func (s *Search) Count() int { return len(s.found[0]) + len(s.found[1]) + len(s.found[2]) }

// number is the place of the chosen match among all.
func (s *Search) number() int {
	n := s.at
	for _, part := range s.found[:s.part] {
		n += len(part)
	}
	return n
}

// choose makes the match of a number the chosen one.
func (s *Search) choose(n int) {
	s.part, s.at = 0, max(0, n)
	for s.part < len(s.found)-1 && s.at >= len(s.found[s.part]) {
		s.at -= len(s.found[s.part])
		s.part++
	}
}

// line is the line of the pane that the chosen match begins on.
func (s *Search) line(all Parts) int {
	line := all[s.part].lineAt(s.found[s.part][s.at].at)
	for _, part := range all[:s.part] {
		line += len(part.Lines)
	}
	return line
}

// Mark highlights the matches in the lines of the pane from top on.
func (s *Search) Mark(th themes.Theme, all Parts, top int, shown []string) []string {
	if s.look(all); s.Count() == 0 {
		return shown
	}
	// Reversed, and the chosen one bold and underlined besides: that is left where there are no colours.
	match, current := inkOf(th.Match.Bold(false).Underline(false).Reverse(true)), inkOf(th.RowSelected.Underline(true))
	shown = slices.Clone(shown)
	first := 0 // line of the pane that a part begins with
	for p, part := range all {
		chosen := -1
		if p == s.part && s.at < len(s.found[p]) {
			chosen = s.found[p][s.at].at
		}
		for i := max(first, top); i < min(first+len(part.Lines), top+len(shown)); i++ {
			if spans := part.spans(i-first, s.found[p], chosen); len(spans) > 0 {
				shown[i-top] = highlight(shown[i-top], spans, match, current)
			}
		}
		first += len(part.Lines)
	}
	return shown
}

// Complaint says that the text does not stand there; empty while it does.
func (s *Search) Complaint() string {
	if s.Text == "" || s.Count() > 0 {
		return ""
	}
	return fmt.Sprintf(`"%s" is not in the text`, text.Line(s.Text))
}

// Position says which match is chosen, of how many.
func (s *Search) Position() []string {
	n := s.Count()
	if n == 0 {
		return nil
	}
	more := ""
	if n >= maxMatches {
		more = "more than "
	}
	out := []string{fmt.Sprintf(`"%s" %s of %s%s`, text.Line(s.Text), text.Count(s.number()+1), more, text.Count(n))}
	if s.round != "" {
		out = append(out, s.round)
	}
	return out
}
