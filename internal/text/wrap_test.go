package text

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Lines break at blanks: names and arrows stay whole, with their hyphens. Only what is longer than a line is broken.
func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"short", 5, []string{"short"}},
		{"worker eu:standard-7 -> -", 14, []string{"worker", "eu:standard-7", "-> -"}},
		{"version 575 -> 576", 14, []string{"version 575 ->", "576"}},
		{"token holdfast-ABCD-EFGH", 18, []string{"token", "holdfast-ABCD-EFGH"}},
		{"a holdfast-ABCD-EFGH b", 10, []string{"a", "holdfast-A", "BCD-EFGH b"}},
		{"two  blanks", 8, []string{"two", "blanks"}},
		{"  stays in", 6, []string{"", "stays", "in"}},
		{"ends  ", 5, []string{"ends"}},
		{"two\nlines of", 5, []string{"two", "lines", "of"}},
		{"a\n\nb", 5, []string{"a", "", "b"}},
		{"日本語日本語", 5, []string{"日本", "語日", "本語"}},
	} {
		if got := Wrap(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d cells: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestWrapKeepsWordsThatFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z日é>-]{1,12}`), 1, 20).Draw(t, "words")
		width := rapid.IntRange(2, 30).Draw(t, "width")
		lines := Wrap(strings.Join(words, " "), width)
		if got, want := strings.Join(lines, ""), strings.Join(words, ""); strings.ReplaceAll(got, " ", "") != want {
			t.Fatalf("%q became %q", want, got)
		}
		whole := strings.Fields(strings.Join(lines, " "))
		for _, w := range words {
			if Width(w) <= width && !slices.Contains(whole, w) {
				t.Fatalf("%q is broken in %q", w, lines)
			}
		}
	})
}
