package operate_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// stopped carries out an action on a server that answers nothing from command n on, and ends its context then. Nothing but
// that ends the action: the client waits for an hour.
func stopped(t *testing.T, n int, act func(ctx context.Context, s *stage, on seen) error) (err error, fewer bool) {
	t.Helper()
	c := redistest.Single(t)
	on := newStage(t, c, connected(t, c), operate.Options{}).populate(t)
	gate := redistest.NewGate(t, c.Options().Addr, func(i int, _ string) redistest.Hold {
		if i == n {
			return redistest.Before
		}
		return redistest.Pass
	})
	s := newStage(t, c, conn.Options{URLs: []string{gate.URL()}, Timeout: time.Hour}, operate.Options{})
	defer s.core.Close() // the gate waits for its clients
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- act(ctx, s, on) }()
	select {
	case err := <-done:
		return err, true
	case <-gate.Held():
	}
	cancel()
	return <-done, false
}

// Wherever a server stops, an action under way ends with its context and says so; or it had been carried out before.
func TestEveryActionEndsWithItsContext(t *testing.T) {
	acts := map[string]func(ctx context.Context, s *stage, on seen) error{}
	for name := range everyAction(t, single(t, operate.Options{}), seen{}) {
		acts[name] = func(ctx context.Context, s *stage, on seen) error {
			_, err := s.Do(ctx, everyAction(t, s, on)[name])
			return err
		}
		acts["Undo "+name] = func(ctx context.Context, s *stage, on seen) error {
			out, err := s.Do(ctx, everyAction(t, s, on)[name])
			if err == nil && out.Undo != nil {
				_, err = s.Do(ctx, *out.Undo)
			}
			return err
		}
	}
	for _, one := range editable[:3] {
		acts["Load "+string(one.of)] = func(ctx context.Context, s *stage, _ seen) error {
			_, err := s.Load(ctx, one.of, one.id)
			return err
		}
	}
	acts["Look"] = func(ctx context.Context, s *stage, _ seen) error {
		_, err := s.Look(ctx, "generations", "unreadable")
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(acts)) {
		t.Run(name, func(t *testing.T) {
			for n := 0; ; n++ {
				err, fewer := stopped(t, n, acts[name])
				if fewer {
					if n < 2 {
						t.Errorf("only %d commands were sent", n)
					}
					return
				}
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("stopped at command %d it returned %v", n, err)
				}
			}
		})
	}
}
