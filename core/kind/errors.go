package kind

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// A packed error is: a head, an unsigned varint of the bits below; of an operation its name and its key; the text; and
// of a reply of the server where it begins in the text, and its length.
const (
	errOp         = 1 << 0 // a *conn.OpError
	errTransport  = 1 << 1
	errReply      = 1 << 2
	firstSentinel = 3 // of those of the schema that the error matches
)

// packError packs an error. The text of one that many rows repeat is a word.
func (s *Schema) packError(out []byte, err error, repeats bool) []byte {
	var head uint64
	for i, sentinel := range s.sentinels {
		if errors.Is(err, sentinel) {
			head |= 1 << (firstSentinel + i)
		}
	}
	op, isOp := err.(*conn.OpError)
	cause := err
	if isOp {
		head |= errOp
		cause = op.Err
	}
	text := cause.Error()
	answer, isReply := errors.AsType[redis.Error](cause)
	at := 0
	switch {
	case isReply:
		if at = strings.LastIndex(text, answer.Error()); at >= 0 {
			head |= errReply
		}
	case conn.Unreachable(cause):
		head |= errTransport
	}
	out = binary.AppendUvarint(out, head)
	if isOp {
		out = s.words.append(out, op.Op)
		out = appendText(out, op.Key)
	}
	if repeats {
		out = s.words.append(out, text)
	} else {
		out = appendText(append(out, 0), text)
	}
	if head&errReply != 0 {
		out = binary.AppendUvarint(out, uint64(at))
		out = binary.AppendUvarint(out, uint64(len(answer.Error())))
	}
	return out
}

func (s *Schema) unpackError(raw string) error {
	head, rest := uvarint(raw)
	var op, key string
	if head&errOp != 0 {
		op, rest = s.words.cut(rest)
		key, rest = cutText(rest)
	}
	e := &rowError{schema: s, head: head}
	e.text, rest = s.words.cut(rest)
	if head&errReply != 0 {
		at, rest := uvarint(rest)
		n, _ := uvarint(rest)
		e.reply = reply(e.text[at : at+n])
	}
	if head&errOp != 0 {
		return &conn.OpError{Op: op, Key: key, Err: e}
	}
	return e
}

// rowError is an error that was packed.
type rowError struct {
	schema *Schema
	head   uint64
	text   string
	reply  reply // that stands in text
}

func (e *rowError) Error() string { return e.text }

// Is matches what the error matched before it was packed: sentinels of the schema and what these match, and a transport
// error.
func (e *rowError) Is(target error) bool {
	if e.head&errTransport != 0 && target == conn.ErrUnreachable {
		return true
	}
	for i, sentinel := range e.schema.sentinels {
		if e.head>>(firstSentinel+i)&1 != 0 && errors.Is(sentinel, target) {
			return true
		}
	}
	return false
}

// As makes a reply of the server one again.
func (e *rowError) As(target any) bool {
	if into, ok := target.(*redis.Error); ok && e.head&errReply != 0 {
		*into = e.reply
		return true
	}
	return false
}

// reply is what a server answered instead of a value.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}
