package genstore_test

import (
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/core/genstore"
)

func TestLocalCountsLikeRedis(t *testing.T) {
	s := genstore.NewLocalGenStore(0, 0)
	for want := uint64(0); want < 3; want++ {
		if got, err := s.Snapshot(ctx, "k"); err != nil || got != want {
			t.Fatalf("snapshot is %d, %v; want %d", got, err, want)
		}
		if got := bump(t, s, "k"); got != want+1 {
			t.Fatalf("bump gave %d, want %d", got, want+1)
		}
	}
	got, err := s.SnapshotMany(ctx, []string{"k", "missing", "k"})
	if want := (map[string]uint64{"k": 3, "missing": 0}); err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err := s.SnapshotMany(ctx, nil); err != nil || got == nil || len(got) != 0 {
		t.Errorf("of nothing: %v, %v; want an empty map", got, err)
	}
}

func TestLocalRefusesTheEmptyKeyAsRedisDoes(t *testing.T) {
	s := genstore.NewLocalGenStore(0, 0)
	_, bumped := s.Bump(ctx, "")
	_, one := s.Snapshot(ctx, "")
	got, many := s.SnapshotMany(ctx, []string{"", "k"})
	for _, err := range []error{bumped, one, many} {
		if !errors.Is(err, genstore.ErrEmptyKey) {
			t.Error(err)
		}
	}
	if len(got) != 1 {
		t.Errorf("got %v beside the bad key", got)
	}
}

func TestLocalBumpsAreDistinct(t *testing.T) {
	const workers, each = 8, 500
	s := genstore.NewLocalGenStore(time.Microsecond, time.Hour)
	defer s.Close(ctx)
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range each {
				gen, _ := s.Bump(ctx, "k")
				if now, _ := s.Snapshot(ctx, "k"); now < gen {
					t.Errorf("snapshot %d after bump %d", now, gen)
				}
				mu.Lock()
				seen[gen] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(seen) != workers*each {
		t.Errorf("%d distinct generations of %d bumps", len(seen), workers*each)
	}
}

// In a synctest bubble time stands still until every goroutine waits, and a goroutine left behind fails the test.
func TestLocalCleanupPrunesWhatWasNotBumpedForTheRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genstore.NewLocalGenStore(time.Minute, 10*time.Minute)
		bump(t, s, "old")
		for range 9 {
			<-time.After(time.Minute)
			bump(t, s, "busy")
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if got, _ := s.Snapshot(ctx, "old"); got != 1 {
			t.Errorf("at the retention exactly the generation is %d, want 1", got)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		got, _ := s.SnapshotMany(ctx, []string{"old", "busy"})
		if want := (map[string]uint64{"old": 0, "busy": 9}); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		for range 2 {
			if err := s.Close(ctx); err != nil {
				t.Error(err)
			}
		}
		<-time.After(time.Hour)
		if got, _ := s.Snapshot(ctx, "busy"); got != 9 {
			t.Errorf("after Close something still prunes: %d", got)
		}
		if got := bump(t, s, "old"); got != 1 {
			t.Errorf("a pruned key starts at %d, want 1", got)
		}
	})
}

func TestLocalCleanupByHand(t *testing.T) {
	for _, s := range []*genstore.LocalGenStore{genstore.NewLocalGenStore(0, time.Second), genstore.NewLocalGenStore(time.Second, 0)} {
		synctest.Test(t, func(t *testing.T) {
			bump(t, s, "k")
			<-time.After(time.Hour)
			for _, r := range []struct {
				retention time.Duration
				want      uint64
			}{{0, 1}, {-time.Second, 1}, {2 * time.Hour, 1}, {time.Minute, 0}} {
				if s.Cleanup(r.retention); true {
					if got, _ := s.Snapshot(ctx, "k"); got != r.want {
						t.Errorf("after Cleanup(%v) the generation is %d, want %d", r.retention, got, r.want)
					}
				}
			}
			if err := s.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}
