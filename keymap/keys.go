package keymap

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// valid tells whether text is what bubbletea's KeyPressMsg.String gives for some key: a printable character, or a named
// key, after modifiers in one fixed order. Text that never comes from a keyboard would be a binding that never works.
func valid(key string) bool {
	modifiers, base := split(key)
	if named(base) {
		return true
	}
	r, size := utf8.DecodeRuneInString(base)
	if size != len(base) || r == utf8.RuneError || r == ' ' || !unicode.IsPrint(r) {
		return false
	}
	// A shifted character arrives as what it types ("G"), and beside other modifiers in lower case ("ctrl+shift+g").
	return modifiers == "" || modifiers != "shift+" && r == unicode.ToLower(r)
}

func split(key string) (modifiers, base string) {
	base = key
	for _, modifier := range []string{"ctrl+", "alt+", "shift+", "meta+", "hyper+", "super+"} {
		base = strings.TrimPrefix(base, modifier)
	}
	return strings.TrimSuffix(key, base), base
}

// typesText tells whether a key puts a character into a field.
func typesText(key string) bool { return key == "space" || utf8.RuneCountInString(key) == 1 }

func named(key string) bool {
	if n, err := strconv.Atoi(strings.TrimPrefix(key, "f")); err == nil && n >= 1 && n <= 63 {
		return key == "f"+strconv.Itoa(n)
	}
	return slices.Contains([]string{
		"enter", "tab", "backspace", "esc", "space", "up", "down", "left", "right", "begin", "find", "insert", "delete",
		"select", "pgup", "pgdown", "home", "end", "menu", "pause", "printscreen",
	}, key)
}
