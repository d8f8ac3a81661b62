package tui

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"holdfast/core/conn"
	"holdfast/themes"
)

// Clean makes text from strangers safe for a terminal and for one line: control bytes, C1, bidi and other invisible
// characters, spaces that are none, line breaks and bytes that are not UTF-8 become visible escapes such as \n, \x1b and
// \u202e. So do the parts of a character on whose width terminals disagree (joined emoji), so that columns stay straight.
//
// Letters that run from right to left stay, each in its own cell: most terminals leave them in the order of the text. One
// that reorders whole lines may let such a cell change places with a number beside it; marks that would keep them apart
// are themselves of no certain width. `holdfast get` prints them one by one.
func Clean(s string) string {
	if printable(s) {
		return s
	}
	var b strings.Builder
	for _, shown := range units(s) {
		b.WriteString(shown)
	}
	return b.String()
}

// units are the parts of a text that stand on a screen for themselves, and how: a character that shows as what it is, or
// one rune or byte that is spelled out.
func units(s string) iter.Seq2[string, string] {
	return func(yield func(raw, shown string) bool) {
		for s != "" {
			cluster, width := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
			if s = s[len(cluster):]; honest(cluster, width) {
				if !yield(cluster, cluster) {
					return
				}
				continue
			}
			for i := 0; i < len(cluster); {
				r, size := utf8.DecodeRuneInString(cluster[i:])
				one := cluster[i : i+size]
				shown := one
				if i > 0 || !honest(one, ansi.StringWidth(one)) {
					shown = escaped(r, one)
				}
				if !yield(one, shown) {
					return
				}
				i += size
			}
		}
	}
}

// printable tells text of nothing but visible ASCII and spaces, which most text is.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// maxRunes is how many runes a character may be made of: real ones have a few marks, a heap of them hides other lines.
const maxRunes = 6

// honest tells a character that shows as what it is, in the same number of cells on every terminal and whatever stands
// beside it.
func honest(cluster string, width int) bool {
	runes := 0
	for _, r := range cluster {
		if runes++; runes > maxRunes || deceptive(r) {
			return false
		}
	}
	return width > 0 && width == ansi.StringWidthWc(cluster) && utf8.ValidString(cluster) && standsAlone(cluster)
}

// standsAlone tells whether a character does not join with letters before or after it.
func standsAlone(cluster string) bool {
	between := "a" + cluster + "a"
	before, _ := ansi.FirstGraphemeCluster(between, ansi.GraphemeWidth)
	itself, _ := ansi.FirstGraphemeCluster(between[1:], ansi.GraphemeWidth)
	return before == "a" && itself == cluster
}

// deceptive tells characters that change how others are shown, that show nothing, or that look like a space.
func deceptive(r rune) bool {
	return !unicode.IsGraphic(r) || unicode.Is(unicode.Zs, r) && r != ' ' || r == 0x2800 ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func escaped(r rune, raw string) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case r < 0xa0:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// CleanLines is Clean for text of several lines: line feeds stay and tabs become spaces.
func CleanLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = Clean(strings.ReplaceAll(l, "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

// maxText is how many bytes of a text a line of the screen could need; what follows is not even looked at.
const maxText = 2048

// cleanStart is Clean for a text of any length of which one line is shown.
func cleanStart(s string) string {
	if len(s) <= maxText {
		return Clean(s)
	}
	end := maxText
	for end > maxText-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return Clean(s[:end]) + "…"
}

// readings are a text as it is and as it is shown, of which somebody who looks for it may type either.
func readings(s string) []string {
	if clean := cleanStart(s); clean != s {
		return []string{s, clean}
	}
	return []string{s}
}

// fit cuts or pads clean text to exactly width cells.
func fit(s string, width int, right bool) string {
	if width <= 0 {
		return ""
	}
	w := textWidth(s)
	if w > width && w == len(s) && printable(s) {
		return s[:width-1] + "…"
	}
	if w > width {
		s = ansi.Truncate(s, width, "…")
		w = textWidth(s)
	}
	pad := strings.Repeat(" ", max(0, width-w))
	if right {
		return pad + s
	}
	return s + pad
}

// cut shortens styled text to at most width cells.
func cut(s string, width int) string { return ansi.Truncate(s, max(width, 0), "…") }

// padTo fills styled text up to width cells.
func padTo(s string, width int) string { return s + strings.Repeat(" ", max(0, width-textWidth(s))) }

func textWidth(s string) int {
	if printable(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Age writes a span of time in at most six cells: 420ms 9.5s 42s 3m07s 42m 2h05m 12d, so that long ones do not
// move every second. A negative one has its sign besides.
func Age(d time.Duration) string {
	if d < 0 {
		return "-" + Age(-max(d, math.MinInt64+1))
	}
	switch {
	case d == 0:
		return "0s"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second && d%time.Second != 0:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 10*time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// reason is what an error comes down to, without the operations and keys on its way, also amid other words: the screen
// names them already.
func reason(err error) string {
	text := err.Error()
	for op, ok := errors.AsType[*conn.OpError](err); ok; op, ok = errors.AsType[*conn.OpError](op.Err) {
		text = strings.Replace(text, op.Error(), op.Err.Error(), 1)
	}
	return cleanStart(text)
}

func toneStyle(th themes.Theme, t Tone, plain lipgloss.Style) lipgloss.Style {
	switch t {
	case Muted:
		return th.Muted
	case Good:
		return th.Good
	case Warn:
		return th.Warn
	case Bad:
		return th.Bad
	}
	return plain
}
