package conn_test

import (
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestStatusShowsTheRoleTheVersionAndTheClock(t *testing.T) {
	single := redistest.Start(t)
	_, mini := redistest.Mini(t)
	mini.SetTime(time.Now().Add(-time.Hour))
	cluster := conn.Options{Cluster: true}
	for _, addr := range redistest.ClusterAddrs(t) {
		cluster.URLs = append(cluster.URLs, "redis://"+addr)
	}
	version := single.Client(t).InfoMap(ctx, "server").Item("Server", "redis_version")
	for name, tt := range map[string]struct {
		o    conn.Options
		want conn.Status
	}{
		"single":  {conn.Options{URLs: []string{single.URL()}}, conn.Status{Role: "single", Version: version}},
		"cluster": {cluster, conn.Status{Role: "cluster of 3", Version: version}},
		"mini":    {conn.Options{URLs: []string{"redis://" + mini.Addr()}}, conn.Status{Role: "single", Skew: -time.Hour}},
	} {
		c := open(t, tt.o)
		got, err := c.Status(ctx)
		if err != nil || got.Role != tt.want.Role || got.Version != tt.want.Version || got.Latency <= 0 {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, tt.want)
		}
		if d := got.Skew - tt.want.Skew; d.Abs() > time.Minute {
			t.Errorf("%s: the server's clock is %v ahead, want %v", name, got.Skew, tt.want.Skew)
		}
		if err := c.Reach(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again := open(t, tt.o)
		if name == "single" {
			single.Kill()
		} else {
			again.Close()
		}
		if _, err := again.Status(ctx); !conn.Unreachable(err) {
			t.Errorf("%s, gone: %v", name, err)
		}
	}
}
