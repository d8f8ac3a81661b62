package conn

import (
	"fmt"
	"strings"
)

const hexDigits = "0123456789ABCDEF"

// Escape makes a name of arbitrary bytes safe beside a hash tag or between colons: % { } : * ? [ ] \ and control
// bytes are percent-encoded. Different names stay different.
func Escape(name string) string {
	i := strings.IndexFunc(name, special)
	if i < 0 {
		return name
	}
	var b strings.Builder
	b.WriteString(name[:i])
	for ; i < len(name); i++ {
		if c := name[i]; special(rune(c)) {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Unescape undoes Escape. Text that Escape cannot have made (a foreign key) is an error, so that no two keys carry one name.
func Unescape(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '%' {
			if special(rune(c)) {
				return "", fmt.Errorf("name %q: byte %#02x should be percent-encoded", text, c)
			}
			b.WriteByte(c)
			continue
		}
		if i+2 >= len(text) {
			return "", fmt.Errorf("name %q: cut percent-encoding", text)
		}
		hi, lo := strings.IndexByte(hexDigits, text[i+1]), strings.IndexByte(hexDigits, text[i+2])
		if hi < 0 || lo < 0 || !special(rune(hi<<4|lo)) {
			return "", fmt.Errorf("name %q: needless or malformed percent-encoding", text)
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String(), nil
}

func special(c rune) bool {
	switch c {
	case '%', '{', '}', ':', '*', '?', '[', ']', '\\', 0x7f:
		return true
	}
	return c < 0x20
}

// EscapeGlob makes literal text match itself in a SCAN pattern.
func EscapeGlob(literal string) string {
	if !strings.ContainsAny(literal, `*?[]\^-`) {
		return literal
	}
	var b strings.Builder
	for i := 0; i < len(literal); i++ {
		if strings.IndexByte(`*?[]\^-`, literal[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(literal[i])
	}
	return b.String()
}
