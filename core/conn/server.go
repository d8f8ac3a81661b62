package conn

import (
	"context"
	"fmt"
	"slices"
	"strconv"
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
	// Uncovered is how many of a cluster's 16,384 hash slots no master serves: their keys cannot be seen.
	Uncovered int
	// Facts are what the server says of itself, asked for now and then.
	Facts Facts
}

// Status asks for TIME and INFO server, measuring the round trip.
func (c *Conn) Status(ctx context.Context) (Status, error) {
	s, node, err := c.clock(ctx)
	if err != nil {
		return Status{}, err
	}
	info, err := Ask(ctx, node, redis.NewStringCmd(ctx, "info", "server"))
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
	s.Version, s.Facts = last.Version, last.Facts
	return s, err
}

// clock asks one node for TIME, and in a cluster for its slots: of the masters the first that answers, and the next time
// the same one first.
func (c *Conn) clock(ctx context.Context) (Status, redis.UniversalClient, error) {
	if ctx == nil {
		return Status{}, nil, errNilContext
	}
	nodes, err := Masters(ctx, c)
	if err != nil {
		return Status{}, nil, err
	}
	if len(nodes) == 0 {
		return Status{}, nil, fmt.Errorf("%w: the cluster has no master", ErrUnreachable)
	}
	role := string(c.Mode)
	if c.Mode == Cluster {
		role = fmt.Sprintf("cluster of %d", len(nodes))
	}
	first := max(0, slices.IndexFunc(nodes, func(n redis.UniversalClient) bool { return NodeAddr(n) == c.answers.addr() }))
	for i := range nodes {
		node := nodes[(first+i)%len(nodes)]
		var s Status
		if s, err = c.clockOf(ctx, node); err == nil {
			s.Role = role
			if len(nodes) > 1 {
				c.answers.note(NodeAddr(node))
			}
			return s, node, nil
		}
		if ctx.Err() != nil || !Unreachable(err) {
			break
		}
	}
	return Status{}, nil, err
}

func (c *Conn) clockOf(ctx context.Context, node redis.UniversalClient) (s Status, err error) {
	var clock *redis.TimeCmd
	var slots *redis.StringCmd
	before := time.Now()
	err = Pipeline(ctx, node, func(p redis.Pipeliner) {
		clock = p.Time(ctx)
		if c.Mode == Cluster {
			slots = p.ClusterInfo(ctx)
		}
	})
	if err != nil {
		return s, err
	}
	s.Latency = time.Since(before)
	switch server, err := clock.Result(); {
	case err == nil:
		s.Skew = server.Sub(before.Add(s.Latency / 2)).Round(time.Millisecond)
	case !strings.HasPrefix(err.Error(), "NOPERM"): // a user who may not ask for the time is shown ours
		return Status{}, err
	}
	if slots != nil {
		s.Uncovered = uncovered(slots.Val())
	}
	return s, nil
}

// uncovered reads the slots that nobody serves from CLUSTER INFO; 0 where it does not tell.
func uncovered(info string) int {
	for line := range strings.Lines(info) {
		if text, is := strings.CutPrefix(line, "cluster_slots_ok:"); is {
			if served, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
				return hashSlots - served
			}
		}
	}
	return 0
}

const hashSlots = 16384

// Identity is what tells one master, and the history of its data, from another. A field that the server does not tell is empty.
type Identity struct {
	RunID    string   // of the process: another one after a restart
	Lineages []string // replication ids of its data, the present one first; a failover that keeps the data keeps one of them
}

// SameProcess tells that nothing speaks against both being one process.
func (i Identity) SameProcess(other Identity) bool {
	return i.RunID == "" || other.RunID == "" || i.RunID == other.RunID
}

// Continues tells that nothing speaks against i holding the data of an earlier identity, as far as it was replicated.
func (i Identity) Continues(earlier Identity) bool {
	return len(i.Lineages) == 0 || len(earlier.Lineages) == 0 || slices.Contains(i.Lineages, earlier.Lineages[0])
}

// Identify asks a node who it is.
func Identify(ctx context.Context, node redis.UniversalClient) (id Identity, err error) {
	var server, replication *redis.StringCmd
	err = Pipeline(ctx, node, func(p redis.Pipeliner) {
		server, replication = p.Info(ctx, "server"), p.Info(ctx, "replication")
	})
	if err != nil {
		return id, err
	}
	for line := range strings.Lines(server.Val() + "\n" + replication.Val()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "run_id":
			id.RunID = value
		case "master_replid", "master_replid2":
			if strings.Trim(value, "0") != "" {
				id.Lineages = append(id.Lineages, value)
			}
		}
	}
	return id, nil
}
