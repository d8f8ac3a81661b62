package content

import (
	"sort"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"holdfast/internal/text"
)

// Laid is text laid out in lines, and what they say as one string, so that a search takes one look through it and finds
// what is broken over two lines, too.
type Laid struct {
	Lines   []string // styled
	text    strings.Builder
	starts  []int // of each line in text
	indents []int // bytes of each line before what text has of it
}

// Lines takes in styled lines, each for itself.
func Lines(lines []string) *Laid {
	l := &Laid{}
	for _, line := range lines {
		l.add(line, ansi.Strip(line), 0, "\n")
	}
	return l
}

// Plain takes in styled lines that nobody looks into.
func Plain(lines []string) *Laid { return &Laid{Lines: lines} }

// add appends a line that says something after its indent. glue is what stands between that and the line before.
func (l *Laid) add(line, says string, indent int, glue string) {
	l.text.WriteString(glue)
	l.Lines, l.starts, l.indents = append(l.Lines, line), append(l.starts, l.text.Len()), append(l.indents, indent)
	l.text.WriteString(text.Fold(says))
}

// wrap breaks clean text into lines of at most w cells behind an indent of spaces.
func (l *Laid) wrap(says, indent string, w int, style func(i int, part string) string) {
	left := says
	for i, part := range text.Wrap(says, w) {
		glue := "\n"
		trimmed := strings.TrimLeft(left, " ") // breaking a line takes the spaces there
		switch {
		case i > 0 && strings.HasPrefix(left, part):
			glue = ""
		case i > 0 && strings.HasPrefix(trimmed, part):
			glue, left = left[:len(left)-len(trimmed)], trimmed
		}
		left = strings.TrimPrefix(left, part)
		l.add(indent+style(i, part), part, len(indent), glue)
	}
}

// keep drops the lines after the first n.
func (l *Laid) keep(n int) {
	if n >= len(l.Lines) {
		return
	}
	text := l.text.String()[:l.starts[n]]
	l.text.Reset()
	l.text.WriteString(text)
	l.Lines, l.starts, l.indents = l.Lines[:n], l.starts[:n], l.indents[:n]
}

// maxMatches is how many are counted.
const maxMatches = 100_000

// match is where a text that was looked for stands.
type match struct{ at, size int }

// find lists where any of some folded texts stands, none of them in two matches.
func (l *Laid) find(folded ...string) (found []match) {
	text := l.text.String()
	next := make([]int, len(folded)) // place of each from here on; -1: nowhere
	for from := 0; len(found) < maxMatches; {
		first := match{at: -1}
		for i, one := range folded {
			if next[i] >= 0 && next[i] <= from {
				if next[i] = strings.Index(text[from:], one); next[i] >= 0 {
					next[i] += from
				}
			}
			if at := next[i]; at >= 0 && (first.at < 0 || at < first.at) {
				first = match{at, len(one)}
			}
		}
		if first.at < 0 {
			break
		}
		found = append(found, first)
		from = first.at + first.size
	}
	return found
}

// lineAt is the line that a place in the text is on.
func (l *Laid) lineAt(at int) int {
	return max(0, sort.SearchInts(l.starts, at+1)-1)
}

// span is a part of a line, in bytes of what it says.
type span struct {
	from, to int
	current  bool
}

// spans are the parts of a line that matches cover; current is the place of the chosen one.
func (l *Laid) spans(line int, matches []match, current int) (out []span) {
	start, indent := l.starts[line], l.indents[line]
	end := l.text.Len()
	if line+1 < len(l.starts) {
		end = l.starts[line+1]
	}
	from := sort.Search(len(matches), func(i int) bool { return matches[i].at+matches[i].size > start })
	for _, m := range matches[from:] {
		if m.at >= end {
			break
		}
		out = append(out, span{max(0, m.at-start) + indent, m.at + m.size - start + indent, m.at == current})
	}
	return out
}

// highlight draws parts of a styled line, whose only control sequences are those of styles, in other pens.
func highlight(line string, spans []span, match, current ink) string {
	var b strings.Builder
	was, in := "", ink{} // the style that the line has; what it is drawn in instead
	for at, i := 0, 0; i < len(line); {
		for len(spans) > 0 && at >= spans[0].to {
			b.WriteString(in.after + was)
			in, spans = ink{}, spans[1:]
		}
		if len(spans) > 0 && at == spans[0].from && in == (ink{}) {
			if in = match; spans[0].current {
				in = current
			}
			if was != "" {
				b.WriteString(ansi.ResetStyle)
			}
			b.WriteString(in.before)
		}
		if line[i] != ansi.ESC {
			b.WriteByte(line[i])
			at, i = at+1, i+1
			continue
		}
		end := i + strings.IndexByte(line[i:], 'm') + 1
		if end <= i {
			break
		}
		switch seq := line[i:end]; {
		case seq == ansi.ResetStyle || seq == "\x1b[0m":
			was = ""
		default:
			was += seq
		}
		if in == (ink{}) {
			b.WriteString(line[i:end])
		}
		i = end
	}
	b.WriteString(in.after)
	return b.String()
}

// ink is what a style writes before and after a text.
type ink struct{ before, after string }

func inkOf(s lipgloss.Style) ink {
	before, after, _ := strings.Cut(s.Render("x"), "x")
	return ink{before, after}
}
