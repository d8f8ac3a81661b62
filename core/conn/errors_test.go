package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestUnreachableIsAboutTheWayAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":        {nil, false},
		"missing key":    {redis.Nil, false},
		"cancelled":      {context.Canceled, false},
		"a deadline":     {context.DeadlineExceeded, true},
		"cut":            {io.EOF, true},
		"cut in a reply": {io.ErrUnexpectedEOF, true},
		"refused":        {&net.OpError{Op: "dial", Err: errors.New("refused")}, true},
		"no such host":   {&net.DNSError{Name: "h"}, true},
		"pool":           {redis.ErrPoolTimeout, true},
		"closed":         {redis.ErrClosed, true},
		"our own":        {conn.ErrUnreachable, true},
		"a precondition": {conn.Precondition("locked"), false},
		"a file":         {fileError(os.ReadFile("/no/such/file")), false},
		"a link":         {os.Link("/no/such/file", "/no/such/link"), false},
		"another":        {errors.New("EOF"), false},

		"a full disk":            {syscall.ENOSPC, false},
		"a quota":                {syscall.EDQUOT, false},
		"a failing disk":         {syscall.EIO, false},
		"no more files":          {syscall.EMFILE, false},
		"a lock that is held":    {syscall.EAGAIN, false},
		"a system call":          {os.NewSyscallError("fallocate", syscall.ENOSPC), false},
		"one of two":             {errors.Join(syscall.ENOSPC, errors.New("close")), false},
		"refused, alone":         {syscall.ECONNREFUSED, true},
		"cut, alone":             {os.NewSyscallError("write", syscall.EPIPE), true},
		"a socket file":          {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENOENT)}, true},
		"no memory for a socket": {&net.OpError{Op: "write", Err: syscall.ENOBUFS}, true},
	} {
		if got := conn.Unreachable(tt.err); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
		if tt.err != nil && conn.Unreachable(conn.Fail("op", "key", fmt.Errorf("wrapped: %w", tt.err))) != tt.want {
			t.Errorf("%s is told otherwise when wrapped", name)
		}
	}
	c, m := redistest.Mini(t)
	for text, want := range map[string]bool{
		"LOADING Redis is loading the dataset in memory": true, "CLUSTERDOWN The cluster is down": true,
		"MASTERDOWN Link with MASTER is down": true, "WRONGTYPE no": false, "NOAUTH Authentication required.": false,
		"ERR the server is LOADING": false,
	} {
		m.SetError(text)
		if err := c.Get(ctx, "k").Err(); conn.Unreachable(err) != want || conn.Unreachable(conn.Fail("op", "k", err)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func fileError(_ []byte, err error) error { return err }

func TestFailSaysTheOperationAndTheKey(t *testing.T) {
	if err := conn.Fail("op", "key", nil); err != nil {
		t.Errorf("no cause gave %v", err)
	}
	cause := errors.New("cause")
	err := conn.Fail("lock: acquire", "lock:a\n", cause)
	if err.Error() != `lock: acquire "lock:a\n": cause` || !errors.Is(err, cause) {
		t.Error(err)
	}
	if op, ok := errors.AsType[*conn.OpError](err); !ok || op.Op != "lock: acquire" || op.Key != "lock:a\n" {
		t.Errorf("%+v", op)
	}
	if err := conn.Fail("list", "", cause); err.Error() != "list: cause" {
		t.Error(err)
	}
}

func TestPreconditionsAreOfOneFamily(t *testing.T) {
	held, changed := conn.Precondition("lock held"), conn.Precondition("version changed")
	err := conn.Fail("op", "k", held)
	if !errors.Is(err, held) || !errors.Is(err, conn.ErrPrecondition) || errors.Is(err, changed) || held.Error() != "lock held" {
		t.Error(err)
	}
}

func TestReachTellsWhyNobodyAnswers(t *testing.T) {
	server := guarded(t, "right")
	for name, tt := range map[string]struct {
		o       conn.Options
		wayOnly bool
		ok      bool
	}{
		"right password": {conn.Options{URLs: []string{server.URL()}, Password: "right"}, false, true},
		"wrong password": {conn.Options{URLs: []string{server.URL()}, Password: "SECRET"}, false, false},
		"nobody there":   {conn.Options{URLs: []string{"redis://:SECRET@127.0.0.1:1"}}, true, false},
	} {
		c, err := conn.Open(tt.o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.Reach(ctx)
		if (err == nil) != tt.ok || errors.Is(err, conn.ErrUnreachable) != tt.wayOnly || conn.Unreachable(err) != tt.wayOnly {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (!contains(err.Error(), c.Addr) || contains(err.Error(), "SECRET")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
