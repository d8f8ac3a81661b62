// Package resp says what an answer of a Redis server may be, before the client library makes room for it or takes its
// shape for granted.
package resp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// Answered tells a reply of the server (also "no such key") from a failure to get one.
func Answered(err error) bool {
	_, replied := errors.AsType[redis.Error](err)
	return replied
}

// ErrNotRedis marks an answer that no Redis gives to what was asked. The connection is closed.
var ErrNotRedis = errors.New("this is not an answer of a Redis server")

// ErrTooMuch marks a page of elements that is larger than it may be. The connection is closed; a smaller page may do.
var ErrTooMuch = errors.New("elements too large to be read at once")

// limits are what an answer may announce. The client library makes room for what is announced before it comes: for each
// byte of a text, 16 bytes for each item of an array, about 40 for each pair of a map.
type limits struct {
	text  int64 // bytes of one text
	items int64 // of all arrays and sets that are open
	pairs int64 // of one map
	all   int64 // bytes of all texts of one answer, of which ErrTooMuch tells; 0: any
}

var (
	ofGreeting = limits{text: 1 << 20, items: 1 << 16, pairs: 1 << 10} // what a connection or its user asks of the server
	ofKeys     = limits{text: 16 << 20, items: 1 << 20, pairs: 1 << 17}
	ofElements = limits{text: MaxElements, items: 1 << 20, pairs: 1 << 17, all: MaxElements} // of a hash or a set
	ofValues   = limits{text: 512 << 20, items: 1 << 22, pairs: 1 << 20}                     // a text of Redis is no longer
)

// MaxElements is how many bytes a page of elements has at most: their number alone bounds nothing.
const MaxElements = 16 << 20

const (
	maxLine  = 64 << 10 // bytes of an error, or of another answer on one line
	maxDepth = 32       // arrays within arrays: the client library reads them by recursion
	maxWord  = 4 << 10  // bytes that are kept of a pushed message, to look at it
)

// Replies reads along the answers of one connection and refuses what announces too much, before the client library sees
// it. What is pushed to a subscriber must have the shape of a message, which the client library takes for granted.
type Replies struct {
	NoHello    bool                   // the server is not to be asked for one
	limit      atomic.Pointer[limits] // of what was asked last
	texts      atomic.Int64           // bytes of them, of this answer
	subscribed atomic.Bool
	pair       atomic.Bool // two items were asked for, which the client library takes for granted

	line  []byte // begun, and not yet ended
	words bool   // the text that comes is an error
	text  int64  // bytes of a text that are still to come, its line end among them
	open  []aggregate
	items int64 // announced by what is open
	push  message
}

// aggregate is an array, a set, a map or an attribute that has begun.
type aggregate struct {
	left, items int64
	attribute   bool // which comes before an answer and is none
}

// Asked takes note of a command that is being sent. Of several at once, or of a long one, anything may come.
func (r *Replies) Asked(b []byte) {
	limit := &ofValues
	name, second := LoneCommand(b)
	r.pair.Store(name == "sentinel" && second == "get-master-addr-by-name")
	switch name {
	case "hello", "auth", "client", "ping", "select", "info", "time", "cluster", "command", "sentinel", "role", "readonly":
		limit = &ofGreeting
	case "subscribe", "psubscribe", "ssubscribe":
		r.subscribed.Store(true)
		limit = &ofKeys
	case "scan":
		limit = &ofKeys
	case "hscan", "sscan", "zscan":
		limit = &ofElements
	}
	if r.subscribed.Load() {
		limit = &ofKeys
	}
	r.limit.Store(limit)
	r.texts.Store(0)
}

// LoneCommand is the first two words of a command if b is that one whole command, and short.
func LoneCommand(b []byte) (name, second string) {
	if len(b) > 1024 || len(b) == 0 || b[0] != '*' {
		return "", ""
	}
	head, rest, _ := bytes.Cut(b[1:], []byte("\r\n"))
	words, err := strconv.Atoi(string(head))
	if err != nil {
		return "", ""
	}
	for i := range words {
		head, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		if len(head) < 2 || head[0] != '$' {
			return "", ""
		}
		size, err := strconv.Atoi(string(head[1:]))
		if err != nil || size < 0 || len(rest) < size+2 {
			return "", ""
		}
		switch word := string(rest[:size]); i {
		case 0:
			name = strings.ToLower(word)
		case 1:
			second = strings.ToLower(word)
		}
		rest = rest[size+2:]
	}
	if len(rest) > 0 {
		return "", ""
	}
	return name, second
}

// Read looks at bytes that have come, before they are handed on.
func (r *Replies) Read(b []byte) error {
	for len(b) > 0 {
		if r.text > 0 {
			n := min(r.text, int64(len(b)))
			if r.words {
				plain(b[:n])
			}
			r.push.keep(b[:n])
			b = b[n:]
			if r.text -= n; r.text == 0 {
				if err := r.ended(); err != nil {
					return err
				}
			}
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			end = len(b) - 1
		}
		line := b[:end+1]
		b = b[end+1:]
		mark := line[0]
		if len(r.line) > 0 {
			mark = r.line[0]
		}
		if mark == '+' || mark == '-' {
			plain(line)
		}
		if len(r.line)+len(line) > maxLine {
			return fmt.Errorf("%w: a line of more than %d bytes", ErrNotRedis, maxLine)
		}
		if line[end] != '\n' || len(r.line) > 0 {
			r.line = append(r.line, line...)
			if line[end] != '\n' {
				return nil
			}
			line = r.line
		}
		err := r.begun(line)
		r.line = r.line[:0]
		if err != nil {
			return err
		}
	}
	return nil
}

// begun looks at the first line of an answer, or of a part of one.
func (r *Replies) begun(line []byte) error {
	body, whole := bytes.CutSuffix(line, []byte("\r\n"))
	if !whole || len(body) == 0 {
		return notRedis(line)
	}
	if err := r.push.next(r, body); err != nil {
		return err
	}
	limit := r.limit.Load()
	if limit == nil {
		limit = &ofGreeting
	}
	switch body[0] {
	case '+', '-', ':', ',', '#', '_', '(':
		return r.ended()
	case '$', '=', '!':
		n, err := announced(body, limit.text)
		if all := r.texts.Add(max(n, 0)); limit.all > 0 && (all > limit.all || tooMuch(body, limit.all)) {
			return ErrTooMuch
		}
		switch {
		case err != nil:
			return err
		case n < 0: // none
			return r.ended()
		}
		r.text, r.words = n+2, body[0] == '!'
		return nil
	case '*', '~', '>':
		n, err := announced(body, limit.items-r.items)
		if err != nil {
			return err
		}
		if r.pair.Load() && len(r.open) == 0 && n != 2 && n != -1 {
			return notRedis(line)
		}
		return r.opened(aggregate{left: n, items: n})
	case '%', '|':
		n, err := announced(body, min(limit.pairs, (limit.items-r.items)/2))
		if err != nil {
			return err
		}
		return r.opened(aggregate{left: 2 * n, items: 2 * n, attribute: body[0] == '|'})
	}
	return notRedis(line)
}

func (r *Replies) opened(a aggregate) error {
	if a.left <= 0 { // empty, or none
		if a.attribute {
			return nil
		}
		return r.ended()
	}
	if len(r.open) == maxDepth {
		return fmt.Errorf("%w: arrays within arrays, %d deep", ErrNotRedis, maxDepth+1)
	}
	r.open = append(r.open, a)
	r.items += a.items
	return nil
}

// ended closes what is complete now.
func (r *Replies) ended() error {
	for len(r.open) > 0 {
		last := &r.open[len(r.open)-1]
		if last.left--; last.left > 0 {
			return nil
		}
		attribute := last.attribute
		r.items -= last.items
		if r.open = r.open[:len(r.open)-1]; attribute {
			return nil
		}
	}
	return r.push.complete()
}

// tooMuch tells whether a line announces more than that, though no more than a server could have.
func tooMuch(body []byte, most int64) bool {
	n, err := announced(body, ofValues.text)
	return err == nil && n > most
}

// announced is the length that a line announces, -1 for none.
func announced(body []byte, most int64) (int64, error) {
	n, err := strconv.ParseInt(string(body[1:]), 10, 64)
	if err != nil || n < -1 {
		return 0, notRedis(body)
	}
	if n > most {
		what := "an array or map of"
		if strings.IndexByte("$=!", body[0]) >= 0 {
			what = "a text of"
		}
		return 0, fmt.Errorf("%w: it announces %s %d, above the limit of %d", ErrNotRedis, what, n, max(most, 0))
	}
	return n, nil
}

// plain takes what could control a terminal out of the server's own words: its errors and statuses, such as a TYPE. They
// come into errors and onto the screen in many ways, and hold no data.
func plain(b []byte) {
	for i, c := range b {
		if (c < ' ' || c > '~') && c != '\r' && c != '\n' {
			b[i] = '?'
		}
	}
}

func notRedis(line []byte) error {
	return fmt.Errorf("%w: it says %.60q", ErrNotRedis, strings.TrimRight(string(line[:min(len(line), 80)]), "\r\n"))
}
