package anykey

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Group is a consumer group of a stream. What the server does not tell is an error beside it.
type Group struct {
	Name      string
	Consumers []Consumer
	Pending   int64  // entries that were delivered and not acknowledged
	Last      string // ID that was delivered last
	Read      int64  // entries that were ever delivered; -1: not known
	Lag       int64  // entries that are still to be delivered
	NoLag     error  // why that is not known

	Entries []Pending // that are pending, the first ones

	NoConsumers, NoEntries error
}

// Consumer is one of a group.
type Consumer struct {
	Name    string
	Pending int64
	IdleMS  int64 // since it last tried to read
}

// Pending is an entry that a consumer got and did not acknowledge.
type Pending struct {
	ID, Consumer string
	IdleMS       int64 // since it was delivered last
	Deliveries   int64
}

// What is read of the groups of a stream, and of each.
const (
	maxGroups    = 50
	maxConsumers = 100
	maxPending   = 100
)

// groups reads the consumer groups of a stream in two trips; at most the first 50 are told in full.
func (r *Rows) groups(ctx context.Context, key string) ([]Group, error) {
	said, err := conn.Ask(ctx, r.c, redis.NewSliceCmd(ctx, "xinfo", "groups", key))
	if err != nil {
		return nil, err
	}
	var out []Group
	for _, one := range said[:min(len(said), maxGroups)] {
		in := fieldsOf(one)
		g := Group{Name: word(in["name"]), Pending: number(in["pending"], 0), Last: word(in["last-delivered-id"]), Read: number(in["entries-read"], -1)}
		lag, tells := in["lag"]
		switch n, is := lag.(int64); {
		case is:
			g.Lag = n
		case !tells:
			g.NoLag = fmt.Errorf("servers before Redis 7 do not tell it")
		default:
			g.NoLag = fmt.Errorf("the server does not know it: entries were deleted, or the group was set to an ID")
		}
		out = append(out, g)
	}
	consumers, pending := make([]*redis.SliceCmd, len(out)), make([]*redis.SliceCmd, len(out))
	err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, g := range out {
			consumers[i] = redis.NewSliceCmd(ctx, "xinfo", "consumers", key, g.Name)
			pending[i] = redis.NewSliceCmd(ctx, "xpending", key, g.Name, "-", "+", maxPending)
			_, _ = p.Process(ctx, consumers[i]), p.Process(ctx, pending[i]) // queues them
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].NoConsumers, out[i].NoEntries = consumers[i].Err(), pending[i].Err()
		list := consumers[i].Val()
		for _, one := range list[:min(len(list), maxConsumers)] {
			in := fieldsOf(one)
			out[i].Consumers = append(out[i].Consumers, Consumer{Name: word(in["name"]), Pending: number(in["pending"], 0), IdleMS: number(in["idle"], 0)})
		}
		for _, one := range pending[i].Val() {
			if e, is := one.([]any); is && len(e) == 4 {
				out[i].Entries = append(out[i].Entries, Pending{ID: word(e[0]), Consumer: word(e[1]), IdleMS: number(e[2], 0), Deliveries: number(e[3], 0)})
			}
		}
	}
	return out, nil
}

// fieldsOf are names and values, which come in turn or as a map.
func fieldsOf(one any) map[string]any {
	out := map[string]any{}
	switch one := one.(type) {
	case []any:
		for i := 0; i+1 < len(one); i += 2 {
			out[word(one[i])] = one[i+1]
		}
	case map[any]any:
		for name, value := range one {
			out[word(name)] = value
		}
	}
	return out
}

func word(v any) string { s, _ := v.(string); return s }

func number(v any, none int64) int64 {
	if n, is := v.(int64); is {
		return n
	}
	return none
}
