package overlay

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast/internal/text"
)

// typing is a line of text with a cursor in it. It holds exactly the bytes that were put in, whatever they are: only what
// is drawn is made safe to show.
type typing struct {
	text string
	at   int // the cursor, in bytes
}

func (l *typing) insert(s string) {
	l.text = l.text[:l.at] + s + l.text[l.at:]
	l.at += len(s)
}

// remove drops what stands between two places.
func (l *typing) remove(from, to int) {
	l.text = l.text[:from] + l.text[to:]
	l.at = from
}

// before is where the unit before the cursor begins.
func (l *typing) before() int {
	at, end := 0, 0
	for raw := range text.Units(l.text) {
		if at = end; at+len(raw) >= l.at {
			break
		}
		end += len(raw)
	}
	return at
}

// after is where the unit under the cursor ends.
func (l *typing) after() int {
	end := 0
	for raw := range text.Units(l.text) {
		if end += len(raw); end > l.at {
			break
		}
	}
	return end
}

// wordBefore is where the word before the cursor begins, wordAfter where the next one ends.
func (l *typing) wordBefore() int {
	left := strings.TrimRightFunc(l.text[:l.at], unicode.IsSpace)
	i := strings.LastIndexFunc(left, unicode.IsSpace)
	if i < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(left[i:])
	return i + size
}

func (l *typing) wordAfter() int {
	right := l.text[l.at:]
	word := strings.TrimLeftFunc(right, unicode.IsSpace)
	blanks := len(right) - len(word)
	if i := strings.IndexFunc(word, unicode.IsSpace); i >= 0 {
		return l.at + blanks + i
	}
	return len(l.text)
}

// edit carries out a key that moves the cursor within the line or deletes there; false for any other. A deletion backwards
// takes one rune, so that a mark can be taken off its letter.
func (l *typing) edit(key string) bool {
	switch key {
	case "left", "ctrl+b":
		l.at = l.before()
	case "right", "ctrl+f":
		l.at = l.after()
	case "alt+left", "ctrl+left", "alt+b":
		l.at = l.wordBefore()
	case "alt+right", "ctrl+right", "alt+f":
		l.at = l.wordAfter()
	case "home", "ctrl+a":
		l.at = 0
	case "end", "ctrl+e":
		l.at = len(l.text)
	case "backspace", "ctrl+h", "shift+backspace":
		_, size := utf8.DecodeLastRuneInString(l.text[:l.at])
		l.remove(l.at-size, l.at)
	case "delete", "ctrl+d":
		l.remove(l.at, l.after())
	case "alt+backspace", "ctrl+w", "ctrl+backspace":
		l.remove(l.wordBefore(), l.at)
	case "alt+delete", "alt+d", "ctrl+delete":
		at := l.at
		l.remove(at, l.wordAfter())
	case "ctrl+k":
		l.remove(l.at, len(l.text))
	case "ctrl+u":
		l.remove(0, l.at)
	default:
		return false
	}
	return true
}

// pasted is a text as a terminal pastes it: those send a carriage return for each line break.
func pasted(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}
