package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"holdfast/internal/text/texttest"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"plain text ~!", "plain text ~!"},
		{"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"\x1b]52;c;AAAA\a", `\x1b]52;c;AAAA\x07`},
		{"\u009b31m\u0085", `\x9b31m\x85`},
		{"a\x7fb\x00", `a\x7fb\x00`},
		{"a\r\nb\tc\n", `a\r\nb\tc\n`},
		{"\u202eback\u2066x\u200f\u061c", `\u202eback\u2066x\u200f\u061c`},
		{"a\u200bb\ufeff\u2060\u2028\u2029\u00ad", `a\u200bb\ufeff\u2060\u2028\u2029\u00ad`},
		{"a\u00a0b\u3000c\u2800\u3164\u115f", `a\u00a0b\u3000c\u2800\u3164\u115f`},
		{"\xff\xfea\xc3", `\xff\xfea\xc3`},
		{"\ufffd", "\ufffd"},
		{"\ue000\U000f0000\U000e0041", `\ue000\U000f0000\U000e0041`},
		{"日本語 Ελλάδα שלום العربية", "日本語 Ελλάδα שלום العربية"},
		{"e\u0301", "e\u0301"},
		{"\u0301x", `\u0301x`},
		{"\n\u0903", `\n\u0903`},
		{"👍", "👍"},
		{"👍🏽", `👍\U0001f3fd`},
		{"👨‍👩‍👧", `👨\u200d\U0001f469\u200d\U0001f467`},
		{"☎️", `☎\ufe0f`},
		{"a" + strings.Repeat("\u0301", 20), "a" + strings.Repeat(`\u0301`, 20)},
		{`C:\x1b`, `C:\x1b`},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// Whatever comes in: what goes out is UTF-8 in which each character shows as itself, in the same number of cells
// whether a terminal counts by character or by code point; and cleaning it again changes nothing.
func TestCleanIsSafeForAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := texttest.Strangers().Draw(t, "in")
		out := Clean(in)
		if !utf8.ValidString(out) {
			t.Fatalf("not UTF-8: %q", out)
		}
		for _, r := range out {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || unicode.Is(unicode.Zs, r) && r != ' ' {
				t.Fatalf("%U is left in %q", r, out)
			}
		}
		if again := Clean(out); again != out {
			t.Fatalf("not idempotent: %q, then %q", out, again)
		}
		if a, b := ansi.StringWidth(out), ansi.StringWidthWc(out); a != b {
			t.Fatalf("%d cells by character, %d by code point: %q", a, b, out)
		}
		if Printable(in) && out != in {
			t.Fatalf("plain text %q became %q", in, out)
		}
		lines := CleanLines(in)
		if CleanLines(lines) != lines {
			t.Fatalf("lines are not idempotent: %q", lines)
		}
		if strings.Count(lines, "\n") != strings.Count(in, "\n") {
			t.Fatalf("other lines: %q, then %q", in, lines)
		}
		for l := range strings.SplitSeq(lines, "\n") {
			if Clean(l) != l {
				t.Fatalf("line %q of %q is not clean", l, lines)
			}
		}
	})
}

// Of a text without end only as much is looked at as a screen could show.
func TestCleanStart(t *testing.T) {
	if got := Line("short\n"); got != `short\n` {
		t.Errorf("%q", got)
	}
	for _, c := range []string{"a", "日", "\x1b", "👍", "\xff"} {
		long := strings.Repeat(c, MaxLine)
		got := Line(long)
		if len(c) > 1 || c == "\x1b" || c == "\xff" {
			if !strings.HasSuffix(got, "…") && len(long) > MaxLine {
				t.Errorf("%q: nothing tells that it was cut", c)
			}
		}
		if body := strings.TrimSuffix(got, "…"); !strings.HasPrefix(Clean(long), body) {
			t.Errorf("%q was cut within a character: …%q", c, body[len(body)-10:])
		}
	}
}
