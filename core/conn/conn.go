// Package conn holds what every primitive shares about talking to Redis: one connection from one Options value,
// scripts that act at most once, SCAN over every master, pipelined reads, key names, errors and the command log.
// Nothing here knows any kind of state.
package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Mode says which kind of deployment a Conn talks to.
type Mode string

// The deployments that holdfast knows.
const (
	Single   Mode = "single"
	Sentinel Mode = "sentinel"
	Cluster  Mode = "cluster"
)

// Options describe one connection. The zero value means redis://127.0.0.1:6379/0.
type Options struct {
	URLs           []string // redis://, rediss:// or unix://; several are cluster or sentinel seeds
	Cluster        bool     // talk to a Redis Cluster
	SentinelMaster string   // name of the master that the sentinels at URLs watch
	Username       string   // overrides the user of the URL
	Password       string   // overrides the password of the URL
	// PasswordFrom tells the password anew for each connection that is made, as it may be replaced; instead of Password.
	PasswordFrom func(context.Context) (string, error)
	TLS          *tls.Config // instead of what rediss:// sets up, but for skip_verify
	Timeout      time.Duration
	LogSize      int  // commands that Log keeps; 0 means 512
	NoTouch      bool // reads do not make keys look used, where the server can do that without harm (Redis 7.2, Redis 8.4, Valkey 9)

	noHello *atomic.Bool
}

// Conn is one go-redis client with its command log. It is safe for concurrent use.
type Conn struct {
	redis.UniversalClient
	Mode Mode
	Addr string // what was dialled, without credentials
	Log  *Log

	last    dialled // by a sentinel's client
	wired   bool    // its connections can be interrupted
	options *redis.UniversalOptions
	noHello *atomic.Bool // set by Reach for a proxy that hangs up at a HELLO
	answers lastAddr     // the master of a cluster that told the time last
}

// Open prepares a connection. It dials nothing: the first command does, and Ping tells whether anybody answers.
// A malformed URL is an error that never repeats the password it may hold.
func Open(o Options) (*Conn, error) {
	o.noHello = new(atomic.Bool)
	u, mode, addr, err := o.universal()
	if err != nil {
		return nil, err
	}
	c := &Conn{Mode: mode, Addr: addr, Log: newLog(o.LogSize), wired: true, options: u, noHello: o.noHello}
	switch mode {
	case Cluster:
		c.UniversalClient = newCluster(u)
	case Sentinel:
		c.UniversalClient = redis.NewFailoverClient(u.Failover())
		c.AddHook(&c.last)
	default:
		c.UniversalClient = redis.NewClient(u.Simple())
	}
	c.AddHook(c.Log)
	c.AddHook(doubts{})
	return c, nil
}

// ErrUnreachable marks transport errors, as opposed to errors that the server answered.
var ErrUnreachable = errors.New("server unreachable")
