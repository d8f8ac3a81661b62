package live

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// scanner walks the keyspace of every master in small steps, pass after pass.
type scanner struct {
	client redis.UniversalClient
	match  string
	pass   uint32                  // number of the pass that is walked, from 1
	nodes  []redis.UniversalClient // still to walk in this pass; the first is being walked
	cursor uint64                  // in the first of nodes
}

// step fetches one page of keys. last tells that it ended a pass; the next step begins a new one, on the masters that
// there are then. A pass that meets an error ends there, because what it missed nobody knows: the next step starts over.
func (s *scanner) step(ctx context.Context, count int64) (keys []string, last bool, err error) {
	if len(s.nodes) == 0 {
		s.pass++
		s.cursor = 0
		if s.nodes, err = conn.Masters(ctx, s.client); err != nil {
			return nil, false, err
		}
		if len(s.nodes) == 0 { // an empty pass would take every row for deleted
			return nil, false, fmt.Errorf("%w: the cluster has no master", conn.ErrUnreachable)
		}
	}
	keys, s.cursor, err = s.nodes[0].Scan(ctx, s.cursor, s.match, count).Result()
	if err != nil {
		s.nodes = nil
		return nil, false, err
	}
	if s.cursor == 0 {
		s.nodes = s.nodes[1:]
	}
	return keys, len(s.nodes) == 0, nil
}

// matchAny is one SCAN pattern that lets the keys of all feeds pass and keeps most others on the server, so that one
// walk of the keyspace serves every kind: what all patterns begin with, and the next byte of each.
func matchAny(feeds []Feed) string {
	starts := literals(feeds)
	if len(starts) == 0 {
		return "*"
	}
	common := starts[0]
	for _, s := range starts[1:] {
		for !strings.HasPrefix(s, common) {
			common = common[:len(common)-1]
		}
	}
	var class []byte
	seen := map[byte]bool{}
	for _, s := range starts {
		if s == common {
			return conn.EscapeGlob(common) + "*"
		}
		next := s[len(common)]
		if seen[next] {
			continue
		}
		seen[next] = true
		if strings.IndexByte(`[]^-\`, next) >= 0 { // no other may be escaped: servers differ on what `\r` means in a class
			class = append(class, '\\')
		}
		class = append(class, next)
	}
	return conn.EscapeGlob(common) + "[" + string(class) + "]*"
}

// literals are what the patterns of all feeds begin with.
func literals(feeds []Feed) []string {
	var starts []string
	for _, f := range feeds {
		for _, p := range f.patterns {
			starts = append(starts, literal(p))
		}
	}
	return starts
}

// literal is the text that everything a glob matches begins with.
func literal(glob string) string {
	var text []byte
	for i := 0; i < len(glob); i++ {
		switch glob[i] {
		case '*', '?', '[':
			return string(text)
		case '\\':
			i++
			if i == len(glob) {
				return string(text)
			}
		}
		text = append(text, glob[i])
	}
	return string(text)
}
