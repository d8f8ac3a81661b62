package conn

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Status is what the header shows of a server.
type Status struct {
	Role    string // "single", "sentinel", "cluster of 3"
	Version string // "7.0.15"; empty where INFO does not tell
	Latency time.Duration
	// Skew is the server's clock minus ours, so that ages are counted on the server's clock.
	Skew time.Duration
}

// Status asks for TIME and INFO server, measuring the round trip.
func (c *Conn) Status(ctx context.Context) (Status, error) {
	s, node, err := c.clock(ctx)
	if err != nil {
		return Status{}, err
	}
	info, err := node.Info(ctx, "server").Result()
	if err != nil && !answered(err) {
		return Status{}, err
	}
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, "redis_version:"); ok {
			s.Version = strings.TrimSpace(v)
		}
	}
	return s, nil
}

// StatusAgain is Status for a server that is known to be the one of last: TIME alone.
func (c *Conn) StatusAgain(ctx context.Context, last Status) (Status, error) {
	s, _, err := c.clock(ctx)
	s.Version = last.Version
	return s, err
}

// clock asks one node for TIME.
func (c *Conn) clock(ctx context.Context) (Status, redis.UniversalClient, error) {
	nodes, err := Masters(ctx, c)
	if err != nil {
		return Status{}, nil, err
	}
	if len(nodes) == 0 {
		return Status{}, nil, fmt.Errorf("%w: the cluster has no master", ErrUnreachable)
	}
	s := Status{Role: string(c.Mode)}
	if c.Mode == Cluster {
		s.Role = fmt.Sprintf("cluster of %d", len(nodes))
	}
	before := time.Now()
	server, err := nodes[0].Time(ctx).Result()
	s.Latency = time.Since(before)
	switch {
	case err == nil:
		s.Skew = server.Sub(before.Add(s.Latency / 2)).Round(time.Millisecond)
	case !strings.HasPrefix(err.Error(), "NOPERM"): // a user who may not ask for the time is shown ours
		return Status{}, nil, err
	}
	return s, nodes[0], nil
}
