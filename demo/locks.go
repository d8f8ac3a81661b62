package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/core/actorstore"
)

// contenders is how many processes want the same few locks.
const contenders = 8

func contended() []string {
	return []string{"job:invoice-run", "job:reindex", "deploy:checkout", "order:104211", "customer:12034"}
}

// longLock is held for minutes by one process, which does not give it back before its end.
const longLock = "migration:orders-v7"

func (s *session) castLocks() {
	for i := range contenders {
		name := fmt.Sprintf("batch-%d", i)
		r := s.stream(name)
		contend := s.contender(r, name)
		s.before(0, contend.once)
		s.enter(name, about(r, time.Second), contend)
	}
	r := s.stream("migrator")
	migrate := turn(func(ctx context.Context) (time.Duration, error) {
		_, err := s.core.Actors.AcquireLock(ctx, s.lock(longLock), fmt.Sprintf("migrator/%08x", r.Uint32()), 40*time.Minute)
		return about(r, time.Minute), err
	})
	s.before(8*time.Minute, migrate.once)
	s.enter("migrator", time.Minute, migrate)
}

func (s *session) lock(name string) string { return s.core.Prefixes.Of(actorstore.LockPrefix) + name }

// contender takes a lock if it is free, works under it, and gives it back; now and then it crashes instead, and the lock
// runs out.
func (s *session) contender(r *rand.Rand, name string) turn {
	var key, token string // of the lock it holds
	return func(ctx context.Context) (time.Duration, error) {
		if key != "" {
			held := key
			key = ""
			if r.IntN(8) == 0 {
				return about(r, 5*time.Second), nil
			}
			return about(r, time.Second), s.core.Actors.ReleaseLock(ctx, held, token)
		}
		wanted := s.lock(pick(r, contended()))
		token = fmt.Sprintf("%s/%08x", name, r.Uint32())
		ok, err := s.core.Actors.AcquireLock(ctx, wanted, token, about(r, 12*time.Second))
		if !ok || err != nil {
			return about(r, 700*time.Millisecond), err
		}
		key = wanted
		return about(r, 2500*time.Millisecond), nil
	}
}
