package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// cache is one namespace of generations: those of the things that a cache of the shop holds.
type cache struct {
	namespace string
	from      int           // keys are single:<namespace>:<from> and so on, as cascache spells them
	keys      int           // how many things there are
	every     time.Duration // between two invalidations
	hot       bool          // most invalidations hit the first few
	ttl       time.Duration // after which a generation that nobody bumps goes
}

func caches() []cache {
	return []cache{
		{namespace: "product", from: 1001, keys: 24, every: 250 * time.Millisecond, hot: true},
		{namespace: "user", from: 10_001, keys: 60, every: 800 * time.Millisecond},
		{namespace: "session", from: 7001, keys: 40, every: 1200 * time.Millisecond, ttl: 25 * time.Second},
		{namespace: "quote", from: 1, keys: 8, every: 2 * time.Second, hot: true, ttl: 90 * time.Second},
	}
}

func (s *session) castCaches() {
	for _, c := range caches() {
		name := "writer of " + c.namespace
		r := s.stream(name)
		s.before(0, func(ctx context.Context) error {
			for i := range c.keys / 2 {
				if err := s.bump(ctx, c, 2*i); err != nil {
					return err
				}
			}
			return nil
		})
		s.enter(name, about(r, c.every), s.invalidate(r, c))
	}
}

// invalidate bumps the generation of something that was written.
func (s *session) invalidate(r *rand.Rand, c cache) turn {
	return func(ctx context.Context) (time.Duration, error) {
		i := r.IntN(c.keys)
		if c.hot && r.IntN(5) > 0 {
			i = r.IntN(1 + r.IntN(4))
		}
		return about(r, c.every), s.bump(ctx, c, i)
	}
}

func (s *session) bump(ctx context.Context, c cache, i int) error {
	store, err := s.core.GenStore(c.namespace, c.ttl)
	if err == nil {
		_, err = store.Bump(ctx, fmt.Sprintf("single:%s:%d", c.namespace, c.from+i))
	}
	return err
}
