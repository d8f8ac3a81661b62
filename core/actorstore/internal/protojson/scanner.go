// Package protojson reads and writes JSON as protojson spells it, byte by byte: what a document has that its reader does not
// know stays as it was spelled. It knows no document.
package protojson

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Scanner reads JSON text front to back without building values: strings without escapes are pieces of the text, and
// a listing of a million documents makes no maps. It accepts what RFC 8259 does, to a depth of Deepest. Its first error
// sticks; what is read after it is zero.
type Scanner struct {
	Text  string
	Pos   int   // of the next byte
	first bool  // the innermost container was entered and none of its elements read
	Err   error // the first
}

// Deepest is how deep documents may nest: as deep as Redis' own cjson reads them.
const Deepest = 1000

func (s *Scanner) Fail(want string) {
	if s.Err == nil {
		s.Err = fmt.Errorf("JSON at byte %d: expected %s", s.Pos, want)
	}
	s.Pos = len(s.Text)
}

// Peek skips white space and returns the next byte; 0 at the end.
func (s *Scanner) Peek() byte {
	for s.Pos < len(s.Text) {
		c := s.Text[s.Pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.Pos++
	}
	return 0
}

// Enter steps into an object or array; null, which protojson reads as absent, is passed and gives false.
func (s *Scanner) Enter(open byte) bool {
	switch s.Peek() {
	case open:
		s.Pos++
		s.first = true
		return true
	case 'n':
		s.literal("null")
	default:
		s.Fail(string(open))
	}
	return false
}

// More stands before the next element, or steps out of the container and returns false.
func (s *Scanner) More(end byte) bool {
	c := s.Peek()
	switch {
	case s.Err != nil:
		return false
	case c == end:
		s.Pos++
		s.first = false
		return false
	case s.first:
		s.first = false
	case c == ',':
		s.Pos++
		s.Peek()
	default:
		s.Fail("a comma or " + string(end))
		return false
	}
	return true
}

// Finish reports the first error, or what follows the document.
func (s *Scanner) Finish() error {
	if s.Peek(); s.Err == nil && s.Pos != len(s.Text) {
		s.Fail("the end of the document")
	}
	return s.Err
}

// Name reads a member's name and its colon. A lone surrogate in it stands for no text, and the member is an unknown one.
func (s *Scanner) Name() string {
	n, escaped := s.raw()
	if escaped {
		n, _ = unquote(n)
	}
	if s.Peek() != ':' {
		s.Fail("a colon")
		return ""
	}
	s.Pos++
	return n
}

// Str reads a string; null is the empty one.
func (s *Scanner) Str() string {
	if s.Peek() == 'n' {
		s.literal("null")
		return ""
	}
	return s.Quoted()
}

func (s *Scanner) Quoted() string {
	raw, escaped := s.raw()
	if !escaped {
		return raw
	}
	text, whole := unquote(raw)
	if !whole {
		s.Fail("paired surrogates")
		return ""
	}
	return text
}

// raw reads a string and returns it as it is spelled, without its quotes.
func (s *Scanner) raw() (text string, escaped bool) {
	if s.Peek() != '"' {
		s.Fail("a string")
		return "", false
	}
	from := s.Pos + 1
	for i := from; i < len(s.Text); i++ {
		c := s.Text[i]
		if c > '\\' || c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		if c == '"' {
			s.Pos = i + 1
			return s.Text[from:i], escaped
		}
		n := 0
		if c == '\\' {
			n = escape(s.Text[i:])
		}
		if n == 0 {
			s.Pos = i
			s.Fail("valid escapes and no raw control bytes")
			return "", false
		}
		escaped = true
		i += n - 1
	}
	s.Fail("the end of the string")
	return "", false
}

// escape is the length of the escape that text starts with; 0 when it is none.
func escape(text string) int {
	if len(text) >= 2 && strings.IndexByte(`"\/bfnrt`, text[1]) >= 0 {
		return 2
	}
	if len(text) >= 6 && text[1] == 'u' {
		if _, err := strconv.ParseUint(text[2:6], 16, 16); err == nil {
			return 6
		}
	}
	return 0
}

// unquote resolves the escapes of a string that raw accepted. A lone surrogate becomes U+FFFD, as in encoding/json: the text
// is not whole then.
func unquote(raw string) (text string, whole bool) {
	out := make([]byte, 0, len(raw))
	whole = true
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		if short := strings.IndexByte(`"\/bfnrt`, raw[i]); short >= 0 {
			out = append(out, "\"\\/\b\f\n\r\t"[short])
			continue
		}
		r := hex4(raw[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if strings.HasPrefix(raw[i+1:], `\u`) {
				pair = utf16.DecodeRune(r, hex4(raw[i+3:]))
			}
			if r = pair; r == utf8.RuneError {
				whole = false
			} else {
				i += 6
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out), whole
}

func hex4(text string) rune {
	n, _ := strconv.ParseUint(text[:4], 16, 16) // raw saw to it that these are hex digits
	return rune(n)
}

// Integer reads an int64 as protojson writes it, in quotes, or as a bare number.
func (s *Scanner) Integer() int64 {
	var text string
	switch s.Peek() {
	case 'n':
		s.literal("null")
		return 0
	case '"':
		text = s.Quoted()
	default:
		text = s.number()
	}
	digits := strings.TrimPrefix(text, "-")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || digits[0] == '+' || digits[0] == '0' && text != "0" {
		s.Fail("a 64-bit integer")
		return 0
	}
	return n
}

// Enum reads an enum's name or number. Numbers of names become the name, the zero of an enum becomes "", and what names
// does not know stays as it is: an unknown name, or an unknown number as its digits. It pins no piece of the document.
func (s *Scanner) Enum(names []string) string {
	var text string
	bare := false
	switch s.Peek() {
	case 'n':
		s.literal("null")
		return ""
	case '"':
		text = s.Quoted()
	default:
		bare = true
		text = s.number()
		if n, err := strconv.ParseInt(text, 10, 32); err == nil && n >= 0 && n < int64(len(names)) {
			text = names[n]
		}
	}
	for i, known := range names {
		if text == known {
			if i == 0 {
				return ""
			}
			return known
		}
	}
	if isNumber(text) != bare {
		s.Fail("an enum's name, or an unquoted number")
	}
	return strings.Clone(text)
}

// isNumber tells the digits of an unknown enum number from a name.
func isNumber(text string) bool {
	if text == "" || text[0] > '9' {
		return false
	}
	_, err := strconv.ParseInt(text, 10, 32)
	return err == nil
}

// Skip passes one value of any kind.
func (s *Scanner) Skip(depth int) {
	switch c := s.Peek(); c {
	case '{', '[':
		if depth == Deepest {
			s.Fail(fmt.Sprintf("at most %d levels", Deepest))
			return
		}
		end := c + 2 // the closing byte of both
		s.Enter(c)
		for s.More(end) {
			if c == '{' {
				s.Name()
			}
			s.Skip(depth + 1)
		}
	case '"':
		s.raw()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

// Value passes one value and returns it as it is spelled. depth is that of what it stands in.
func (s *Scanner) Value(depth int) string {
	s.Peek()
	from := s.Pos
	s.Skip(depth)
	if s.Err != nil {
		return ""
	}
	return s.Text[from:s.Pos]
}

// Unknown passes the value of a member that starts at from, and returns the members kept so far with this one.
func (s *Scanner) Unknown(kept string, from int) string {
	s.Skip(1)
	return s.Keep(kept, from)
}

// Keep adds the member from there to here to those kept so far.
func (s *Scanner) Keep(kept string, from int) string {
	if s.Err != nil {
		return kept
	}
	member := s.Text[from:s.Pos]
	if kept == "" {
		return member
	}
	return kept + "," + member
}

func (s *Scanner) literal(word string) {
	if !strings.HasPrefix(s.Text[s.Pos:], word) {
		s.Fail(word)
		return
	}
	s.Pos += len(word)
}

// number reads the text of a number.
func (s *Scanner) number() string {
	s.Peek()
	from, i := s.Pos, s.Pos
	digits := func() bool {
		start := i
		for i < len(s.Text) && s.Text[i] >= '0' && s.Text[i] <= '9' {
			i++
		}
		return i > start
	}
	at := func(set string) bool {
		if i < len(s.Text) && strings.IndexByte(set, s.Text[i]) >= 0 {
			i++
			return true
		}
		return false
	}
	at("-")
	ok := at("0") || digits()
	if ok && at(".") {
		ok = digits()
	}
	if ok && at("eE") {
		at("+-")
		ok = digits()
	}
	if !ok {
		s.Fail("a value")
		return "?" // no number
	}
	s.Pos = i
	return s.Text[from:i]
}
