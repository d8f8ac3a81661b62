package text

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Fit cuts or pads clean text to exactly width cells.
func Fit(s string, width int, right bool) string {
	if width <= 0 {
		return ""
	}
	w := Width(s)
	if w > width && w == len(s) && Printable(s) {
		return s[:width-1] + "…"
	}
	if w > width {
		s = ansi.Truncate(s, width, "…")
		w = Width(s)
	}
	pad := strings.Repeat(" ", max(0, width-w))
	if right {
		return pad + s
	}
	return s + pad
}

// Cut shortens styled text to at most width cells.
func Cut(s string, width int) string { return ansi.Truncate(s, max(width, 0), "…") }

// Pad fills styled text up to width cells.
func Pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-Width(s))) }

// Width is how many cells a text takes.
func Width(s string) int {
	if Printable(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Rest is what stands in a styled line from a cell on, exactly width cells: half of a wide character becomes a space.
func Rest(line string, from, width int) string {
	right := ansi.TruncateLeft(line, from, "")
	if Width(right) > width {
		right = ansi.TruncateLeft(line, from+1, "")
	}
	return strings.Repeat(" ", max(0, width-Width(right))) + right
}

// Start is a text up to a number of characters.
func Start(s string, most int) string {
	end := 0
	for n := 0; n < most && end < len(s); n++ {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return s[:end]
}

// Styled renders each line in a style.
func Styled(s interface{ Render(...string) string }, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = s.Render(l)
	}
	return out
}
