package redistest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// SlotMove is a hash slot on its way from one master to another, as a resharding moves it: key by key, while clients
// go on. Until it ends, the source answers for the keys that it still has and sends clients with ASK for all others.
type SlotMove struct {
	t          testing.TB
	all        []*redis.Client
	slot       int
	source     *redis.Client
	target     *redis.Client
	targetAddr string
	ids        [2]string // of source and target
}

// StartSlotMove marks the slot of a key as moving to another master. No key has moved yet. The move is undone with the
// test unless Undo came before.
func StartSlotMove(t testing.TB, servers []*Server, key string) *SlotMove {
	t.Helper()
	ctx := context.Background()
	m := &SlotMove{t: t}
	first := servers[0].Client(t)
	m.slot = int(first.ClusterKeySlot(ctx, key).Val())
	for _, s := range servers {
		c := s.Client(t)
		m.all = append(m.all, c)
		id, err := c.Do(ctx, "CLUSTER", "MYID").Text()
		if err != nil {
			t.Fatal(err)
		}
		if m.source == nil && serves(t, c, m.slot, id) {
			m.source, m.ids[0] = c, id
		} else {
			m.target, m.targetAddr, m.ids[1] = c, s.Addr, id
		}
	}
	m.do(m.target, "CLUSTER", "SETSLOT", m.slot, "IMPORTING", m.ids[0])
	m.do(m.source, "CLUSTER", "SETSLOT", m.slot, "MIGRATING", m.ids[1])
	return m
}

// serves reports whether the node that c reaches takes the node id for the one that serves a slot.
func serves(t testing.TB, c *redis.Client, slot int, id string) bool {
	t.Helper()
	shards, err := c.ClusterShards(context.Background()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(shards, func(s redis.ClusterShard) bool {
		return s.Nodes[0].ID == id && slices.ContainsFunc(s.Slots, func(r redis.SlotRange) bool { return int64(slot) >= r.Start && int64(slot) <= r.End })
	})
}

func (m *SlotMove) do(c *redis.Client, args ...any) {
	m.t.Helper()
	if err := c.Do(context.Background(), args...).Err(); err != nil {
		m.t.Fatalf("%v: %v", args, err)
	}
}

// Keys lists the slot's keys that have not moved, sorted.
func (m *SlotMove) Keys() []string { return m.keys(m.source) }

func (m *SlotMove) keys(c *redis.Client) []string {
	m.t.Helper()
	keys, err := c.ClusterGetKeysInSlot(context.Background(), m.slot, 1<<20).Result()
	if err != nil {
		m.t.Fatal(err)
	}
	slices.Sort(keys)
	return keys
}

// Move brings keys to the target.
func (m *SlotMove) Move(keys ...string) {
	m.t.Helper()
	host, port, _ := net.SplitHostPort(m.targetAddr)
	for _, key := range keys {
		m.do(m.source, "MIGRATE", host, port, key, 0, 5000)
	}
}

// Finish moves the keys that are left and gives the slot to the target. It returns when every node knows: of two moves in
// a row the later one could else lose against the earlier.
func (m *SlotMove) Finish() {
	m.t.Helper()
	m.Move(m.Keys()...)
	m.do(m.target, "CLUSTER", "SETSLOT", m.slot, "NODE", m.ids[1])
	m.do(m.source, "CLUSTER", "SETSLOT", m.slot, "NODE", m.ids[1])
	epoch := m.epoch(m.target)
	for _, c := range m.all {
		Eventually(m.t, "every node knows where the slot is", func() bool {
			return serves(m.t, c, m.slot, m.ids[1]) && m.epoch(c) >= epoch
		})
	}
}

// epoch is the newest configuration of the cluster that a node knows of.
func (m *SlotMove) epoch(c *redis.Client) int {
	m.t.Helper()
	info, err := c.ClusterInfo(context.Background()).Result()
	if err != nil {
		m.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "cluster_current_epoch:")
	epoch, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]))
	if err != nil {
		m.t.Fatal(err)
	}
	return epoch
}

// Undo ends the move without moving the slot, and deletes its keys on both masters.
func (m *SlotMove) Undo() {
	m.t.Helper()
	for _, key := range m.keys(m.target) {
		_, err := m.target.Pipelined(context.Background(), func(p redis.Pipeliner) error { // ASKING is of one connection
			p.Do(context.Background(), "ASKING")
			p.Del(context.Background(), key)
			return nil
		})
		if err != nil {
			m.t.Fatalf("delete %q: %v", key, err)
		}
	}
	m.do(m.target, "CLUSTER", "SETSLOT", m.slot, "STABLE")
	m.do(m.source, "CLUSTER", "SETSLOT", m.slot, "STABLE")
	for _, key := range m.keys(m.source) {
		m.do(m.source, "DEL", key)
	}
}

// EachSplit runs a test once for each way in which the keys that prepare makes in one slot can be split between the two
// masters of a move; of more than five keys, once with each key moved alone and once with each left alone. The client of
// prepare and test is a cluster client; tag is any key of the slot. What is to hold when the move has ended may be said by
// after.
func EachSplit(t *testing.T, servers []*Server, tag string, prepare, test func(t *testing.T, c *redis.ClusterClient), after ...func(t *testing.T, c *redis.ClusterClient)) {
	t.Helper()
	addrs := make([]string, len(servers))
	for i, s := range servers {
		addrs[i] = s.Addr
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	t.Cleanup(func() { c.Close() })
	prepare(t, c)
	count := len(StartSlotMove(t, servers, tag).undone())
	for _, moved := range splits(count) {
		t.Run(fmt.Sprintf("moved %v of %d", moved, count), func(t *testing.T) {
			prepare(t, c)
			m := StartSlotMove(t, servers, tag)
			defer m.Undo()
			keys := m.Keys()
			if len(keys) != count {
				t.Fatalf("prepare made %d keys now and %d before: %q", len(keys), count, keys)
			}
			for _, i := range moved {
				m.Move(keys[i])
			}
			test(t, c)
			if len(after) > 0 {
				m.Finish()
			}
			for _, check := range after {
				check(t, c)
			}
		})
	}
}

// undone ends a move and returns the keys that the slot had.
func (m *SlotMove) undone() []string {
	keys := m.Keys()
	m.Undo()
	return keys
}

// splits lists which of count keys, by number, have moved.
func splits(count int) [][]int {
	var all [][]int
	if count <= 5 {
		for set := range 1 << count {
			var moved []int
			for i := range count {
				if set&(1<<i) != 0 {
					moved = append(moved, i)
				}
			}
			all = append(all, moved)
		}
		return all
	}
	for i := range count {
		var others []int
		for j := range count {
			if j != i {
				others = append(others, j)
			}
		}
		all = append(all, []int{i}, others)
	}
	return all
}
