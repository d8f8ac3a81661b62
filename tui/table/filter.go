package table

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// filter decides which rows of a view are shown. All words of the text must match, each in some cell of the row as it
// is, or as it
// stands on the screen:
//
//	word     fuzzy: its letters in order within a cell
//	!word    inverse: no cell contains it
//	~expr    regular expression
//	col:…    any of these, in the column col alone
type filter struct {
	Text  string
	terms []term
}

type term struct {
	column  int // -1: any
	inverse bool
	match   func(cell string) bool
	says    func(reason string) bool // match, without the freedom to leave letters out
}

func ParseFilter(text string, columns []view.Column) (filter, error) {
	f := filter{Text: text}
	for word := range strings.FieldsFuncSeq(text, isBlank) {
		t := term{column: -1}
		expr := t.invert(word)
		if name, rest, ok := strings.Cut(expr, ":"); ok {
			t.column = slices.IndexFunc(columns, func(c view.Column) bool {
				return strings.EqualFold(strings.ReplaceAll(c.Title, " ", ""), name)
			})
			if t.column >= 0 {
				expr = t.invert(rest)
			}
		}
		pattern, regular := strings.CutPrefix(expr, "~")
		switch {
		case pattern == "":
			continue // still being typed
		case regular:
			re, err := regexp.Compile("(?i)" + pattern)
			if err != nil {
				return filter{}, fmt.Errorf("filter %q: %w", word, err)
			}
			t.match, t.says = re.MatchString, re.MatchString
		case t.inverse:
			lower := strings.ToLower(expr)
			t.match = func(cell string) bool { return strings.Contains(strings.ToLower(cell), lower) }
			t.says = t.match
		default:
			lower := strings.ToLower(expr)
			letters := []rune(lower)
			t.says = func(reason string) bool { return strings.Contains(strings.ToLower(reason), lower) }
			t.match = func(cell string) bool { return fuzzy(letters, cell) }
		}
		f.terms = append(f.terms, t)
	}
	return f, nil
}

// Blanks are what stands between words: other spaces may be part of a name.
const Blanks = " \t\r\n"

func isBlank(r rune) bool { return strings.ContainsRune(Blanks, r) }

// invert takes the sign of an inverse word off.
func (t *term) invert(word string) string {
	rest, ok := strings.CutPrefix(word, "!")
	t.inverse = t.inverse || ok
	return rest
}

// fuzzy tells whether letters, all lower case, stand in text in their order, whatever stands between them.
func fuzzy(letters []rune, text string) bool {
	for _, r := range text {
		if len(letters) == 0 {
			break
		}
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
		} else {
			r = unicode.ToLower(r)
		}
		if r == letters[0] {
			letters = letters[1:]
		}
	}
	return len(letters) == 0
}

func (f filter) Empty() bool { return len(f.terms) == 0 }

func (f filter) keeps(r live.Row, columns []view.Column, at view.Clock) bool {
	for _, t := range f.terms {
		if t.hits(r, columns, at) == t.inverse {
			return false
		}
	}
	return true
}

// hits tells whether a term is in a row. One that cannot be read is found by its name and by what is wrong, there only by
// whole words: most have their letters somewhere in a reason.
func (t term) hits(r live.Row, columns []view.Column, at view.Clock) bool {
	if problem := r.Problem(); problem != nil {
		return t.column <= 0 && t.in(r.ID()) || t.column < 0 && (t.says("unreadable") || t.says(view.Reason(problem)))
	}
	if t.column >= 0 {
		return t.in(columns[t.column].Text(r, at))
	}
	for _, c := range columns {
		if t.in(c.Text(r, at)) {
			return true
		}
	}
	return false
}

// in tells whether a term is in a text.
func (t term) in(says string) bool {
	if t.match(says[:min(len(says), text.MaxLine)]) {
		return true
	}
	return !text.Printable(says) && t.match(text.Line(says))
}
