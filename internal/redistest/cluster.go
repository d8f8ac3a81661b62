package redistest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const masters = 3

// Cluster returns a client of a real cluster of three masters that the package's tests share, emptied.
func Cluster(t testing.TB) *redis.ClusterClient {
	t.Helper()
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: ClusterAddrs(t), MaxRedirects: 5, ReadTimeout: patience, WriteTimeout: patience})
	t.Cleanup(func() { c.Close() })
	err := c.ForEachMaster(context.Background(), func(ctx context.Context, n *redis.Client) error { return n.FlushAll(ctx).Err() })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ClusterAddrs returns the host:port of each master of the shared cluster.
func ClusterAddrs(t testing.TB) []string {
	t.Helper()
	need(t)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.cluster == nil {
		servers, err := launchCluster()
		if err != nil {
			t.Fatal(err)
		}
		shared.cluster = servers
	}
	addrs := make([]string, masters)
	for i, s := range shared.cluster {
		addrs[i] = s.Addr
	}
	return addrs
}

// StartCluster runs a cluster of the test's own, with extra arguments for each of its three masters.
func StartCluster(t testing.TB, args ...string) []*Server {
	t.Helper()
	need(t)
	servers, err := launchCluster(args...)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range servers {
		t.Cleanup(s.remove)
	}
	return servers
}

// RestartCluster runs all masters again after Kill, and waits until they are a cluster.
func RestartCluster(t testing.TB, servers []*Server) {
	t.Helper()
	for _, s := range servers {
		s.Restart(t)
	}
	if err := united(servers); err != nil {
		t.Fatal(err)
	}
}

// launchCluster starts three masters, deals the 16,384 slots out among them and waits until each sees all.
func launchCluster(args ...string) (servers []*Server, err error) {
	defer func() {
		if err != nil {
			for _, s := range servers {
				s.remove()
			}
		}
	}()
	ctx := context.Background()
	var nodes []*redis.Client
	buses := make([]string, masters)
	for i := range masters {
		_, bus, _ := net.SplitHostPort(freeAddr()) // the usual port+10000 may not exist
		buses[i] = bus
		s, err := launch(append([]string{"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "5000", "--cluster-port", bus}, args...)...)
		if err != nil {
			return servers, err
		}
		servers = append(servers, s)
		c := redis.NewClient(&redis.Options{Addr: s.Addr})
		defer c.Close()
		nodes = append(nodes, c)
	}
	for i, n := range nodes {
		if err := n.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return servers, err
		}
		first, last := i*16384/masters, (i+1)*16384/masters-1
		if err := n.ClusterAddSlotsRange(ctx, first, last).Err(); err != nil {
			return servers, err
		}
		host, port, _ := net.SplitHostPort(servers[i].Addr)
		if err := nodes[0].Do(ctx, "CLUSTER", "MEET", host, port, buses[i]).Err(); err != nil {
			return servers, err
		}
	}
	return servers, united(servers)
}

// united waits until each master serves and sees all others and what they serve.
func united(servers []*Server) error {
	ctx := context.Background()
	var nodes []*redis.Client
	for _, s := range servers {
		c := redis.NewClient(&redis.Options{Addr: s.Addr})
		defer c.Close()
		nodes = append(nodes, c)
	}
	return Poll(30*time.Second, func() bool {
		for _, n := range nodes {
			info, err := n.ClusterInfo(ctx).Result()
			if err != nil {
				return false
			}
			for _, fact := range []string{"cluster_state:ok", "cluster_slots_ok:16384", fmt.Sprintf("cluster_known_nodes:%d", masters)} {
				if !strings.Contains(info, fact) {
					return false
				}
			}
		}
		return true
	})
}
