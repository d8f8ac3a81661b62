package buffer

import (
	"context"
	"slices"

	"holdfast/core/conn"
)

// PushOption is an option of one push.
type PushOption func(*push)

type push struct {
	id    string
	given bool
}

// WithID names the push, so that repeating it after a transport error adds the record at most once, even if the buffer
// was prepared or emptied in between. Only the id counts, not the record that comes with it. It is remembered per store
// for OpWindow, but not beyond OpLimit further ids and prepares. A push without an id costs none of this.
func WithID(id string) PushOption {
	return func(p *push) { p.id, p.given = id, true }
}

// Push appends one record to the live buffer of a store and returns what the buffer then holds. The record must be a
// JSON object in UTF-8 (ErrRecord); it is stored byte for byte. A lock does not stop pushes. The cost of a push does
// not grow with the buffer: beyond KeysListed, member names are counted, not listed.
func (b *Buffer) Push(ctx context.Context, store string, record []byte, opts ...PushOption) (Stats, error) {
	const op = "buffer: push"
	base, err := b.base(ctx, op, store, 0)
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
	names = sorted(names)
	args := make([]any, 0, 3+len(names))
	args = append(args, record, p.id, KeysListed)
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
	repeated := reply[0] == int64(1)
	if repeated {
		names = nil
	}
	s, err := stats(reply[1:], names)
	s.Repeated = repeated
	return s, fail(op, base, err)
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
