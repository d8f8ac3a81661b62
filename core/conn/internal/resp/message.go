package resp

import (
	"fmt"
	"strings"
)

// message is what is being pushed to a subscriber. The client library takes the shape of it for granted, and would panic.
type message struct {
	parts []part // of the one that is coming
	size  int64  // how many it has; 0: none is coming
	word  bool   // the bytes that come now are kept in the last part
}

type part struct {
	mark byte // the sign it began with
	null bool
	text []byte // up to maxWord
}

// next looks at the beginning of an answer or of a part, and notes those that belong to a message.
func (m *message) next(r *Replies, body []byte) error {
	m.word = false
	switch {
	case !r.subscribed.Load():
	case len(r.open) == 0 && strings.IndexByte("*>", body[0]) >= 0:
		n, err := announced(body, 4)
		if err != nil || n < 2 {
			return m.bad()
		}
		*m = message{size: n}
	case m.size > 0 && len(r.open) == 1:
		null := strings.IndexByte("$*_", body[0]) >= 0 && (body[0] == '_' || string(body[1:]) == "-1")
		m.parts = append(m.parts, part{mark: body[0], null: null})
		m.word = body[0] == '$' && !null
	case m.size > 0 && len(r.open) == 2 && (body[0] != '$' || string(body[1:]) == "-1"):
		return m.bad() // the names of changed keys
	case m.size > 0 && len(r.open) > 2:
		return m.bad()
	}
	return nil
}

func (m *message) keep(b []byte) {
	if m.word {
		p := &m.parts[len(m.parts)-1]
		p.text = append(p.text, b[:min(len(b), maxWord-len(p.text))]...)
	}
}

// complete looks at a message that has come whole.
func (m *message) complete() error {
	if m.size == 0 {
		return nil
	}
	parts, shape := m.parts, ""
	for _, p := range parts {
		switch {
		case p.null:
			shape += "0"
		default:
			shape += string(p.mark)
		}
	}
	kind := strings.TrimRight(string(parts[0].text), "\r\n")
	m.size, m.parts, m.word = 0, nil, false
	ok := false
	switch kind {
	case "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe":
		ok = shape == "$$:" || shape == "$0:"
	case "message", "smessage":
		ok = shape == "$$$" || shape == "$$*" || shape == "$$0"
		if ok && strings.TrimRight(string(parts[1].text), "\r\n") == "+switch-master" { // of a sentinel
			ok = len(strings.Split(string(parts[2].text), " ")) >= 5
		}
	case "pmessage":
		ok = shape == "$$$$"
	case "pong":
		ok = shape == "$$"
	default: // another push, which the client library refuses by itself
		ok = shape[0] == '$'
	}
	if !ok {
		return m.bad()
	}
	return nil
}

func (m *message) bad() error {
	return fmt.Errorf("%w: it sends a message of another shape", ErrNotRedis)
}
