package redistest

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Lossy dials connections that, once armed, let requests through and lose the replies: what a crash or a cut cable
// between execution and reply looks like to a client.
type Lossy struct{ lose atomic.Int64 }

// LoseReplies prepares a dialer that loses n replies after Arm.
func LoseReplies(n int) *Lossy {
	l := &Lossy{}
	l.lose.Store(int64(-n))
	return l
}

// Arm starts the losses.
func (l *Lossy) Arm() { l.lose.Store(-l.lose.Load()) }

// Dial is a go-redis Dialer.
func (l *Lossy) Dial(_ context.Context, network, addr string) (net.Conn, error) {
	c, err := net.DialTimeout(network, addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &lossyConn{c, l}, nil
}

type lossyConn struct {
	net.Conn
	l *Lossy
}

func (c *lossyConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b) // the reply has arrived: the command ran
	if c.l.lose.Load() > 0 {
		c.l.lose.Add(-1)
		c.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}
