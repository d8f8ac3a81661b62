package layout

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast/core/conn"
)

// template is the form of a key, such as "rq:worker:{name}": literals and named parts in turn. A part holds one character or
// more, but not its separator: the character that follows it or, at the end of the key, the one before it. {name...} holds
// anything, the shortest that fits, and {name!.} anything without a ".". Braces that belong to the key are doubled: "asynq:{{{queue}}}:pending".
type template struct {
	text   string
	pieces []piece
	names  []string // of the parts, in their order
	except []string // keys that are none of it
}

// piece is a literal, or a part with a name.
type piece struct {
	literal, part string
	open          bool // {part...}
	without       byte // of {part!c}
	stop          int  // of a part: the character that it does not hold; below 0: it holds any
}

var (
	errBrace    = errors.New("a brace that is not closed; braces that belong to the key are written {{ and }}")
	errNoPart   = errors.New("a part needs a name, such as {name}")
	errPartName = errors.New("the name of a part has letters, digits, - and _ only")
	errWithout  = errors.New("one character follows the !, such as {name!:}")
	errAdjacent = errors.New("two parts with nothing between them cannot be told apart")
	errTwice    = errors.New("two parts of one name")
	errNoKey    = errors.New("an empty key")
)

func parseTemplate(text string) (*template, error) {
	t := &template{text: text}
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t.pieces = append(t.pieces, piece{literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case (c == '{' || c == '}') && strings.HasPrefix(text[i+1:], string(c)):
			literal.WriteByte(c)
			i++
		case c == '}':
			return nil, errBrace
		case c == '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return nil, errBrace
			}
			p := piece{part: text[i+1 : i+end]}
			if name, without, has := strings.Cut(p.part, "!"); has {
				if len(without) != 1 {
					return nil, fmt.Errorf("%w: {%s}", errWithout, p.part)
				}
				p.part, p.without, p.open = name, without[0], true
			} else {
				p.part, p.open = strings.CutSuffix(p.part, "...")
			}
			if err := checkPart(p.part); err != nil {
				return nil, err
			}
			flush()
			if n := len(t.pieces); n > 0 && t.pieces[n-1].part != "" {
				return nil, errAdjacent
			}
			if slices.Contains(t.parts(), p.part) {
				return nil, fmt.Errorf("%w: {%s}", errTwice, p.part)
			}
			t.pieces = append(t.pieces, p)
			i += end
		default:
			literal.WriteByte(c)
		}
	}
	if flush(); len(t.pieces) == 0 {
		return nil, errNoKey
	}
	t.names = t.parts()
	for i := range t.pieces {
		switch p := &t.pieces[i]; {
		case p.without != 0:
			p.stop = int(p.without)
		case p.part == "" || p.open || len(t.pieces) == 1:
			p.stop = -1
		case i+1 < len(t.pieces):
			p.stop = int(t.pieces[i+1].literal[0])
		default:
			before := t.pieces[i-1].literal
			p.stop = int(before[len(before)-1])
		}
	}
	return t, nil
}

// CheckKey says what is wrong with a key template.
func CheckKey(text string) error {
	_, err := parseTemplate(text)
	return err
}

func checkPart(name string) error {
	if name == "" {
		return errNoPart
	}
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return fmt.Errorf("%w: {%s}", errPartName, name)
		}
	}
	return nil
}

// parts are the names of the parts, in their order.
func (t *template) parts() []string {
	var out []string
	for _, p := range t.pieces {
		if p.part != "" {
			out = append(out, p.part)
		}
	}
	return out
}

// prefix is the literal that all keys begin with.
func (t *template) prefix() string { return t.pieces[0].literal }

// glob is the SCAN pattern of the keys. It lets some pass that match does not.
func (t *template) glob() string {
	var out strings.Builder
	for _, p := range t.pieces {
		if p.part != "" {
			out.WriteString("?*")
		} else {
			out.WriteString(conn.EscapeGlob(p.literal))
		}
	}
	return out.String()
}

// match takes a key apart: the values of the parts in their order. It does not go back: a part ends where the literal behind
// it is met first.
func (t *template) match(key string) (values []string, ok bool) {
	if !strings.HasPrefix(key, t.prefix()) || slices.Contains(t.except, key) {
		return nil, false
	}
	rest := key
	for i, p := range t.pieces {
		if p.part == "" {
			if rest, ok = strings.CutPrefix(rest, p.literal); !ok {
				return nil, false
			}
			continue
		}
		end := len(rest)
		if last := i == len(t.pieces)-1; !last {
			stop := t.pieces[i+1].literal
			switch {
			case i == len(t.pieces)-2: // what ends the key decides
				if !strings.HasSuffix(rest, stop) {
					return nil, false
				}
				end = len(rest) - len(stop)
			case len(rest) == 0:
				return nil, false
			default:
				at := strings.Index(rest[1:], stop)
				if at < 0 {
					return nil, false
				}
				end = at + 1
			}
		}
		if end == 0 || p.stop >= 0 && strings.IndexByte(rest[:end], byte(p.stop)) >= 0 {
			return nil, false
		}
		values, rest = append(values, rest[:end]), rest[end:]
	}
	return values, rest == ""
}

// fill makes a key of the values of its parts; ok is false if one is missing or empty.
func (t *template) fill(value func(part string) (string, bool)) (key string, ok bool) {
	var out strings.Builder
	for _, p := range t.pieces {
		if p.part == "" {
			out.WriteString(p.literal)
			continue
		}
		v, known := value(p.part)
		if !known || v == "" {
			return "", false
		}
		out.WriteString(v)
	}
	return out.String(), true
}
