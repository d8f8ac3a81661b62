package text

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Wrap breaks clean text into lines of at most width cells: where it has lines of its own, then at blanks, so that names
// and arrows stay whole, and within a word only where it is longer than a line. The blanks at a break are dropped.
func Wrap(s string, width int) (lines []string) {
	for line := range strings.SplitSeq(s, "\n") {
		lines = appendWrapped(lines, line, max(width, 1))
	}
	return lines
}

func appendWrapped(lines []string, s string, width int) []string {
	if Width(s) <= width {
		return append(lines, s)
	}
	line, used := "", 0
	for s != "" {
		word := strings.TrimLeft(s, " ")
		blanks := s[:len(s)-len(word)]
		if end := strings.IndexByte(word, ' '); end >= 0 {
			word = word[:end]
		}
		s = s[len(blanks)+len(word):]
		wide := Width(word)
		if used+len(blanks)+wide <= width {
			line, used = line+blanks+word, used+len(blanks)+wide
			continue
		}
		if word == "" { // blanks at the very end
			break
		}
		if line != "" || blanks != "" {
			lines = append(lines, line)
		}
		line, used = word, wide
		for plain := Printable(word); used > width; {
			part := line[:width]
			if !plain {
				part = pieceOf(line, width)
			}
			lines = append(lines, Cut(part, width)) // one wide character where there is room for half of it
			line, used = line[len(part):], used-Width(part)
		}
	}
	return append(lines, line)
}

// pieceOf is as much of a word as fits in width cells, at least one character.
func pieceOf(word string, width int) string {
	end, used := 0, 0
	for end < len(word) {
		cluster, wide := ansi.FirstGraphemeCluster(word[end:], ansi.GraphemeWidth)
		if used += wide; used > width && end > 0 {
			break
		}
		end += len(cluster)
	}
	return word[:end]
}
