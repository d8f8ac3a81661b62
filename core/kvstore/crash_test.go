package kvstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
	"holdfast/internal/redistest"
)

// mortal is a database that a crash leaves with what was synced. Nobody uses the engine between crash and revive.
type mortal struct {
	kvstore.Engine
	crash  func()
	revive func()
}

var mortals = map[string]func(t *testing.T) *mortal{
	"pebble": func(t *testing.T) *mortal {
		disk := vfs.NewCrashableMem()
		open := func() kvstore.Engine {
			s, err := pebbledb.Open("db", pebbledb.Options{FS: disk})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		m := &mortal{Engine: open()}
		t.Cleanup(func() { m.Close() })
		var left *vfs.MemFS
		m.crash = func() { left = disk.CrashClone(vfs.CrashCloneCfg{}) } // the power is cut
		m.revive = func() {
			m.Close()
			disk = left
			m.Engine = open()
		}
		return m
	},
	"redis": func(t *testing.T) *mortal {
		server := redistest.Start(t, synced...)
		return &mortal{onRedis(t, server.Client(t), "db", 0), server.Kill, func() { server.Restart(t) }}
	},
	"cluster": func(t *testing.T) *mortal {
		servers := redistest.StartCluster(t, synced...)
		c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr, servers[1].Addr, servers[2].Addr}})
		t.Cleanup(func() { c.Close() })
		kill := func() {
			for _, s := range servers {
				s.Kill()
			}
		}
		return &mortal{onRedis(t, c, "db", 0), kill, func() { redistest.RestartCluster(t, servers) }}
	},
}

var synced = []string{"--appendonly", "yes", "--appendfsync", "always"}

// prefix is the state that the first n changes of a master make.
func prefix(t *testing.T, m kvstore.ChangePropagator, n uint64) map[string]string {
	t.Helper()
	changes, err := m.LoadChanges(1, int(n))
	if err != nil || uint64(len(changes)) != n {
		t.Fatalf("%d changes of %d: %v", len(changes), n, err)
	}
	state := map[string]string{}
	for _, c := range changes {
		for _, e := range c.Trxns {
			if e.Type == kvstore.TrxnDelete {
				delete(state, string(e.Key))
			} else {
				state[string(e.Key)] = fmt.Sprintf("%q until %d", e.Value, e.ExpireTS)
			}
		}
	}
	return state
}

// One side crashes while a replicator is at work. What comes back is a master that has lost nothing, and a replica that
// is a prefix of it; the replicator goes on from there and applies each change once.
func TestReplicationGoesOnAfterACrashOfEitherSide(t *testing.T) {
	for _, to := range []string{"redis", "cluster"} {
		for _, way := range [][2]string{{"pebble", to}, {to, "pebble"}} {
			for _, victim := range []int{0, 1} {
				t.Run(fmt.Sprintf("%s to %s, %s crashes", way[0], way[1], way[victim]), func(t *testing.T) {
					t.Parallel() // each has servers of its own, and waits for them
					master, replica := mortals[way[0]](t), mortals[way[1]](t)
					crashes(t, master, replica, []*mortal{master, replica}[victim])
				})
			}
		}
	}
}

func crashes(t *testing.T, master, replica, victim *mortal) {
	mutate(t, master, 0, 400)
	want := content(t, master)
	ctx, stop := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	halfway := make(chan struct{})
	begun := sync.OnceFunc(func() { close(halfway) })
	r := kvstore.Replicator{From: master.Engine, To: replica.Engine, Batch: 16, Poll: time.Millisecond, Report: func(p kvstore.Progress) {
		if p.Applied >= 48 {
			begun()
		}
	}}
	busy.Go(func() {
		defer begun()
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	<-halfway
	victim.crash()
	stop()
	busy.Wait()
	victim.revive()

	var applied uint64
	redistest.Eventually(t, "both sides answer", func() bool {
		p, err := kvstore.ReadProgress(master, replica)
		applied = p.Applied
		return err == nil
	})
	if got := content(t, master); !maps.Equal(got, want) {
		t.Fatalf("the master is %v after the crash, and was %v", got, want)
	}
	if got, want := content(t, replica), prefix(t, master, applied); !maps.Equal(got, want) || applied < 32 {
		t.Fatalf("%d applied: %v is no prefix of the master, %v", applied, got, want)
	}

	mutate(t, master, 1, 60)
	if err := catchUp(t, master, replica, false); err != nil {
		t.Fatal(err)
	}
	if got, want := content(t, replica), content(t, master); !maps.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	p, err := kvstore.ReadProgress(master, replica)
	own, _ := replica.GetLatestCommittedChangeNumber()
	if err != nil || p.Lag() != 0 || own != p.Latest {
		t.Errorf("%+v, the replica's own log is at %d, %v", p, own, err)
	}
}
