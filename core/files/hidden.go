package files

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Hidden tells characters that a terminal acts on, that change how others are shown, or that are not seen: controls, bidi and
// other formats, line and paragraph separators, unusual spaces, variation selectors, fillers and marks that pile up.
func Hidden(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Mn, unicode.Me, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		r == 0x2800 // a blank of Braille
}

// ShowJSON spells the hidden characters of a JSON text as JSON allows (\uXXXX), for a file that somebody will read with cat. They
// can stand in strings alone, so that the text means the same. Line feeds and the like stay: in a string JSON has none raw.
func ShowJSON(text []byte) []byte {
	return show(text, func(r rune) string {
		if r > 0xffff {
			high, low := utf16.EncodeRune(r)
			return fmt.Sprintf(`\u%04x\u%04x`, high, low)
		}
		return fmt.Sprintf(`\u%04x`, r)
	})
}

// ShowTOML is the text as a TOML string in quotes, with the hidden characters spelled as TOML allows.
func ShowTOML(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + string(show([]byte(b.String()), func(r rune) string { return fmt.Sprintf(`\U%08x`, r) })) + `"`
}

// show spells the hidden characters from DEL on.
func show(text []byte, spell func(r rune) string) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r < '\x7f' || !Hidden(r) {
			out = append(out, text[:size]...)
		} else {
			out = append(out, spell(r)...)
		}
		text = text[size:]
	}
	return out
}
