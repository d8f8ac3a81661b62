// Package anykey looks into any key of a server, whatever its type and whoever wrote it: it lists the keys under a prefix and
// reads one page by page. Every answer is bounded in number and bytes, and no key is looked for with KEYS. It owns no keys and
// knows what none of them mean; rows of it are read only when they are asked for.
package anykey

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// The kinds: a key, whose row has its name as ID, and a field of a hash, see FieldID.
const (
	Keys   kind.Name = "keys"
	Fields kind.Name = "fields"
)

var schema = kind.NewSchema()

// Columns of the rows of keys. What the server refuses to tell is unknown, with its reason.
var Columns = struct {
	Key, Type kind.Text
	Size      kind.Int // elements; bytes of a string
	Memory    kind.Int // bytes, as MEMORY USAGE estimates them from a sample
	Expires   kind.Time
	Encoding  kind.Text
	Idle      kind.Duration // since it was used, as it was read; servers before Redis 7.2 count our reading of its size as use
}{
	Key: schema.Text("key"), Type: schema.Word("type"), Size: schema.Int("size"), Memory: schema.Int("memory"),
	Expires: schema.Deadline("expires"), Encoding: schema.Word("encoding"), Idle: schema.Duration("idle"),
}

// Rows reads keys. It is the source of the kind Keys, and edits strings.
type Rows struct{ c redis.UniversalClient }

// New reads keys with a client.
func New(c redis.UniversalClient) *Rows { return &Rows{c} }

// Kind of the keys. None of its rows is found by a pass over the keyspace.
func (r *Rows) Kind() kind.Kind {
	return kind.Kind{Name: Keys, Schema: schema, Source: r, Documents: stringDocs(r.c)}
}

// Patterns are none: see List.
func (r *Rows) Patterns() []string { return nil }

// Identify finds none.
func (r *Rows) Identify(string) (string, bool) { return "", false }

// Keys of a row is its ID.
func (r *Rows) Keys(id string) []string { return []string{id} }

// Inspect is the first page of a key: see InspectPage.
func (r *Rows) Inspect(ctx context.Context, id string) ([]byte, bool, error) {
	body, _, _, found, err := r.InspectPage(ctx, id, "")
	return body, found, err
}

// InspectPage is a page of a key as a screen shows it: the bytes of a string, else JSON. next is where the page after it
// begins, empty if there is none; part says which elements these are, empty if they are all.
func (r *Rows) InspectPage(ctx context.Context, id, from string) (body []byte, next, part string, found bool, err error) {
	p, err := r.Page(ctx, id, from, OnScreen)
	if err != nil || p.Type == "none" {
		return nil, "", "", false, err
	}
	if p.Type == "string" {
		return []byte(p.Value), p.Next, p.Part(), true, nil
	}
	body, err = json.Marshal(p)
	return body, p.Next, p.Part(), true, err
}

// maxDescribed is how many keys are described in one pipeline.
const maxDescribed = 250

// Read describes keys, in two trips for every 250. Those that are gone are left out.
func (r *Rows) Read(ctx context.Context, keys []string) (rows []kind.Row, err error) {
	for len(keys) > 0 {
		n := min(len(keys), maxDescribed)
		some, err := r.describe(ctx, keys[:n])
		if err != nil {
			return nil, err
		}
		rows, keys = append(rows, some...), keys[n:]
	}
	return rows, nil
}

// described are the answers to what is asked of a key.
type described struct {
	typ, encoding     *redis.StatusCmd
	ttl, idle, memory *redis.IntCmd
	size              *redis.IntCmd // nil: its type is not known, or has no length
}

func (r *Rows) describe(ctx context.Context, keys []string) ([]kind.Row, error) {
	all, asked := make([]described, len(keys)), time.Now()
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, key := range keys { // the idle time first: what comes later may count as use
			d := &all[i]
			d.idle, d.encoding = redis.NewIntCmd(ctx, "object", "idletime", key), redis.NewStatusCmd(ctx, "object", "encoding", key)
			_, _ = p.Process(ctx, d.idle), p.Process(ctx, d.encoding) // queues them
			d.typ, d.ttl, d.memory = p.Type(ctx, key), conn.PTTL(ctx, p, key), p.MemoryUsage(ctx, key, memorySamples)
		}
	})
	if err == nil {
		err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
			for i, key := range keys {
				if ask, known := lengths[all[i].typ.Val()]; known && all[i].typ.Err() == nil {
					all[i].size = redis.NewIntCmd(ctx, ask, key)
					_ = p.Process(ctx, all[i].size)
				}
			}
		})
	}
	if err != nil {
		return nil, conn.Fail("anykey: describe", keys[0], err)
	}
	b := schema.Builder(len(keys))
	for i, key := range keys {
		if all[i].typ.Err() == nil && all[i].typ.Val() == "none" {
			continue
		}
		b.Row(key)
		all[i].pack(b, key, asked)
	}
	return b.Rows(), nil
}

// memorySamples is how many elements MEMORY USAGE looks at.
const memorySamples = 5

// lengths are the commands that tell the length of each type.
var lengths = map[string]string{"string": "strlen", "hash": "hlen", "list": "llen", "set": "scard", "zset": "zcard", "stream": "xlen"}

func (d *described) pack(b *kind.Builder, key string, asked time.Time) {
	c := Columns
	c.Key.Set(b, key)
	c.Type.Set(b, d.typ.Val())
	c.Type.Unknown(b, d.typ.Err())
	switch {
	case d.size != nil:
		c.Size.Set(b, d.size.Val())
		c.Size.Unknown(b, gone(d.size.Err()))
	case d.typ.Err() != nil:
		c.Size.Unknown(b, fmt.Errorf("its type is not known: %w", d.typ.Err()))
	default:
		c.Size.Unknown(b, fmt.Errorf("a %s has no length that is known here", d.typ.Val()))
	}
	c.Memory.Set(b, d.memory.Val())
	c.Memory.Unknown(b, gone(d.memory.Err()))
	if d.ttl.Err() == nil {
		c.Expires.Set(b, conn.Deadline(asked, d.ttl.Val()))
	}
	c.Expires.Unknown(b, d.ttl.Err())
	c.Encoding.Set(b, d.encoding.Val())
	c.Encoding.Unknown(b, gone(d.encoding.Err()))
	c.Idle.Set(b, time.Duration(d.idle.Val())*time.Second)
	c.Idle.Unknown(b, gone(d.idle.Err()))
}

// gone says of an answer that there is nothing what it means: the key went between two questions.
func gone(err error) error {
	if err == redis.Nil {
		return errGone
	}
	return err
}
