package conn

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Masters lists the nodes that hold keys: every master of a cluster, else the one server. That of a sentinel is one that
// has been dialled, so that NodeAddr knows it.
func Masters(ctx context.Context, c redis.UniversalClient) ([]redis.UniversalClient, error) {
	cluster, ok := c.(*redis.ClusterClient)
	if wrapped, is := c.(*Conn); is {
		cluster, ok = wrapped.UniversalClient.(*redis.ClusterClient)
		if wrapped.Mode == Sentinel && wrapped.last.addr() == "" {
			if _, err := Ask(ctx, wrapped, redis.NewStatusCmd(ctx, "ping")); err != nil && !answered(err) {
				return nil, err
			}
		}
	}
	if !ok {
		return []redis.UniversalClient{c}, nil
	}
	var mu sync.Mutex
	var nodes []redis.UniversalClient
	err := during(ctx, c, func(ctx context.Context) error {
		return cluster.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			nodes = append(nodes, node)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return nodes, nil
}

// OwnerAddr is the address of the master that holds a key, as NodeAddr tells it; empty where no master of the cluster does.
func OwnerAddr(ctx context.Context, c *Conn, key string) string {
	cluster, ok := c.UniversalClient.(*redis.ClusterClient)
	if !ok {
		return NodeAddr(c)
	}
	node, err := cluster.MasterForKey(ctx, key)
	if err != nil {
		return ""
	}
	return NodeAddr(node)
}

// Scan hands every key that matches pattern ("" means all) to fn in pages, from every master, each key once. COUNT is
// the work the server does at a time; a page may be empty. Keys written or deleted meanwhile may or may not be seen;
// keys present throughout are. An error of fn ends the scan and is returned; so does a node whose cursor never ends
// (ErrEndlessScan).
func Scan(ctx context.Context, c redis.UniversalClient, pattern string, count int64, fn func(keys []string) error) error {
	nodes, err := Masters(ctx, c)
	if err != nil {
		return err
	}
	seen := make(map[string]struct{})
	for _, node := range nodes {
		for walk := NewWalk(node, pattern, count); !walk.Done(); {
			page, err := walk.Next(ctx)
			if err != nil {
				return err
			}
			fresh := page[:0]
			for _, k := range page {
				if _, dup := seen[k]; !dup {
					seen[k] = struct{}{}
					fresh = append(fresh, k)
				}
			}
			if err := fn(fresh); err != nil {
				return err
			}
		}
	}
	return nil
}

// ScanPage fetches one page of the keys of one node.
func ScanPage(ctx context.Context, node redis.UniversalClient, cursor uint64, pattern string, count int64) (keys []string, next uint64, err error) {
	page := &struct { // of the call, which may still write to it when this has returned
		keys []string
		next uint64
	}{}
	err = during(ctx, node, func(ctx context.Context) (err error) {
		page.keys, page.next, err = node.Scan(ctx, cursor, pattern, count).Result()
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return page.keys, page.next, nil
}

// Got is the answer to one GET of a pipeline.
type Got struct {
	Value []byte
	Found bool
	Err   error // what is wrong with this key alone, such as WRONGTYPE
}

// GetMany reads strings by pipelined GETs, so that keys may lie in any slot and a key of another type is distinguished
// from a missing one (MGET hides both). The answers are in the order of keys. The error is a transport error, never
// that of a key.
func GetMany(ctx context.Context, c redis.UniversalClient, keys []string) ([]Got, error) {
	out := make([]Got, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	cmds := make([]*redis.StringCmd, len(keys))
	err := Pipeline(ctx, c, func(p redis.Pipeliner) {
		for i, k := range keys {
			cmds[i] = p.Get(ctx, k)
		}
	})
	if err != nil {
		return nil, err
	}
	for i, cmd := range cmds {
		b, err := cmd.Bytes()
		switch {
		case err == nil:
			out[i] = Got{Value: b, Found: true}
		case err == redis.Nil:
		default:
			out[i].Err = err
		}
	}
	return out, nil
}
