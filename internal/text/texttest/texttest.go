// Package texttest draws text for tests.
package texttest

import (
	"strings"

	"pgregory.net/rapid"
)

// Strangers draws text of anything a stranger could send.
func Strangers() *rapid.Generator[string] {
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
