package conn

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"holdfast/core/conn/internal/interrupt"
	"holdfast/core/conn/internal/resp"
)

// dialer dials connections that can be interrupted and whose answers are read along.
type dialer struct {
	secure  *tls.Config // nil: no TLS
	name    string      // that the servers' certificates must carry; empty: see serverName
	seeds   []string    // the addresses of the URLs
	timeout time.Duration
	noHello *atomic.Bool // greet with AUTH alone, as servers before RESP3
}

func (d dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: d.timeout, KeepAlive: 5 * time.Minute}
	dial := plain.DialContext
	if d.secure != nil {
		secure := d.secure.Clone()
		secure.ServerName = d.serverName(addr)
		dial = (&tls.Dialer{NetDialer: plain, Config: secure}).DialContext
	}
	c, err := dial(ctx, network, d.address(addr))
	if err != nil {
		return nil, err
	}
	return interrupt.Wrap(c, &resp.Replies{NoHello: d.noHello.Load()}), nil
}

// address puts the host of the URL where a node of a cluster announces none.
func (d dialer) address(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != "" && host != "?" {
		return addr
	}
	return net.JoinHostPort(hostOf(d.seeds[0]), port)
}

// serverName is what the certificate of the server at addr is checked for: its host, but the host of the URL where a
// node announces a bare address.
func (d dialer) serverName(addr string) string {
	host, seed := hostOf(d.address(addr)), hostOf(d.seeds[0])
	switch {
	case d.name != "":
		return d.name
	case net.ParseIP(host) != nil && net.ParseIP(seed) == nil && !slices.ContainsFunc(d.seeds, func(s string) bool { return hostOf(s) == host }):
		return seed
	}
	return host
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil { // a socket
		return addr
	}
	return host
}
