package live

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Detail is the whole of one row, read on demand.
type Detail struct {
	Kind  Kind
	ID    string
	Found bool   // false: deleted meanwhile
	Body  []byte // the content, as the primitive's package gives it: JSON, or plain bytes
	Size  int64  // of the content, of which Body is only the beginning; 0: Body is all of it
	Keys  []RawKey
}

// RawKey is one Redis key that a row is made of.
type RawKey struct {
	Name    string
	Type    string    // "string", "hash" and so on
	Bytes   int64     // what the server says it takes in memory; 0 where it does not say
	Expires time.Time // on our clock; zero: never
}

// Inspect reads one row whole, with the raw keys that stand for it. The keys come also where the content cannot be read:
// their types may tell why.
func (m *Model) Inspect(ctx context.Context, kind Kind, id string) (Detail, error) {
	f, err := m.feed(kind)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Kind: kind, ID: id}
	d.Body, d.Found, err = f.inspect(ctx, id)
	if err != nil && noAnswer(err) {
		return Detail{}, err
	}
	var keysErr error
	d.Keys, keysErr = m.rawKeys(ctx, f.keys(id))
	return d, cmp.Or(err, keysErr)
}

// glanceMost is the content that Glance shows whole. A server that is asked for more may be busy with it for long, and
// so may the line.
const glanceMost = 8 << 20

// Glance is Inspect for a screen: where a raw key is large, the content stays on the server but for its beginning, or
// even that where it is no string.
func (m *Model) Glance(ctx context.Context, kind Kind, id string) (Detail, error) {
	f, err := m.feed(kind)
	if err != nil {
		return Detail{}, err
	}
	keys, err := m.rawKeys(ctx, f.keys(id))
	if err != nil {
		return Detail{}, err
	}
	large := slices.IndexFunc(keys, func(k RawKey) bool { return k.Bytes > glanceMost && (k.Type == "string" || k.Type == "hash") })
	if large < 0 {
		d := Detail{Kind: kind, ID: id, Keys: keys}
		d.Body, d.Found, err = f.inspect(ctx, id)
		if err != nil && noAnswer(err) {
			return Detail{}, err
		}
		return d, err
	}
	k := keys[large]
	d := Detail{Kind: kind, ID: id, Found: true, Keys: keys, Size: k.Bytes}
	if k.Type == "string" {
		var head *redis.StringCmd
		var size *redis.IntCmd
		err = conn.Pipeline(ctx, m.conn, func(p redis.Pipeliner) {
			head, size = p.GetRange(ctx, k.Name, 0, conn.MostUnasked-1), p.StrLen(ctx, k.Name)
		})
		if err != nil {
			return Detail{}, err
		}
		d.Body, d.Size = []byte(head.Val()), size.Val()
	}
	return d, nil
}

// ReadRow reads one row now, whatever the last snapshot holds; nil where it does not exist.
func (m *Model) ReadRow(ctx context.Context, kind Kind, id string) (Row, error) {
	f, err := m.feed(kind)
	if err != nil {
		return nil, err
	}
	rows, err := f.read(ctx, []string{id})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

func (m *Model) rawKeys(ctx context.Context, names []string) ([]RawKey, error) {
	types := make([]*redis.StatusCmd, len(names))
	ttls := make([]*redis.DurationCmd, len(names))
	sizes := make([]*redis.IntCmd, len(names))
	err := conn.Pipeline(ctx, m.conn, func(p redis.Pipeliner) {
		for i, k := range names {
			types[i], ttls[i], sizes[i] = p.Type(ctx, k), p.PTTL(ctx, k), p.MemoryUsage(ctx, k)
		}
	})
	if err != nil {
		return nil, err
	}
	var out []RawKey
	for i, name := range names {
		if types[i].Err() != nil || types[i].Val() == "none" {
			continue
		}
		k := RawKey{Name: name, Type: types[i].Val(), Bytes: sizes[i].Val()}
		if ttl := ttls[i].Val(); ttl >= 0 {
			k.Expires = m.now().Add(ttl)
		}
		out = append(out, k)
	}
	return out, nil
}

// Keys are the raw keys that may make up a row; none for an unknown kind.
func (m *Model) Keys(kind Kind, id string) []string {
	f, err := m.feed(kind)
	if err != nil {
		return nil
	}
	return f.keys(id)
}
