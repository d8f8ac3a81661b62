package live_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

// lost tells the state in which old rows are shown until the server answers again.
func lost(rows int) func(s *live.Snapshot) bool {
	return func(s *live.Snapshot) bool {
		return s.State == live.Lost && conn.Unreachable(s.Err) && s.RetryAt.After(s.ReadAt) && s.Table("actors").Len() == rows
	}
}

func polling(rows int) func(s *live.Snapshot) bool {
	return func(s *live.Snapshot) bool {
		return s.State == live.Polling && s.Err == nil && s.Table("actors").Complete && s.Table("actors").Len() == rows
	}
}

func TestServerThatIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	c := open(t, conn.Options{URLs: []string{server.URL()}}, 10*time.Millisecond)
	fill(t, server.Client(t), 0, 50)
	run(t, c)
	first := until(t, c, "the rows", polling(50))
	server.Kill()
	until(t, c, "old rows, marked so", lost(50))
	server.Restart(t)
	s := until(t, c, "an answer", polling(50))
	if len(s.Table("actors").Recent) != 0 || s.Table("actors").Rev != first.Table("actors").Rev {
		t.Errorf("an outage was taken for changes: %d", len(s.Table("actors").Recent))
	}
	fill(t, server.Client(t), 50, 60)
	until(t, c, "new rows", polling(60))
}

func TestServerThatComesBackEmpty(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c := open(t, conn.Options{URLs: []string{server.URL()}}, 10*time.Millisecond)
	fill(t, server.Client(t), 0, 50)
	run(t, c)
	until(t, c, "the rows", polling(50))
	server.Kill()
	until(t, c, "old rows, marked so", lost(50))
	server.Restart(t)
	until(t, c, "nothing", polling(0))
}

func TestServerThatComesLater(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	c := open(t, conn.Options{URLs: []string{server.URL()}}, 10*time.Millisecond)
	run(t, c)
	until(t, c, "no answer", func(s *live.Snapshot) bool { return lost(0)(s) && s.ReadAt.IsZero() })
	server.Restart(t)
	until(t, c, "an answer", polling(0))
}

// A server that swallows what is sent to it: no answer for as long as the connection waits, and no longer.
func TestServerThatHangs(t *testing.T) {
	server := redistest.Start(t)
	c := open(t, conn.Options{URLs: []string{server.URL()}, Timeout: 100 * time.Millisecond}, 10*time.Millisecond)
	fill(t, server.Client(t), 0, 50)
	stop := run(t, c)
	until(t, c, "the rows", polling(50))
	server.Pause()
	until(t, c, "old rows, marked so", lost(50))
	server.Resume()
	until(t, c, "an answer", polling(50))
	server.Pause()
	stop() // while a command may be under way
	if _, err := c.Live.ReadAll(ctx); !conn.Unreachable(err) {
		t.Errorf("ReadAll: %v", err)
	}
}

// twoMasters starts a cluster of its own, whose masters a test may kill.
func twoMasters(t *testing.T) (nodes [2]*redistest.Server, clients [2]*redis.Client, o conn.Options) {
	t.Helper()
	var buses [2]string
	for i := range nodes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ok(t, err)
		_, buses[i], _ = net.SplitHostPort(l.Addr().String())
		ok(t, l.Close())
		nodes[i] = redistest.Start(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "1000",
			"--cluster-port", buses[i], "--appendonly", "yes", "--appendfsync", "always")
		clients[i] = nodes[i].Client(t)
		ok(t, clients[i].Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		ok(t, clients[i].ClusterAddSlotsRange(ctx, i*8192, i*8192+8191).Err())
		o.URLs = append(o.URLs, nodes[i].URL())
	}
	host, port, _ := net.SplitHostPort(nodes[1].Addr)
	ok(t, clients[0].Do(ctx, "CLUSTER", "MEET", host, port, buses[1]).Err())
	whole(t, clients)
	o.Cluster, o.Timeout = true, time.Second
	return nodes, clients, o
}

// whole waits until all masters see all slots served.
func whole(t *testing.T, clients [2]*redis.Client) {
	t.Helper()
	redistest.Eventually(t, "a whole cluster", func() bool {
		for _, c := range clients {
			info, _ := c.ClusterInfo(ctx).Result()
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:2") {
				return false
			}
		}
		return true
	})
}

// A cluster that changes under the model: slots that move from one master to the other take their rows along, none of
// them lost or twice; and while a master is gone its rows cannot be told from deleted ones, so all stay as they were.
func TestClusterThatChanges(t *testing.T) {
	t.Parallel()
	nodes, clients, o := twoMasters(t)
	c := open(t, o, 10*time.Millisecond)
	fill(t, c.Conn, 0, 200)
	run(t, c)
	until(t, c, "the rows", polling(200))
	nodes[1].Kill()
	until(t, c, "old rows, marked so", lost(200))
	nodes[1].Restart(t)
	whole(t, clients)
	c.Live.Refresh() // the next try may be seconds away
	s := until(t, c, "an answer", polling(200))
	if a := s.Table("actors"); len(a.Recent) != 0 || a.Bad != 0 {
		t.Errorf("an outage was taken for %d changes, %d rows are bad", len(a.Recent), a.Bad)
	}
	fill(t, c.Conn, 200, 210)
	until(t, c, "new rows", polling(210))

	move(t, clients)
	s = c.Live.Snapshot()
	s = until(t, c, "a reading after it", func(now *live.Snapshot) bool { return now.ReadAt.After(s.ReadAt) && polling(210)(now) })
	if a := s.Table("actors"); a.Bad != 0 {
		t.Errorf("%d rows are bad", a.Bad)
	}
	fill(t, c.Conn, 210, 220)
	until(t, c, "new rows", polling(220))
}

// serving starts a cluster of three masters that serves what it can while one is gone.
func serving(t *testing.T) ([]*redistest.Server, conn.Options) {
	t.Helper()
	servers := redistest.StartCluster(t, "--cluster-require-full-coverage", "no", "--appendonly", "yes", "--appendfsync", "always")
	o := conn.Options{Cluster: true, Timeout: time.Second}
	for _, s := range servers {
		o.URLs = append(o.URLs, s.URL())
	}
	return servers, o
}

// Where a cluster serves what it can, one master less is no outage: the others are followed, and the loss is named.
func TestTheOtherMastersAreShownWhileOneIsDown(t *testing.T) {
	t.Parallel()
	servers, o := serving(t)
	gone := servers[1]
	c := open(t, o, 10*time.Millisecond)
	fill(t, c.Conn, 0, 200)
	held := 200 - int(gone.Client(t).DBSize(ctx).Val()) // by the others
	run(t, c)
	until(t, c, "the rows", polling(200))
	gone.Kill()
	down := func(s *live.Snapshot) bool {
		return s.State == live.Polling && !s.Pushed && len(s.Down) > 0 && s.Down[0].Addr == gone.Addr && s.Table("actors").Err != nil
	}
	until(t, c, "the loss, named, and the rows as they were", func(s *live.Snapshot) bool { return down(s) && s.Table("actors").Len() == 200 })
	for i := range 200 { // one that stays within reach
		if key := fmt.Sprintf("actor:a%07d", i); conn.OwnerAddr(ctx, c.Conn, key) != gone.Addr {
			ok(t, c.Conn.Del(ctx, key).Err())
			held--
			break
		}
	}
	until(t, c, "what changes beside it", func(s *live.Snapshot) bool { return down(s) && s.Table("actors").Len() == 199 })

	s, err := open(t, o, 0).Live.ReadAll(ctx)
	if err != nil || s.Table("actors").Len() != held || s.Table("actors").Err == nil || s.Table("leases").Err == nil || len(s.Down) == 0 {
		t.Errorf("one that starts now: %v, %d rows (%d are held), %v, down %v", err, s.Table("actors").Len(), held, s.Table("actors").Err, s.Down)
	}

	redistest.RestartCluster(t, servers[1:2])
	until(t, c, "all of it again", func(s *live.Snapshot) bool {
		return polling(199)(s) && len(s.Down) == 0 && s.Table("actors").Err == nil
	})
}

// Slots that nobody serves may hold anything: what is shown is not live.
func TestSlotsThatNobodyServes(t *testing.T) {
	t.Parallel()
	servers, o := serving(t)
	c := open(t, o, 10*time.Millisecond)
	fill(t, c.Conn, 0, 50)
	run(t, c)
	until(t, c, "pushes", pushed(50))
	for _, s := range servers { // each keeps a table of its own
		ok(t, s.Client(t).Do(ctx, "CLUSTER", "DELSLOTSRANGE", 0, 99).Err())
	}
	until(t, c, "not live", func(s *live.Snapshot) bool { return s.Server.Uncovered == 100 && !s.Pushed && s.State == live.Polling })
	ok(t, servers[0].Client(t).ClusterAddSlotsRange(ctx, 0, 99).Err())
	until(t, c, "live", func(s *live.Snapshot) bool { return s.Server.Uncovered == 0 && pushed(50)(s) })
}

// move gives all slots of the first master that hold keys to the second.
func move(t *testing.T, clients [2]*redis.Client) {
	t.Helper()
	ids := [2]string{}
	for i, client := range clients {
		ids[i] = client.ClusterMyID(ctx).Val()
	}
	for slot := range 8192 { // of the first master
		keys := clients[0].ClusterGetKeysInSlot(ctx, slot, 100).Val()
		if len(keys) == 0 {
			continue
		}
		ok(t, clients[1].Do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0]).Err())
		ok(t, clients[0].Do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1]).Err())
		host, port, _ := net.SplitHostPort(clients[1].Options().Addr)
		for _, k := range keys {
			ok(t, clients[0].Migrate(ctx, host, port, k, 0, time.Second).Err())
		}
		for _, client := range []*redis.Client{clients[1], clients[0]} {
			ok(t, client.Do(ctx, "CLUSTER", "SETSLOT", slot, "NODE", ids[1]).Err())
		}
	}
	if n := clients[0].DBSize(ctx).Val(); n != 0 {
		t.Fatalf("%d keys did not move", n)
	}
}

// A user whom the server grants only a part is shown that part, and what is refused is told where it is refused.
func TestUserWithFewRights(t *testing.T) {
	t.Parallel()
	admin := redistest.Start(t).Client(t) // one whose users no other test meets
	c := open(t, conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}, 0)
	stock(t, c)
	whole := look(t, c)
	for _, tt := range []struct {
		name, rights string
		bad          []kind.Name // the rows of which cannot be read
		partly       kind.Name   // the rows of which are known in part, so that fewer can be told to be broken
	}{
		{"no key of actors", "~buf:* ~gen:* ~worker:* ~lock:* ~{lock:* ~rec:* +@all -@write", []kind.Name{"actors"}, ""},
		{"no command on lists", "~* +@all -@write -@list", nil, "buffers"},
		{"no hashes", "~* +@all -@write -@hash", nil, "records"},
		{"neither time nor information", "~* +@all -@write -time -info", nil, ""},
		{"only what readings send", "~* -@all +scan +time +info +getrange +strlen +pttl +llen +scard +hstrlen +hmget +exists", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ok(t, admin.Do(ctx, "ACL", "DELUSER", "few").Err())
			args := []any{"ACL", "SETUSER", "few", "on", ">secret"}
			for _, r := range strings.Fields(tt.rights) {
				args = append(args, r)
			}
			ok(t, admin.Do(ctx, args...).Err())
			o := conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}
			o.Username, o.Password = "few", "secret"
			s := look(t, open(t, o, 0))
			for i, table := range s.Tables {
				want := whole.Tables[i]
				refused := false
				for _, name := range tt.bad {
					refused = refused || name == table.Kind
				}
				switch {
				case table.Kind == tt.partly && table.Len() == want.Len() && table.Bad <= want.Bad && table.Err == nil:
				case !refused && (table.Len() != want.Len() || table.Bad != want.Bad || table.Err != nil):
					t.Errorf("%s: %d rows, %d bad, %v; want %d, %d", table.Kind, table.Len(), table.Bad, table.Err, want.Len(), want.Bad)
				case refused && table.Err == nil && table.Bad <= want.Bad:
					t.Errorf("%s: %d of %d rows are bad, and no error", table.Kind, table.Bad, table.Len())
				}
			}
		})
	}
}

func TestReadAllEndsWithItsContext(t *testing.T) {
	each(t, func(t *testing.T, c *core.Core) {
		fill(t, c.Conn, 0, 10)
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if s, err := c.Live.ReadAll(ctx); s != nil || err == nil || !strings.Contains(fmt.Sprint(err), context.Canceled.Error()) {
			t.Errorf("%v, %v", s, err)
		}
	})
}
