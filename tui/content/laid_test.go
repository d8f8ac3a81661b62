package content

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"holdfast/internal/text"
	"holdfast/themes"
)

// Whatever a text is broken into, a search finds in the lines what stands in the text, and its marks cover just that.
func TestLaidTextIsFoundAsItWas(t *testing.T) {
	th := themes.Default(true)
	rapid.Check(t, func(t *rapid.T) {
		says := text.Clean(rapid.StringOf(rapid.SampledFrom([]rune("ab  -é日ÄK"))).Draw(t, "text"))
		needle := text.Fold(rapid.StringOfN(rapid.SampledFrom([]rune("ab -éä")), 1, 3, -1).Draw(t, "needle"))
		l := &Laid{}
		l.wrap(says, "  ", rapid.IntRange(4, 16).Draw(t, "width"), func(_ int, part string) string { return th.Text.Render(part) })
		if strings.Contains(l.text.String(), "…") {
			return // there was no room for a whole character
		}
		if got, want := strings.Trim(l.text.String(), " \n"), strings.Trim(text.Fold(says), " "); got != want {
			t.Fatalf("laid out %q as %q", want, got)
		}
		found := l.find(needle)
		var marks strings.Builder
		for i, line := range l.Lines {
			spans := l.spans(i, found, -1)
			lit := highlight(line, spans, ink{before: "<", after: ">"}, ink{})
			if ansi.Strip(strings.NewReplacer("<", "", ">", "").Replace(lit)) != ansi.Strip(line) {
				t.Fatalf("%q became %q", line, lit)
			}
			for _, s := range spans {
				says := ansi.Strip(line)
				marks.WriteString(text.Fold(says[min(s.from, len(says)):min(s.to, len(says))]))
			}
		}
		bare := strings.NewReplacer(" ", "")
		if got, want := bare.Replace(marks.String()), strings.Repeat(bare.Replace(needle), len(found)); got != want {
			t.Fatalf("marked %q, want %q", got, want)
		}
	})
}

// The style of a line goes on after a mark as it was.
func TestHighlightKeepsTheStyleOfTheRest(t *testing.T) {
	line := "\x1b[1mbold\x1b[m plain"
	match, current := ink{before: "\x1b[7m", after: "\x1b[m"}, ink{before: "\x1b[4m", after: "\x1b[m"}
	for _, c := range []struct {
		spans []span
		want  string
	}{
		{nil, line},
		{[]span{{1, 3, false}}, "\x1b[1mb\x1b[m\x1b[7mol\x1b[m\x1b[1md\x1b[m plain"},
		{[]span{{3, 6, true}}, "\x1b[1mbol\x1b[m\x1b[4md p\x1b[mlain"},
		{[]span{{0, 2, false}, {2, 4, true}}, "\x1b[7mbo\x1b[m\x1b[1m\x1b[m\x1b[4mld\x1b[m"},
		{[]span{{5, 99, false}}, "\x1b[1mbold\x1b[m \x1b[7mplain\x1b[m"},
	} {
		got := highlight(line, c.spans, match, current)
		if !strings.HasPrefix(strings.TrimPrefix(got, "\x1b[1m"), strings.TrimPrefix(c.want, "\x1b[1m")) || ansi.Strip(got) != ansi.Strip(line) {
			t.Errorf("%v: %q, want %q", c.spans, got, c.want)
		}
	}
}

// Of a match in every byte only so many are counted, so that a key is answered in time.
func TestMatchesAreBounded(t *testing.T) {
	l := Lines([]string{strings.Repeat("x", 3*maxMatches)})
	if n := len(l.find("x")); n != maxMatches {
		t.Errorf("%d matches", n)
	}
}
