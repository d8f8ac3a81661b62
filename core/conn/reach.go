package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// Reach asks the server for one PING, then Join. It tells an unreachable server (ErrUnreachable) from one that refuses us, and
// from something that is no Redis (ErrNotRedis). A server that answers is reached, even if it does not like the PING.
func (c *Conn) Reach(ctx context.Context) error {
	_, err := Ask(ctx, c, redis.NewStatusCmd(ctx, "ping"))
	if c.noHello != nil && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)) { // some proxies hang up at a HELLO
		c.noHello.Store(true)
		if _, again := Ask(ctx, c, redis.NewStatusCmd(ctx, "ping")); again == nil || answered(again) {
			err = again
		} else {
			c.noHello.Store(false)
		}
	}
	if err != nil && ctx != nil && ctx.Err() == nil {
		err = c.explain(err)
	}
	if err != nil {
		return fmt.Errorf("connect to %s: %w", c.Addr, err)
	}
	return c.Join(ctx)
}

// explain says what keeps us from a server that was asked for a PING, and what to do about it; nil if nothing does.
func (c *Conn) explain(err error) error {
	text := err.Error()
	with := func(reason string) error { return fmt.Errorf("%s: %w", reason, err) }
	if refused := c.refusedDatabase(err); refused != nil {
		return refused
	}
	switch {
	case strings.HasPrefix(text, "LOADING"):
		return fmt.Errorf("%w: the server is still loading its data, try again later: %w", ErrUnreachable, err)
	case c.Mode == Sentinel && errors.Is(err, redis.Nil):
		return fmt.Errorf("the sentinels watch no master named %q, see --sentinel-master: %w", c.options.MasterName, err)
	case strings.Contains(text, "max number of clients"):
		return with("the server takes no more clients (maxclients): end some, or raise its limit")
	case strings.HasPrefix(text, "BUSY "):
		return with("the server is held up by a script: SCRIPT KILL ends it")
	case strings.HasPrefix(text, "ERR unknown command"): // one that has been renamed
		return nil
	case Unreachable(err):
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	case errors.Is(err, ErrNotRedis):
		return err
	case strings.HasPrefix(text, "redis: "): // the client library could not read it
		return fmt.Errorf("%w: %w", ErrNotRedis, err)
	}
	for _, refusal := range []string{"NOAUTH", "WRONGPASS", "DENIED", "ERR", "failed to"} {
		if strings.HasPrefix(text, refusal) {
			return err
		}
	}
	if answered(err) { // MISCONF, NOPERM
		return nil
	}
	return err
}

var errOneDatabase = errors.New("the server is a node of a Redis Cluster, of which only database 0 can be used")

// refusedDatabase says that the server does not have the URL's database; nil if err is of something else.
func (c *Conn) refusedDatabase(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "SELECT is not allowed in cluster mode"):
		return errOneDatabase
	case strings.Contains(text, "DB index is out of range"): // also of a cluster of Valkey 9
		return fmt.Errorf("the server has no database %d: %w", c.options.DB, err)
	}
	return nil
}

// minVersion is of the first server that has all that core needs.
var minVersion = [2]int{6, 2}

// Join asks a single server for its version, which may be too old, and whether it is a node of a cluster. Then it joins
// the cluster: Mode becomes Cluster. Only what cannot go on is an error, not that the server cannot be asked. It comes
// before anything else that uses the Conn.
func (c *Conn) Join(ctx context.Context) error {
	if c.Mode != Single || c.options == nil {
		return nil
	}
	var server, cluster *redis.StringCmd
	err := Pipeline(ctx, c, func(p redis.Pipeliner) { server, cluster = p.Info(ctx, "server"), p.Info(ctx, "cluster") })
	if err == nil && answered(cluster.Err()) { // may not be asked so
		err = Pipeline(ctx, c, func(p redis.Pipeliner) { cluster = p.ClusterInfo(ctx) })
	}
	if err != nil {
		if err := c.refusedDatabase(err); err != nil {
			return fmt.Errorf("connect to %s: %w", c.Addr, err)
		}
		return nil
	}
	if is, ok := versionOf(server.Val(), "redis_version"); ok && (is[0] < minVersion[0] || is[0] == minVersion[0] && is[1] < minVersion[1]) {
		return fmt.Errorf("connect to %s: the server is Redis %s, and holdfast needs %d.%d or newer", c.Addr, field(server.Val(), "redis_version"), minVersion[0], minVersion[1])
	}
	if field(cluster.Val(), "cluster_enabled") != "1" && field(cluster.Val(), "cluster_state") == "" {
		return nil
	}
	if c.options.DB != 0 {
		return fmt.Errorf("connect to %s: %w", c.Addr, errOneDatabase)
	}
	if strings.HasPrefix(c.Addr, "/") {
		return fmt.Errorf("connect to %s: the server is a node of a Redis Cluster: connect to its TCP address", c.Addr)
	}
	return c.join(ctx)
}

// join puts a cluster client in the place of that of the one node, unless no node can be reached at the address that it
// announces.
func (c *Conn) join(ctx context.Context) error {
	joined := newCluster(c.options)
	joined.AddHook(c.Log)
	all := &Conn{UniversalClient: joined, Mode: Cluster, wired: true}
	trying, stop := context.WithTimeout(ctx, 2*c.options.DialTimeout+time.Second)
	defer stop()
	nodes, err := Masters(trying, all)
	reached := err != nil || len(nodes) == 0 // it will be told as the cluster is read
	answers := make(chan error, len(nodes))
	for _, node := range nodes {
		go func() { _, err := Ask(trying, node, redis.NewStatusCmd(trying, "ping")); answers <- err }()
	}
	for range nodes {
		if e := <-answers; e == nil || answered(e) {
			reached = true
			stop() // one is enough
		} else if err == nil {
			err = e
		}
	}
	if !reached {
		joined.Close()
		return fmt.Errorf("connect to %s: it is a node of a cluster of %d, and none can be reached at the address that it announces, such as %s: "+
			"run holdfast where these addresses lead to them, or let the nodes announce others (cluster-announce-ip): %w: %w",
			c.Addr, len(nodes), NodeAddr(nodes[0]), ErrUnreachable, err)
	}
	_ = c.UniversalClient.Close()
	c.UniversalClient, c.Mode = joined, Cluster
	return nil
}

// field is what a line of INFO says.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
