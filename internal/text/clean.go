// Package text makes text fit for a screen: clean of what a terminal would obey, cut or wrapped to cells, numbers and ages in few
// letters. It knows nothing else of ours.
package text

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Clean makes text from strangers safe for a terminal and for one line: control bytes, C1, bidi and other invisible
// characters, spaces that are none, line breaks and bytes that are not UTF-8 become visible escapes such as \n, \x1b and
// \u202e. So do the parts of a character on whose width terminals disagree (joined emoji), so that columns stay straight.
//
// Letters that run from right to left stay, each in its own cell: most terminals leave them in the order of the text. One
// that reorders whole lines may let such a cell change places with a number beside it; marks that would keep them apart
// are themselves of no certain width. `holdfast get` prints them one by one.
func Clean(s string) string {
	if Printable(s) {
		return s
	}
	var b strings.Builder
	for _, shown := range Units(s) {
		b.WriteString(shown)
	}
	return b.String()
}

// Units are the parts of a text that stand on a screen for themselves, and how: a character that shows as what it is, or
// one rune or byte that is spelled out.
func Units(s string) iter.Seq2[string, string] {
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

// Printable tells text of nothing but visible ASCII and spaces, which most text is.
func Printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// MaxRunes is how many runes a character may be made of: real ones have a few marks, a heap of them hides other lines.
const MaxRunes = 6

// honest tells a character that shows as what it is, in the same number of cells on every terminal and whatever stands
// beside it.
func honest(cluster string, width int) bool {
	runes := 0
	for _, r := range cluster {
		if runes++; runes > MaxRunes || deceptive(r) {
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

// MaxLine is how many bytes of a text a line of the screen could need; what follows is not even looked at.
const MaxLine = 2048

// Line is Clean for a text of any length of which one line is shown.
func Line(s string) string {
	if len(s) <= MaxLine {
		return Clean(s)
	}
	end := MaxLine
	for end > MaxLine-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return Clean(s[:end]) + "…"
}

// Readings are a text as it is and as it is shown, of which somebody who looks for it may type either.
func Readings(s string) []string {
	if clean := Line(s); clean != s {
		return []string{s, clean}
	}
	return []string{s}
}
