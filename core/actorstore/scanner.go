package actorstore

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON text front to back without building values: strings without escapes are pieces of the text, and
// a listing of a million documents makes no maps. It accepts what RFC 8259 does, to a depth of deepest. Its first error
// sticks; what is read after it is zero.
type scanner struct {
	text  string
	pos   int
	first bool // the innermost container was entered and none of its elements read
	err   error
}

// deepest is how deep documents may nest: as deep as Redis' own cjson reads them.
const deepest = 1000

func (s *scanner) fail(want string) {
	if s.err == nil {
		s.err = fmt.Errorf("JSON at byte %d: expected %s", s.pos, want)
	}
	s.pos = len(s.text)
}

// peek skips white space and returns the next byte; 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.pos++
	}
	return 0
}

// enter steps into an object or array; null, which protojson reads as absent, is passed and gives false.
func (s *scanner) enter(open byte) bool {
	switch s.peek() {
	case open:
		s.pos++
		s.first = true
		return true
	case 'n':
		s.literal("null")
	default:
		s.fail(string(open))
	}
	return false
}

// more stands before the next element, or steps out of the container and returns false.
func (s *scanner) more(end byte) bool {
	c := s.peek()
	switch {
	case s.err != nil:
		return false
	case c == end:
		s.pos++
		s.first = false
		return false
	case s.first:
		s.first = false
	case c == ',':
		s.pos++
		s.peek()
	default:
		s.fail("a comma or " + string(end))
		return false
	}
	return true
}

// finish reports the first error, or what follows the document.
func (s *scanner) finish() error {
	if s.peek(); s.err == nil && s.pos != len(s.text) {
		s.fail("the end of the document")
	}
	return s.err
}

// name reads a member's name and its colon. A lone surrogate in it stands for no text, and the member is an unknown one.
func (s *scanner) name() string {
	n, escaped := s.raw()
	if escaped {
		n, _ = unquote(n)
	}
	if s.peek() != ':' {
		s.fail("a colon")
		return ""
	}
	s.pos++
	return n
}

// str reads a string; null is the empty one.
func (s *scanner) str() string {
	if s.peek() == 'n' {
		s.literal("null")
		return ""
	}
	return s.quoted()
}

func (s *scanner) quoted() string {
	raw, escaped := s.raw()
	if !escaped {
		return raw
	}
	text, whole := unquote(raw)
	if !whole {
		s.fail("paired surrogates")
		return ""
	}
	return text
}

// raw reads a string and returns it as it is spelled, without its quotes.
func (s *scanner) raw() (text string, escaped bool) {
	if s.peek() != '"' {
		s.fail("a string")
		return "", false
	}
	from := s.pos + 1
	for i := from; i < len(s.text); i++ {
		c := s.text[i]
		if c > '\\' || c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		if c == '"' {
			s.pos = i + 1
			return s.text[from:i], escaped
		}
		n := 0
		if c == '\\' {
			n = escape(s.text[i:])
		}
		if n == 0 {
			s.pos = i
			s.fail("valid escapes and no raw control bytes")
			return "", false
		}
		escaped = true
		i += n - 1
	}
	s.fail("the end of the string")
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

// integer reads an int64 as protojson writes it, in quotes, or as a bare number.
func (s *scanner) integer() int64 {
	var text string
	switch s.peek() {
	case 'n':
		s.literal("null")
		return 0
	case '"':
		text = s.quoted()
	default:
		text = s.number()
	}
	digits := strings.TrimPrefix(text, "-")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || digits[0] == '+' || digits[0] == '0' && text != "0" {
		s.fail("a 64-bit integer")
		return 0
	}
	return n
}

// enum reads an enum's name or number. Numbers of names become the name, the zero of an enum becomes "", and what names
// does not know stays as it is: an unknown name, or an unknown number as its digits. It pins no piece of the document.
func (s *scanner) enum(names []string) string {
	var text string
	bare := false
	switch s.peek() {
	case 'n':
		s.literal("null")
		return ""
	case '"':
		text = s.quoted()
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
		s.fail("an enum's name, or an unquoted number")
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

// skip passes one value of any kind.
func (s *scanner) skip(depth int) {
	switch c := s.peek(); c {
	case '{', '[':
		if depth == deepest {
			s.fail(fmt.Sprintf("at most %d levels", deepest))
			return
		}
		end := c + 2 // the closing byte of both
		s.enter(c)
		for s.more(end) {
			if c == '{' {
				s.name()
			}
			s.skip(depth + 1)
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

// value passes one value and returns it as it is spelled. depth is that of what it stands in.
func (s *scanner) value(depth int) string {
	s.peek()
	from := s.pos
	s.skip(depth)
	if s.err != nil {
		return ""
	}
	return s.text[from:s.pos]
}

// unknown passes the value of a member that starts at from, and returns the members kept so far with this one.
func (s *scanner) unknown(kept string, from int) string {
	s.skip(1)
	return s.keep(kept, from)
}

// keep adds the member from there to here to those kept so far.
func (s *scanner) keep(kept string, from int) string {
	if s.err != nil {
		return kept
	}
	member := s.text[from:s.pos]
	if kept == "" {
		return member
	}
	return kept + "," + member
}

func (s *scanner) literal(word string) {
	if !strings.HasPrefix(s.text[s.pos:], word) {
		s.fail(word)
		return
	}
	s.pos += len(word)
}

// number reads the text of a number.
func (s *scanner) number() string {
	s.peek()
	from, i := s.pos, s.pos
	digits := func() bool {
		start := i
		for i < len(s.text) && s.text[i] >= '0' && s.text[i] <= '9' {
			i++
		}
		return i > start
	}
	at := func(set string) bool {
		if i < len(s.text) && strings.IndexByte(set, s.text[i]) >= 0 {
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
		s.fail("a value")
		return "?" // no number
	}
	s.pos = i
	return s.text[from:i]
}
