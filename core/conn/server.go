package conn

import (
	"context"
	"fmt"
	"strings"
	"time"
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
	nodes, err := Masters(ctx, c)
	if err != nil {
		return Status{}, err
	}
	if len(nodes) == 0 {
		return Status{}, fmt.Errorf("%w: the cluster has no master", ErrUnreachable)
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
		return Status{}, err
	}
	info, err := nodes[0].Info(ctx, "server").Result()
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
