package kvstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// engines open an empty database of each engine, and of a Redis Cluster, whose log keeps so many changes (0: all).
var engines = map[string]func(t testing.TB, name string, keep int) kvstore.Engine{
	"pebble": func(t testing.TB, name string, keep int) kvstore.Engine {
		s, err := pebbledb.Open(name, pebbledb.Options{FS: vfs.NewMem(), KeepChanges: uint64(keep)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	},
	"redis": func(t testing.TB, name string, keep int) kvstore.Engine {
		return onRedis(t, redistest.Single(t), name, keep)
	},
	"cluster": func(t testing.TB, name string, keep int) kvstore.Engine {
		return onRedis(t, redistest.Cluster(t), name, keep)
	},
}

func onRedis(t testing.TB, c redis.UniversalClient, name string, keep int) kvstore.Engine {
	t.Helper()
	s, err := redisdb.Open(c, name, redisdb.Options{Retain: int64(keep)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// directions runs a test for every pair of different engines.
func directions(t *testing.T, keep int, f func(t *testing.T, master, replica kvstore.Engine)) {
	for from, master := range engines {
		for to, replica := range engines {
			if from != to {
				t.Run(from+" to "+to, func(t *testing.T) { f(t, master(t, "master", keep), replica(t, "replica", 0)) })
			}
		}
	}
}

// mutate does some of everything; the values tell when.
func mutate(t testing.TB, s kvstore.KVStore, round, n int) {
	t.Helper()
	for i := range n {
		key, value := fmt.Appendf(nil, "k\xff\x00%d", i*i%37), fmt.Append(nil, round, i)
		var err error
		switch i % 4 {
		case 0:
			_, err = s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: key, NewValue: value})
		case 1:
			err = s.Put(&kvstore.KVPair{Key: key, Value: value, ExpireTS: uint64(time.Now().Unix()) + 1000}, &kvstore.KVPair{Key: []byte("empty")})
		case 2:
			err = s.Put(&kvstore.KVPair{Key: key, Value: value})
		case 3:
			err = s.Delete(key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func content(t testing.TB, s kvstore.KVStore) map[string]string {
	t.Helper()
	state := map[string]string{}
	err := kvstore.NewIteration(s, nil).ForEach(func(p *kvstore.KVPair) error {
		state[string(p.Key)] = fmt.Sprintf("%q until %d", p.Value, p.ExpireTS)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// catchUp replicates until nothing is left; stopEarly ends it after the first batch.
func catchUp(t testing.TB, from kvstore.ChangePropagator, to kvstore.ChangeApplier, stopEarly bool) error {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := kvstore.Replicator{From: from, To: to, Batch: 16, Poll: time.Millisecond, Report: func(p kvstore.Progress) {
		if p.Lag() == 0 || stopEarly {
			stop()
		}
	}}
	if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func TestAMasterOnEitherEngineFeedsAReplicaOnTheOther(t *testing.T) {
	directions(t, 0, func(t *testing.T, master, replica kvstore.Engine) {
		for round := range 4 {
			mutate(t, master, round, 60)
			if err := catchUp(t, master, replica, true); err != nil { // interrupted, then resumed by two at once
				t.Fatal(err)
			}
			var busy sync.WaitGroup
			for range 2 {
				busy.Go(func() {
					if err := catchUp(t, master, replica, false); err != nil {
						t.Error(err)
					}
				})
			}
			busy.Wait()
			if want, got := content(t, master), content(t, replica); !maps.Equal(got, want) || len(want) == 0 {
				t.Fatalf("round %d: %v, want %v", round, got, want)
			}
		}
		p, err := kvstore.ReadProgress(master, replica)
		own, _ := replica.GetLatestCommittedChangeNumber()
		if err != nil || p.Lag() != 0 || own != p.Latest {
			t.Errorf("%+v, the replica's own log is at %d, %v", p, own, err)
		}
	})
}

func TestTrimmedHistoryStopsAReplicatorAndASnapshotHelps(t *testing.T) {
	directions(t, 10, func(t *testing.T, master, replica kvstore.Engine) {
		mutate(t, replica, 9, 8)
		mutate(t, master, 0, 800)
		if err := catchUp(t, master, replica, false); !errors.Is(err, kvstore.ErrTrimmed) {
			t.Fatal(err)
		}
		if err := kvstore.Bootstrap(t.Context(), master, replica); err != nil {
			t.Fatal(err)
		}
		mutate(t, master, 1, 9)
		if err := catchUp(t, master, replica, false); err != nil {
			t.Fatal(err)
		}
		if want, got := content(t, master), content(t, replica); !maps.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestABackupOfOneEngineRestoresOnTheOther(t *testing.T) {
	directions(t, 0, func(t *testing.T, one, other kvstore.Engine) {
		mutate(t, one, 0, 60)
		want := content(t, one)
		path := filepath.Join(t.TempDir(), "backup")
		if err := one.BackupTo(path); err != nil {
			t.Fatal(err)
		}
		mutate(t, one, 1, 60)
		restored, _, propagator, applier, err := other.RestoreFrom(path)
		if err != nil {
			t.Fatal(err)
		}
		defer restored.Close()
		if got := content(t, restored); !maps.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		n, _ := propagator.GetLatestCommittedChangeNumber()
		applied, err := applier.GetLatestAppliedChangeNumber()
		if err != nil || n == 0 || applied != 0 {
			t.Errorf("at change %d, applied %d, %v", n, applied, err)
		}
	})
}
