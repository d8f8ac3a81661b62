package live

import (
	"context"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// scanner walks the keyspace of every master in small steps, pass after pass.
type scanner struct {
	client redis.UniversalClient
	match  string
	pass   uint32
	nodes  []redis.UniversalClient // still to walk in this pass; the first is being walked
	cursor uint64
}

// step fetches one page of keys. last tells that it ended a pass; the next step begins a new one.
func (s *scanner) step(ctx context.Context, count int64) (keys []string, last bool, err error) {
	if len(s.nodes) == 0 {
		s.pass++
		s.cursor = 0
		if s.nodes, err = conn.Masters(ctx, s.client); err != nil {
			return nil, false, err
		}
		if len(s.nodes) == 0 {
			return nil, true, nil
		}
	}
	keys, s.cursor, err = s.nodes[0].Scan(ctx, s.cursor, s.match, count).Result()
	if err != nil {
		s.nodes = nil // a pass that missed a page proves nothing: start over
		return nil, false, err
	}
	if s.cursor == 0 {
		s.nodes = s.nodes[1:]
	}
	return keys, len(s.nodes) == 0, nil
}

// matchAny is one SCAN pattern that lets the keys of all feeds pass and keeps most others on the server: one walk of
// the keyspace serves every kind.
func matchAny(feeds []Feed) string {
	seen := map[byte]bool{}
	class := []byte{'['}
	for _, f := range feeds {
		for _, p := range f.patterns {
			if p == "" || p[0] == '*' || p[0] == '?' || p[0] == '[' {
				return "*"
			}
			first := p[0]
			if first == '\\' && len(p) > 1 {
				first = p[1]
			}
			if !seen[first] {
				seen[first] = true
				class = append(class, '\\', first)
			}
		}
	}
	return string(append(class, ']', '*'))
}
