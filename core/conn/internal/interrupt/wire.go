package interrupt

import (
	"net"
	"sync"
	"syscall"
	"time"

	"holdfast/core/conn/internal/resp"
)

// past is a deadline that ends a read or a write at once.
var past = time.Unix(1, 0)

// wire is a connection that knows which call uses it, so that the end of the call's context can interrupt a read of it.
// It learns of the call by the deadline that the client library sets before each write and read: that of a call is a
// token (call.Deadline) which stands for it.
type wire struct {
	net.Conn
	replies *resp.Replies // nil: they are taken as they come
	bad     error         // why they are taken no more
	unsent  []byte        // the answer to what is kept from a proxy that hangs up at it
	mu      sync.Mutex
	user    *call // nil: somebody without a call
}

// Wrap wraps a connection. That of a socket stays one, so that the client library can see whether it is still open.
func Wrap(c net.Conn, r *resp.Replies) net.Conn {
	switch c.(type) {
	case *wire, *socket:
		return c
	}
	if _, is := c.(syscall.Conn); is {
		return &socket{wire{Conn: c, replies: r}}
	}
	return &wire{Conn: c, replies: r}
}

type socket struct{ wire }

func (s *socket) SyscallConn() (syscall.RawConn, error) { return s.Conn.(syscall.Conn).SyscallConn() }

// NetConn is the connection beneath, as that of a tls.Conn.
func (w *wire) NetConn() net.Conn { return w.Conn }

func (w *wire) Read(b []byte) (int, error) {
	if w.bad != nil { // the client library may try again
		return 0, w.bad
	}
	if len(w.unsent) > 0 {
		n := copy(b, w.unsent)
		w.unsent = w.unsent[n:]
		return n, nil
	}
	n, err := w.Conn.Read(b)
	if w.replies != nil && n > 0 {
		if w.bad = w.replies.Read(b[:n]); w.bad != nil {
			return 0, w.bad
		}
	}
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	if w.replies != nil {
		w.replies.Asked(b)
		if name, _ := resp.LoneCommand(b); (name == "hello" || name == "client") && w.replies.NoHello {
			w.unsent = []byte("-ERR unknown command\r\n")
			return len(b), nil
		}
	}
	return w.Conn.Write(b)
}

func (w *wire) SetReadDeadline(t time.Time) error  { return w.use(t, w.Conn.SetReadDeadline) }
func (w *wire) SetWriteDeadline(t time.Time) error { return w.use(t, w.Conn.SetWriteDeadline) }
func (w *wire) SetDeadline(t time.Time) error      { return w.use(t, w.Conn.SetDeadline) }

// use notes who uses the connection from now on. A call whose context has ended meanwhile finds the deadline passed.
func (w *wire) use(t time.Time, set func(time.Time) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.user = calls.find(t)
	if w.user != nil {
		t = w.user.takes(w)
	}
	return set(t)
}

// interrupt ends what the call waits for on this connection. The client library closes it then: it is never used again.
func (w *wire) interrupt(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.user == c {
		_ = w.Conn.SetDeadline(past)
	}
}
