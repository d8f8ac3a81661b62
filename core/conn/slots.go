package conn

import (
	"context"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"
)

// newCluster makes a client of a cluster whose nodes may announce no host (cluster-preferred-endpoint-type
// unknown-endpoint), which the client library cannot read: such a node is at the host that was asked.
func newCluster(u *redis.UniversalOptions) *redis.ClusterClient {
	o := u.Cluster()
	o.NewClient = func(node *redis.Options) *redis.Client {
		c := redis.NewClient(node)
		c.AddHook(slotMap{node.Addr})
		return c
	}
	return redis.NewClusterClient(o)
}

// slotMap reads CLUSTER SLOTS in the place of the client library. asked is the address of the node that answers.
type slotMap struct{ asked string }

func (m slotMap) DialHook(next redis.DialHook) redis.DialHook { return next }

func (m slotMap) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (m slotMap) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		slots, is := cmd.(*redis.ClusterSlotsCmd)
		if !is {
			return next(ctx, cmd)
		}
		reply := redis.NewSliceCmd(ctx, cmd.Args()...)
		err := next(ctx, reply)
		if err == nil {
			var ranges []redis.ClusterSlot
			if ranges, err = m.ranges(reply.Val()); err == nil {
				slots.SetVal(ranges)
			}
		}
		slots.SetErr(err)
		return err
	}
}

func (m slotMap) ranges(reply []any) ([]redis.ClusterSlot, error) {
	ranges := make([]redis.ClusterSlot, len(reply))
	for i, item := range reply {
		fields, _ := item.([]any)
		if len(fields) < 2 {
			return nil, fmt.Errorf("%w: CLUSTER SLOTS tells %v", ErrNotRedis, item)
		}
		first, isFirst := fields[0].(int64)
		last, isLast := fields[1].(int64)
		if !isFirst || !isLast {
			return nil, fmt.Errorf("%w: CLUSTER SLOTS tells the slots %v to %v", ErrNotRedis, fields[0], fields[1])
		}
		ranges[i] = redis.ClusterSlot{Start: int(first), End: int(last), Nodes: make([]redis.ClusterNode, len(fields)-2)}
		for j, node := range fields[2:] {
			one, _ := node.([]any)
			if len(one) < 2 {
				return nil, fmt.Errorf("%w: CLUSTER SLOTS tells of a node %v", ErrNotRedis, node)
			}
			ranges[i].Nodes[j] = m.node(one)
		}
	}
	return ranges, nil
}

// node reads endpoint, port and what else is told of a node. An endpoint that is null or empty is the host that was
// asked; "?" stands for a host name that the node has not got, beside which its IP is told.
func (m slotMap) node(fields []any) redis.ClusterNode {
	node := redis.ClusterNode{NetworkingMetadata: map[string]string{}}
	if len(fields) > 2 {
		node.ID, _ = fields[2].(string)
	}
	if len(fields) > 3 {
		switch pairs := fields[3].(type) {
		case []any: // RESP2
			for i := 0; i+1 < len(pairs); i += 2 {
				node.NetworkingMetadata[fmt.Sprint(pairs[i])] = fmt.Sprint(pairs[i+1])
			}
		case map[any]any:
			for name, value := range pairs {
				node.NetworkingMetadata[fmt.Sprint(name)] = fmt.Sprint(value)
			}
		}
	}
	host, _ := fields[0].(string)
	if host == "?" {
		host = node.NetworkingMetadata["ip"]
	}
	if host == "" {
		host = hostOf(m.asked)
	}
	node.Addr = net.JoinHostPort(host, fmt.Sprint(fields[1]))
	return node
}
