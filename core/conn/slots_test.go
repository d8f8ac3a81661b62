package conn_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// Nodes that announce no host, or the name that they have not got, are reached where the URL leads: also by the
// redirections of a slot that moves, and by the one node of a connection that joins its cluster.
func TestNodesWithoutAHostAreReached(t *testing.T) {
	servers := redistest.StartCluster(t)
	ctx := context.Background()
	for _, announced := range []string{"unknown-endpoint", "hostname", "ip"} {
		for _, s := range servers {
			if err := s.Client(t).ConfigSet(ctx, "cluster-preferred-endpoint-type", announced).Err(); err != nil {
				t.Fatal(err)
			}
		}
		for _, protocol := range []int{2, 3} {
			for _, cluster := range []bool{true, false} {
				t.Run(fmt.Sprint(announced, " RESP", protocol, " asked for a cluster ", cluster), func(t *testing.T) {
					c, err := conn.Open(conn.Options{URLs: []string{fmt.Sprintf("redis://%s?protocol=%d", servers[0].Addr, protocol)}, Cluster: cluster})
					if err != nil {
						t.Fatal(err)
					}
					defer c.Close()
					if err := c.Reach(ctx); err != nil || c.Mode != conn.Cluster {
						t.Fatalf("mode %s, %v", c.Mode, err)
					}
					masters, err := conn.Masters(ctx, c)
					if err != nil {
						t.Fatal(err)
					}
					var addrs, want []string
					for i, m := range masters {
						addrs, want = append(addrs, conn.NodeAddr(m)), append(want, servers[i].Addr)
					}
					slices.Sort(addrs)
					slices.Sort(want)
					if !slices.Equal(addrs, want) {
						t.Errorf("masters at %v, want %v", addrs, want)
					}
					status, err := c.Status(ctx)
					if err != nil || status.Role != "cluster of 3" || status.Uncovered != 0 {
						t.Errorf("status %+v, %v", status, err)
					}
					for i := range 30 {
						key := fmt.Sprintf("k%d", i)
						if err := conn.Once(ctx, c, "set", key, announced).Err(); err != nil {
							t.Fatalf("set %s: %v", key, err)
						}
						if got, err := conn.Ask(ctx, c, redis.NewStringCmd(ctx, "get", key)); err != nil || got != announced {
							t.Fatalf("get %s: %q, %v", key, got, err)
						}
					}
					redirected(t, c, servers)
				})
			}
		}
	}
}

// redirected reads and writes keys of a slot that moves (ASK), and has moved (MOVED) without c knowing of it.
func redirected(t *testing.T, c *conn.Conn, servers []*redistest.Server) {
	t.Helper()
	ctx := context.Background()
	if err := c.Set(ctx, "{s}a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	m := redistest.StartSlotMove(t, servers, "{s}")
	defer m.Undo()
	if err := c.Set(ctx, "{s}b", "2", 0).Err(); err != nil {
		t.Errorf("ASK: %v", err)
	}
	if got, err := c.Get(ctx, "{s}b").Result(); err != nil || got != "2" {
		t.Errorf("ASK: %q, %v", got, err)
	}
	m.Move("{s}a")
	m.Finish()
	if got, err := c.Get(ctx, "{s}a").Result(); err != nil || got != "1" {
		t.Errorf("MOVED: %q, %v", got, err)
	}
	if err := c.Set(ctx, "{s}a", "3", 0).Err(); err != nil {
		t.Errorf("MOVED: %v", err)
	}
}
