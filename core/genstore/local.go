package genstore

import (
	"context"
	"sync"
	"time"

	"holdfast/core/conn"
)

// LocalGenStore keeps generations in this process (seed 001). It is safe for concurrent use and works on after Close;
// contexts are ignored because nothing blocks.
type LocalGenStore struct {
	mu   sync.RWMutex
	gens map[string]localGen

	stop    func()        // ends the cleanup goroutine
	stopped chan struct{} // closed once it has ended
}

type localGen struct {
	gen    uint64
	bumped time.Time
}

// NewLocalGenStore makes an empty store. With both durations above zero a goroutine calls Cleanup(retention) every
// cleanupInterval until Close.
func NewLocalGenStore(cleanupInterval, retention time.Duration) *LocalGenStore {
	s := &LocalGenStore{gens: make(map[string]localGen), stop: func() {}, stopped: make(chan struct{})}
	if cleanupInterval <= 0 || retention <= 0 {
		close(s.stopped)
		return s
	}
	quit := make(chan struct{})
	s.stop = sync.OnceFunc(func() { close(quit) })
	go func() {
		defer close(s.stopped)
		tick := time.NewTicker(cleanupInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.Cleanup(retention)
			case <-quit:
				return
			}
		}
	}()
	return s
}

// Bump adds one to the generation of k and returns it; a new key starts at 1.
func (s *LocalGenStore) Bump(_ context.Context, k string) (uint64, error) {
	if k == "" {
		return 0, conn.Fail(opBump, k, ErrEmptyKey)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	gen := s.gens[k].gen + 1
	s.gens[k] = localGen{gen: gen, bumped: time.Now()}
	return gen, nil
}

// Snapshot returns the generation of k, 0 if it was never bumped or has been pruned.
func (s *LocalGenStore) Snapshot(_ context.Context, k string) (uint64, error) {
	if k == "" {
		return 0, conn.Fail(opSnapshot, k, ErrEmptyKey)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.gens[k].gen, nil
}

// SnapshotMany returns the generations of all keys at one instant; those of missing ones are 0.
func (s *LocalGenStore) SnapshotMany(_ context.Context, ks []string) (map[string]uint64, error) {
	out := make(map[string]uint64, len(ks))
	var err error
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, k := range ks {
		if k == "" {
			err = conn.Fail(opSnapshot, k, ErrEmptyKey)
			continue
		}
		out[k] = s.gens[k].gen
	}
	return out, err
}

// Cleanup forgets the keys that were last bumped more than retention ago; their next bump repeats generation 1. A
// retention of zero or less forgets nothing.
func (s *LocalGenStore) Cleanup(retention time.Duration) {
	if retention <= 0 {
		return
	}
	cutoff := time.Now().Add(-retention)
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, g := range s.gens {
		if g.bumped.Before(cutoff) {
			delete(s.gens, k)
		}
	}
}

// Close ends the cleanup goroutine, if there is one, and waits until it is gone.
func (s *LocalGenStore) Close(context.Context) error {
	s.stop()
	<-s.stopped
	return nil
}
