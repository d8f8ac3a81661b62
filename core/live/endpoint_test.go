package live_test

import (
	"testing"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// Every master of a cluster whose nodes announce no host is read, and pushes.
func TestNodesWithoutAHostPush(t *testing.T) {
	t.Parallel()
	servers := redistest.StartCluster(t)
	for _, s := range servers {
		ok(t, s.Client(t).ConfigSet(ctx, "cluster-preferred-endpoint-type", "unknown-endpoint").Err())
	}
	c := open(t, conn.Options{URLs: []string{"redis://" + servers[1].Addr}, Cluster: true}, 0)
	fill(t, c.Conn, 0, 50)
	run(t, c)
	until(t, c, "all rows, and pushes", pushed(50))
	fill(t, c.Conn, 50, 60)
	if s := until(t, c, "rows of each master", pushed(60)); s.Err != nil {
		t.Error(s.Err)
	}
	if _, err := c.Live.Glance(ctx, "actors", "a0000055"); err != nil {
		t.Error(err)
	}
}
