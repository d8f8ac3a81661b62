package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn/internal/resp"
)

// OpError says which operation on which key failed; errors.Is sees the cause.
type OpError struct {
	Op  string // such as "genstore: bump"
	Key string // quoted when printed; may be empty
	Err error
}

func (e *OpError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("%s %q: %v", e.Op, e.Key, e.Err)
}

func (e *OpError) Unwrap() error { return e.Err }

// Fail wraps a cause with its operation and key; a nil cause stays nil.
func Fail(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Key: key, Err: err}
}

// answered tells a reply of the server (also "no such key") from a failure to get one.
func answered(err error) bool {
	return resp.Answered(err)
}

// ErrNotRedis marks an answer that no Redis gives to what was asked. The connection is closed.
var ErrNotRedis = resp.ErrNotRedis

// Unreachable tells whether err is a transport error: no route, refused, cut, timed out, or a server that is still
// loading or whose cluster is down.
func Unreachable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if reply, ok := errors.AsType[redis.Error](err); ok {
		text := reply.Error()
		return strings.HasPrefix(text, "LOADING") || strings.HasPrefix(text, "CLUSTERDOWN") || strings.HasPrefix(text, "MASTERDOWN")
	}
	if ofFile(err) {
		return false
	}
	return ofNetwork(err) || errors.Is(err, ErrUnreachable) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrClosed)
}

// networkErrnos are the numbers of the system that say something of a connection when they stand alone.
var networkErrnos = []syscall.Errno{
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ENOTCONN, syscall.ETIMEDOUT,
	syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ENETRESET, syscall.EADDRNOTAVAIL,
}

// ofNetwork tells whether err holds a net.Error. Every number of the system has its methods, also that of a full disk.
func ofNetwork(err error) bool {
	switch e := err.(type) {
	case syscall.Errno:
		return slices.Contains(networkErrnos, e)
	case net.Error:
		return true
	case interface{ Unwrap() error }:
		return ofNetwork(e.Unwrap())
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), ofNetwork)
	}
	return false
}

func ofFile(err error) bool {
	_, path := errors.AsType[*fs.PathError](err)
	_, link := errors.AsType[*os.LinkError](err)
	return path || link
}

// ErrPrecondition is what every sentinel made by Precondition is, too: the server was reached and nothing was written,
// because what the caller expected is not so (version changed, lock held, read-only).
var ErrPrecondition = errors.New("refused by a precondition")

// Precondition makes a package's sentinel that errors.Is also sees as ErrPrecondition.
func Precondition(text string) error { return &precondition{text} }

type precondition struct{ text string }

func (p *precondition) Error() string        { return p.text }
func (p *precondition) Is(target error) bool { return target == ErrPrecondition }
