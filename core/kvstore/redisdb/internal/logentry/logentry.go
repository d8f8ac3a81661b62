// Package logentry reads and writes the entries of a database's log, in the form that write.lua documents: a stream whose
// entries have one field.
package logentry

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
)

// ErrMalformed: the log holds something else.
var ErrMalformed = errors.New("not written by this package")

// Entry is the memory of a change with one effect, as most have: a page of the log is one piece of it.
type Entry struct {
	kvstore.ChangeRecord
	first kvstore.TrxnRecord
	list  [1]*kvstore.TrxnRecord
}

// refusal is an error that stands in a raw reply.
type refusal string

func (r refusal) Error() string { return string(r) }

// RedisError is redis.Error: the server has answered.
func (refusal) RedisError() {}

// FromRaw reads the entries that XRANGE gives as a raw reply: go-redis makes a dozen pieces of memory of each entry, and
// here keys and values are parts of the reply.
func FromRaw(raw []byte) ([]Entry, error) {
	if text, refused := bytes.CutPrefix(raw, []byte("-")); refused {
		return nil, refusal(bytes.TrimSpace(text))
	}
	r := &reply{raw}
	n, ok := r.head('*')
	if !ok {
		return nil, fmt.Errorf("%w: the log answers %.40q", ErrMalformed, raw)
	}
	made := make([]Entry, n)
	for i := range made {
		if err := made[i].read(r); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// read reads an entry: its id, and its one field.
func (c *Entry) read(r *reply) error {
	two, _ := r.head('*')
	id, _ := r.text()
	fields, _ := r.head('*')
	name, _ := r.text()
	text, ok := r.text()
	if !ok || two != 2 || fields != 2 || string(name) != "c" {
		return fmt.Errorf("%w: the log has an entry %q with other fields", ErrMalformed, id)
	}
	return c.Parse(id, text)
}

// FromMessages reads what XRANGE and XREVRANGE give as go-redis understands it.
func FromMessages(said []redis.XMessage) ([]Entry, error) {
	made := make([]Entry, len(said))
	for i, m := range said {
		text, ok := m.Values["c"].(string)
		if !ok || len(m.Values) != 1 {
			return nil, fmt.Errorf("%w: the log has an entry %q with other fields", ErrMalformed, m.ID)
		}
		if err := made[i].Parse([]byte(m.ID), []byte(text)); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// Parse takes an entry apart, as write.lua documents it.
func (c *Entry) Parse(id, text []byte) error {
	n, digits := decimal(id)
	if digits == 0 || string(id[digits:]) != "-0" {
		return fmt.Errorf("%w: the log has an entry %q", ErrMalformed, id)
	}
	c.ChangeNumber, c.Trxns = n, c.list[:0]
	for len(text) > 0 {
		e := &c.first
		if len(c.Trxns) > 0 {
			e = &kvstore.TrxnRecord{}
		}
		size := effect(e, text)
		if size == 0 {
			return fmt.Errorf("%w: the log's entry %q", ErrMalformed, id)
		}
		c.Trxns = append(c.Trxns, e)
		text = text[size:]
	}
	return nil
}

// effect reads the effect at the beginning of text, whose memory it shares, and returns its length; 0 if there is none.
func effect(e *kvstore.TrxnRecord, text []byte) (size int) {
	switch text[0] {
	case 'p':
		e.Type = kvstore.TrxnPut
	case 'd':
		e.Type = kvstore.TrxnDelete
	default:
		return 0
	}
	var numbers [3]uint64 // expiry, length of the key, length of the value
	at := 1
	for i := range numbers {
		n, digits := decimal(text[at:])
		at += digits + 1
		if digits == 0 || at > len(text) || text[at-1] != ' ' {
			return 0
		}
		numbers[i] = n
	}
	left := uint64(len(text) - at)
	if numbers[1] > left || numbers[2] > left-numbers[1] {
		return 0
	}
	value := at + int(numbers[1])
	size = value + int(numbers[2])
	e.ExpireTS, e.Key = numbers[0], text[at:value:value]
	if e.Type == kvstore.TrxnPut {
		e.Value = text[value:size:size]
	}
	return size
}

// decimal reads the number at the beginning of text and tells its digits; 0 if there are none, or too many.
func decimal(text []byte) (n uint64, digits int) {
	for digits < len(text) && '0' <= text[digits] && text[digits] <= '9' {
		n = 10*n + uint64(text[digits]-'0')
		digits++
	}
	if digits > 19 {
		return 0, 0
	}
	return n, digits
}

// reply is what is left to read of a raw reply. After the first part that is not as asked for, nothing is.
type reply struct{ rest []byte }

// head reads a line: the kind of what follows and its length, which is at most what is left.
func (r *reply) head(kind byte) (n int, ok bool) {
	if len(r.rest) > 0 && r.rest[0] == kind {
		long, digits := decimal(r.rest[1:])
		line := 1 + digits
		if digits > 0 && len(r.rest) >= line+2 && long <= uint64(len(r.rest)-line-2) {
			r.rest = r.rest[line+2:]
			return int(long), true
		}
	}
	r.rest = nil
	return 0, false
}

func (r *reply) text() (text []byte, ok bool) {
	n, ok := r.head('$')
	if !ok || len(r.rest) < n+2 {
		r.rest = nil
		return nil, false
	}
	text, r.rest = r.rest[:n:n], r.rest[n+2:]
	return text, true
}

// Head is what the record of an effect has before its key and its value, see write.lua.
func Head(kind byte, ts uint64, key, value []byte) string {
	b := strconv.AppendUint(append(make([]byte, 0, 48), kind), ts, 10)
	b = strconv.AppendInt(append(b, ' '), int64(len(key)), 10)
	b = strconv.AppendInt(append(b, ' '), int64(len(value)), 10)
	return string(append(b, ' '))
}
