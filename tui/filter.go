package tui

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sahilm/fuzzy"

	"holdfast/core/live"
)

// filter decides which rows of a view are shown. All words of the text must match, each in some cell of the row:
//
//	word     fuzzy: its letters in order within a cell
//	!word    inverse: no cell contains it
//	~expr    regular expression
//	col:…    any of these, in the column col alone
type filter struct {
	text  string
	terms []term
}

type term struct {
	column  int // -1: any
	inverse bool
	match   func(cell string) bool
}

func parseFilter(text string, columns []Column) (filter, error) {
	f := filter{text: text}
	for word := range strings.FieldsSeq(text) {
		t := term{column: -1}
		if name, rest, ok := strings.Cut(word, ":"); ok {
			for i, c := range columns {
				if strings.EqualFold(strings.ReplaceAll(c.Title, " ", ""), name) {
					t.column, word = i, rest
					break
				}
			}
		}
		if rest, ok := strings.CutPrefix(word, "!"); ok {
			t.inverse, word = true, rest
		}
		if word == "" {
			continue // still being typed
		}
		switch expr, ok := strings.CutPrefix(word, "~"); {
		case ok:
			re, err := regexp.Compile("(?i)" + expr)
			if err != nil {
				return filter{}, fmt.Errorf("filter %q: %w", word, err)
			}
			t.match = re.MatchString
		case t.inverse:
			lower := strings.ToLower(word)
			t.match = func(cell string) bool { return strings.Contains(strings.ToLower(cell), lower) }
		default:
			t.match = func(cell string) bool { return len(fuzzy.FindNoSort(word, []string{cell})) > 0 }
		}
		f.terms = append(f.terms, t)
	}
	return f, nil
}

func (f filter) empty() bool { return len(f.terms) == 0 }

func (f filter) keeps(r live.Row, columns []Column, at Clock) bool {
	for _, t := range f.terms {
		if t.hits(r, columns, at) == t.inverse {
			return false
		}
	}
	return true
}

func (t term) hits(r live.Row, columns []Column, at Clock) bool {
	if t.column >= 0 {
		return t.match(columns[t.column].Text(r, at))
	}
	for _, c := range columns {
		if t.match(c.Text(r, at)) {
			return true
		}
	}
	return r.Problem() != nil && t.match(r.Problem().Error())
}
