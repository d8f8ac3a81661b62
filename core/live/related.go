package live

import (
	"context"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Related is a document under a key of its own that a row names and that no view lists.
type Related struct {
	Key     string
	Body    []byte // its beginning
	Size    int64  // of all of it
	Problem error  // why it cannot be read
}

// maxRelatedBody is how much of a related document is read.
const maxRelatedBody = 64 << 10

// related reads the documents that a row names, those that are there.
func (m *Model) related(ctx context.Context, keys []string) ([]Related, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	heads, sizes := make([]*redis.StringCmd, len(keys)), make([]*redis.IntCmd, len(keys))
	err := conn.Pipeline(ctx, m.conn, func(p redis.Pipeliner) {
		for i, key := range keys {
			heads[i], sizes[i] = p.GetRange(ctx, key, 0, maxRelatedBody-1), p.StrLen(ctx, key)
		}
	})
	if err != nil {
		return nil, err
	}
	var out []Related
	for i, key := range keys {
		one := Related{Key: key, Body: []byte(heads[i].Val()), Size: max(sizes[i].Val(), int64(len(heads[i].Val()))), Problem: heads[i].Err()}
		if one.Size > 0 || one.Problem != nil {
			out = append(out, one)
		}
	}
	return out, nil
}
