package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold takes the case off letters. Every byte stays where it was: a letter whose other case is longer or shorter keeps it.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if lower := unicode.ToLower(r); utf8.RuneLen(lower) == utf8.RuneLen(r) {
			return lower
		}
		return r
	}, s)
}
