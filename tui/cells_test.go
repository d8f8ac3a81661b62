package tui

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/themes"
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

// strangers draws text of anything a stranger could send.
func strangers() *rapid.Generator[string] {
	odd := []string{
		"\x1b", "\x1b[", "\u009b", "\n", "\r", "\t", "\x00", "\x7f", "\xff", "\xc3", "\u202e", "\u2066", "\u200d", "\ufe0f", "\u0301", "\u3164",
		"👨‍👩‍👧", "👍🏽", "🇩🇪", "🇩", "日", "e", " ", "क्ष", "ﷺ", "한", "\u1100\u1161", "שלום", "ก็", "…", "☎", "a\u0300\u0301\u0302",
	}
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 12).Draw(t, "parts") {
			switch rapid.IntRange(0, 3).Draw(t, "sort") {
			case 0:
				b.WriteString(rapid.SampledFrom(odd).Draw(t, "odd"))
			case 1:
				b.WriteRune(rapid.Rune().Draw(t, "rune"))
			case 2:
				b.WriteByte(rapid.Byte().Draw(t, "byte"))
			default:
				b.WriteString(rapid.StringN(0, 6, 20).Draw(t, "text"))
			}
		}
		return b.String()
	})
}

// Whatever comes in: what goes out is UTF-8 in which each character shows as itself, in the same number of cells
// whether a terminal counts by character or by code point; and cleaning it again changes nothing.
func TestCleanIsSafeForAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := strangers().Draw(t, "in")
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
		if printable(in) && out != in {
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

func TestFitIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, width, right := Clean(strangers().Draw(t, "text")), rapid.IntRange(-1, 30).Draw(t, "width"), rapid.Bool().Draw(t, "right")
		got := fit(text, width, right)
		if w := ansi.StringWidth(got); w != max(0, width) || w != ansi.StringWidthWc(got) {
			t.Fatalf("%q has %d cells, want %d", got, w, width)
		}
		if ansi.StringWidth(text) <= width && !strings.Contains(got, text) {
			t.Fatalf("%q does not hold %q, which fits", got, text)
		}
		if w := ansi.StringWidth(cut(text, width)); w > max(0, width) {
			t.Fatalf("cut has %d cells, want at most %d", w, width)
		}
		for _, l := range wrap(text, width) {
			if w := ansi.StringWidth(l); w > max(1, width) {
				t.Fatalf("wrapped line %q has %d cells, want at most %d", l, w, width)
			}
		}
	})
}

// A styled line is split at any cell without a cell more or less.
func TestRestIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := Clean(strangers().Draw(t, "text"))
		width := ansi.StringWidth(text)
		from := rapid.IntRange(0, width).Draw(t, "from")
		line := "\x1b[1m" + text + "\x1b[m"
		if got := ansi.StringWidth(rest(line, from, width-from)); got != width-from {
			t.Fatalf("%d cells, want %d", got, width-from)
		}
	})
}

// Of a text without end only as much is looked at as a screen could show.
func TestCleanStart(t *testing.T) {
	if got := cleanStart("short\n"); got != `short\n` {
		t.Errorf("%q", got)
	}
	for _, c := range []string{"a", "日", "\x1b", "👍", "\xff"} {
		long := strings.Repeat(c, maxText)
		got := cleanStart(long)
		if len(c) > 1 || c == "\x1b" || c == "\xff" {
			if !strings.HasSuffix(got, "…") && len(long) > maxText {
				t.Errorf("%q: nothing tells that it was cut", c)
			}
		}
		if body := strings.TrimSuffix(got, "…"); !strings.HasPrefix(Clean(long), body) {
			t.Errorf("%q was cut within a character: …%q", c, body[len(body)-10:])
		}
	}
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"}, {time.Nanosecond, "0ms"}, {420 * time.Millisecond, "420ms"}, {999 * time.Millisecond, "999ms"},
		{time.Second, "1s"}, {9500 * time.Millisecond, "9.5s"}, {9990 * time.Millisecond, "9.9s"}, {10 * time.Second, "10s"}, {42900 * time.Millisecond, "42s"},
		{time.Minute, "1m00s"}, {187 * time.Second, "3m07s"}, {10*time.Minute - 1, "9m59s"}, {10 * time.Minute, "10m"}, {time.Hour - 1, "59m"},
		{time.Hour, "1h00m"}, {125 * time.Minute, "2h05m"},
		{48*time.Hour - 1, "47h59m"}, {48 * time.Hour, "2d"}, {20000 * 24 * time.Hour, "20000d"},
		{-time.Second, "-1s"}, {-125 * time.Minute, "-2h05m"}, {math.MinInt64, "-106751d"}, {math.MaxInt64, "106751d"},
	} {
		if got := Age(c.d); got != c.want {
			t.Errorf("Age(%v) = %q, want %q", c.d, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(90_000*24*time.Hour)).Draw(t, "d"))
		if got := Age(d); len(got) > 6 || got == "" {
			t.Fatalf("Age(%v) = %q", d, got)
		}
	})
}

// What an error comes down to: the screen names operation and key already.
func TestReason(t *testing.T) {
	cause := errors.New("LOADING")
	for _, c := range []struct {
		err  error
		want string
	}{
		{cause, "LOADING"},
		{conn.Fail("a", "k", conn.Fail("b", "k", cause)), "LOADING"},
		{fmt.Errorf("around: %w", conn.Fail("a", "k", cause)), "around: LOADING"},
		{errors.New("\x1b"), `\x1b`},
	} {
		if got := reason(c.err); got != c.want {
			t.Errorf("reason(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

func TestBrief(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.0k", 9999: "9.9k", 12_345: "12k", 999_999: "999k", 1_000_000: "1.0M", 9_999_999: "9.9M", 12_000_000: "12M"} {
		if got := brief(n); got != want {
			t.Errorf("brief(%d) = %q, want %q", n, got, want)
		}
	}
}

// Whatever strangers write, each cell takes just the cells of its column, so that the next begins below its title.
func TestColumnsStayStraight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var rows fakeRows
		for i := range rapid.IntRange(1, 8).Draw(rt, "rows") {
			rows = append(rows, &fakeRow{id: fmt.Sprint(i) + strangers().Draw(rt, "id"), word: strangers().Draw(rt, "word"), n: i})
		}
		view := fakeView(func() live.Rows { return rows })
		tab := newTable(view)
		tab.resize(rapid.SampledFrom([]int{40, 80, 200, 300}).Draw(rt, "width"), 9)
		tab.show(&arranged{rows: rows})
		at := Clock{Now: time.Now()}
		for y, l := range lines(ansi.Strip(tab.render(themes.Default(true), at)))[1:] {
			if y >= len(rows) {
				break
			}
			want := l[:2]
			for _, s := range tab.titled {
				if w := textWidth(want); w != s.from {
					rt.Fatalf("a column begins at %d, its title at %d", w, s.from)
				}
				want += fit(Clean(view.Columns[s.what].Text(rows[y], at)), s.to-s.from-1, view.Columns[s.what].Right) + " "
			}
			if strings.TrimRight(l, " ") != strings.TrimRight(want, " ") {
				rt.Fatalf("row %d is %q, want %q", y, l, want)
			}
			if w := max(ansi.StringWidth(l), ansi.StringWidthWc(l)); w > tab.width {
				rt.Fatalf("%d cells: %q", w, l)
			}
		}
	})
}

func TestTerse(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1k", 99_999: "99k", 100_000: ".1M", 999_999: ".9M", 1_000_000: "1M", 99_999_999: "99M", 100_000_000: ".1G", 2_000_000_000: "2G"} {
		if got := terse(n); got != want {
			t.Errorf("terse(%d) = %q, want %q", n, got, want)
		}
	}
}
