package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"holdfast/core"
)

// turn lets a player act once and returns how long it rests then. An error says that the turn came to nothing: players
// trust only what the server tells them, so the next turn begins anew.
type turn func(ctx context.Context) (rest time.Duration, err error)

// once plays a turn as a scene.
func (t turn) once(ctx context.Context) error {
	_, err := t(ctx)
	return err
}

type player struct {
	name string
	turn turn
	rest time.Duration // before its first turn
	next time.Time     // when its rest is over
}

// scene is something that happened before the workload begins.
type scene struct {
	ago  time.Duration
	play func(ctx context.Context) error
}

// session has the players and lets them act one after the other.
type session struct {
	core    *core.Core
	seed    int64
	now     time.Time // the server's, during a scene or step
	past    []scene
	players []*player
}

// newSession casts every player. This is the registry of what the demo does: one line a kind of state.
func newSession(c *core.Core, seed int64) *session {
	s := &session{core: c, seed: seed}
	s.castBuffers()
	s.castCaches()
	s.castWorkers()
	s.castActors()
	s.castLocks()
	s.castLeases()
	s.castRecords()
	s.castKV()
	s.castStrangers()
	slices.SortStableFunc(s.past, func(a, b scene) int { return cmp.Compare(b.ago, a.ago) })
	return s
}

// before adds a scene.
func (s *session) before(ago time.Duration, play func(ctx context.Context) error) {
	s.past = append(s.past, scene{ago, play})
}

// enter adds a player whose first turn comes after rest.
func (s *session) enter(name string, rest time.Duration, t turn) {
	s.players = append(s.players, &player{name: name, turn: t, rest: rest})
}

// stream is the random choices of one player. Each has its own, so that a change of one player does not change the others.
func (s *session) stream(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(uint64(s.seed), h.Sum64()))
}

// longAgo is how long before the workload the first scene played.
func (s *session) longAgo() time.Duration { return s.past[0].ago }

// play plays the past, so that some things are old already when the workload begins at start.
func (s *session) play(ctx context.Context, c *clock, start time.Time) error {
	for _, scene := range s.past {
		s.now = start.Add(-scene.ago)
		c.set(s.now)
		if err := scene.play(ctx); err != nil {
			return err
		}
	}
	for _, p := range s.players {
		p.next = start.Add(p.rest)
	}
	return nil
}

// retry is how long a player rests whose turn came to nothing.
const retry = time.Second

// step gives a turn to each player whose rest is over, always in the same order.
func (s *session) step(ctx context.Context, now time.Time) error {
	s.now = now
	var failed []error
	for _, p := range s.players {
		if now.Before(p.next) {
			continue
		}
		rest, err := p.turn(ctx)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.name, err))
			rest = max(rest, retry)
		}
		p.next = now.Add(rest)
	}
	return errors.Join(failed...)
}

// about is a random duration around mean.
func about(r *rand.Rand, mean time.Duration) time.Duration {
	return mean/2 + time.Duration(r.Int64N(int64(mean)))
}

// pick is a random element.
func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
