package text

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"holdfast/internal/text/texttest"
)

func TestFitIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, width, right := Clean(texttest.Strangers().Draw(t, "text")), rapid.IntRange(-1, 30).Draw(t, "width"), rapid.Bool().Draw(t, "right")
		got := Fit(text, width, right)
		if w := ansi.StringWidth(got); w != max(0, width) || w != ansi.StringWidthWc(got) {
			t.Fatalf("%q has %d cells, want %d", got, w, width)
		}
		if ansi.StringWidth(text) <= width && !strings.Contains(got, text) {
			t.Fatalf("%q does not hold %q, which fits", got, text)
		}
		if w := ansi.StringWidth(Cut(text, width)); w > max(0, width) {
			t.Fatalf("cut has %d cells, want at most %d", w, width)
		}
		for _, l := range Wrap(text, width) {
			if w := ansi.StringWidth(l); w > max(1, width) {
				t.Fatalf("wrapped line %q has %d cells, want at most %d", l, w, width)
			}
		}
	})
}

// A styled line is split at any cell without a cell more or less.
func TestRestIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := Clean(texttest.Strangers().Draw(t, "text"))
		width := ansi.StringWidth(text)
		from := rapid.IntRange(0, width).Draw(t, "from")
		line := "\x1b[1m" + text + "\x1b[m"
		if got := ansi.StringWidth(Rest(line, from, width-from)); got != width-from {
			t.Fatalf("%d cells, want %d", got, width-from)
		}
	})
}
