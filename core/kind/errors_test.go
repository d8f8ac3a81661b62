package kind_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// reply is an error that the server answered.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// A packed error answers as before to whoever asks what it is.
func TestErrorsAnswerAsBeforeTheyWerePacked(t *testing.T) {
	held := conn.Precondition("lock held")
	gone := fmt.Errorf("%w: gone", held) // a sentinel that matches another
	s := kind.NewSchema(errBroken, conn.ErrTooLarge, gone)
	n := s.Int("n")
	for _, err := range []error{
		errors.New("odd"),
		errors.New(""),
		errors.New("with \x00 and \xff"),
		errBroken,
		fmt.Errorf("%w: 7 of 9 bytes", errBroken),
		errors.Join(errBroken, conn.ErrTooLarge),
		fmt.Errorf("twice: %w", gone),
		errLong, // no sentinel of the schema
		reply("WRONGTYPE Operation against a key holding the wrong kind of value"),
		reply("NOPERM no right"),
		reply("ERR unknown command"),
		reply("LOADING Redis is loading"),
		reply("BUSY a script"),
		reply("NOAUTH who"),
		fmt.Errorf("NOPERM? %w, and more", reply("NOPERM no right")),
		fmt.Errorf("%w: %w", errBroken, reply("NOPERM no right")),
		fmt.Errorf("asked: %w", redis.Nil),
		io.EOF,
		context.DeadlineExceeded,
		&net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset")},
		fmt.Errorf("%w: no route", conn.ErrUnreachable),
		context.Canceled,
	} {
		for _, err := range []error{err, conn.Fail("kind: read", "key\x00", err), conn.Fail("kind: read", "", err)} {
			r := s.One("id", func(b *kind.Builder) { b.Bad(err); n.Unknown(b, err) })
			b := s.Builder(1)
			b.Copy(r)
			for what, got := range map[string]error{"problem": r.Problem(), "unknown": n.Err(r), "copied": n.Err(b.Rows()[0])} {
				if got.Error() != err.Error() {
					t.Errorf("%s: %q, want %q", what, got, err)
				}
				for _, sentinel := range []error{errBroken, conn.ErrTooLarge, gone, held, conn.ErrPrecondition} {
					if errors.Is(got, sentinel) != errors.Is(err, sentinel) {
						t.Errorf("%s: %q is %q: %v", what, err, sentinel, errors.Is(got, sentinel))
					}
				}
				if errors.Is(got, errLong) {
					t.Errorf("%s: %q matches what is no sentinel of the schema", what, err)
				}
				if conn.Refused(got) != conn.Refused(err) || conn.NoAnswer(got) != conn.NoAnswer(err) || conn.Unreachable(got) != conn.Unreachable(err) {
					t.Errorf("%s: %q refused %v, no answer %v, unreachable %v", what, err, conn.Refused(got), conn.NoAnswer(got), conn.Unreachable(got))
				}
				a, isA := errors.AsType[redis.Error](got)
				b, isB := errors.AsType[redis.Error](err)
				if isA != isB || isA && a.Error() != b.Error() {
					t.Errorf("%s: %q has the reply %v, want %v", what, err, a, b)
				}
				op, isOp := errors.AsType[*conn.OpError](got)
				want, wantsOp := errors.AsType[*conn.OpError](err)
				if isOp != wantsOp || isOp && (op.Op != want.Op || op.Key != want.Key || op.Err.Error() != want.Err.Error()) {
					t.Errorf("%s: %q is of the operation %+v", what, err, op)
				}
			}
		}
	}
}

// The largest number of sentinels: each has its own bit.
func TestEachSentinelIsItself(t *testing.T) {
	all := make([]error, 32)
	for i := range all {
		all[i] = errors.New(fmt.Sprint("sentinel ", i))
	}
	s := kind.NewSchema(all...)
	for i, sentinel := range all {
		r := s.One("id", func(b *kind.Builder) { b.Bad(sentinel) })
		for j, other := range all {
			if errors.Is(r.Problem(), other) != (i == j) {
				t.Errorf("%d is %d: %v", i, j, errors.Is(r.Problem(), other))
			}
		}
	}
}
