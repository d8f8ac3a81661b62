package buffer

import (
	"context"
	"slices"
	"time"

	"holdfast/core/conn"
)

// PushOption is an option of one push.
type PushOption func(*push)

type push struct {
	id    string
	given bool
}

// WithID names the push, so that repeating it after an error of the way adds the record at most once, also when the
// buffer was prepared or emptied in between. The id alone counts, not the record that comes with it. It is remembered
// per store for OpWindow, as long as no more than OpLimit further ids and prepares come. A push without id costs nothing of this.
func WithID(id string) PushOption {
	return func(p *push) { p.id, p.given = id, true }
}

// Push appends one record to the live buffer of a store and returns what the buffer then holds. The record must be a
// JSON object in UTF-8 (ErrRecord); it is stored byte for byte. A lock does not stop pushes.
func (b *Buffer) Push(ctx context.Context, store string, record []byte, opts ...PushOption) (Stats, error) {
	const op = "buffer: push"
	base, err := b.base(op, store, 0)
	if err != nil {
		return Stats{}, err
	}
	var p push
	for _, o := range opts {
		o(&p)
	}
	if p.given && (p.id == "" || len(p.id) > maxID) {
		return Stats{}, conn.Fail(op, base, ErrID)
	}
	names, err := memberNames(record)
	if err != nil {
		return Stats{}, conn.Fail(op, base, err)
	}
	args := make([]any, 0, 2+len(names))
	args = append(args, record, p.id)
	for _, n := range names {
		args = append(args, n)
	}
	touched := []string{base + list, base + keys, base + size, base + ts}
	if p.given {
		touched = append(touched, base+ops)
	}
	reply, err := pushScript.Run(ctx, b.c, touched, args...).Slice()
	if err != nil {
		return Stats{}, fail(op, base, err)
	}
	s := Stats{Repeated: reply[0] == int64(1)}
	if s.Repeated {
		names = nil
	}
	s.Keys = sorted(append(names, texts(reply[4])...))
	s.Count, _ = reply[1].(int64)
	if s.Bytes, err = integer(reply[2]); err != nil {
		return Stats{}, fail(op, base, err)
	}
	if first, err := integer(reply[3]); err != nil {
		return Stats{}, fail(op, base, err)
	} else if s.Count > 0 {
		s.FirstWrite = time.UnixMilli(first).UTC()
	}
	return s, nil
}

// integer reads a number of a script's reply, which is text where the script passed on what a key holds.
func integer(reply any) (int64, error) {
	if n, ok := reply.(int64); ok {
		return n, nil
	}
	text, _ := reply.(string)
	return number(text)
}

// sorted puts names into order and drops repetitions.
func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// texts reads an array of strings out of a script's reply.
func texts(reply any) []string {
	values, _ := reply.([]any)
	out := make([]string, len(values))
	for i, v := range values {
		out[i], _ = v.(string)
	}
	return out
}
