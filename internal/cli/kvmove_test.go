package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// A backup that begins while a slot is half moved has every pair, or fails; a replica waits for the end of the move.
func TestKVVerbsWhileASlotMoves(t *testing.T) {
	servers := redistest.StartCluster(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr}})
	defer c.Close()
	m, err := redisdb.Open(c, "db", redisdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var pairs []*kvstore.KVPair
	for i := range 100 {
		pairs = append(pairs, kvPair(fmt.Sprint("k", i), "v", 0))
	}
	if err := m.Put(pairs...); err != nil {
		t.Fatal(err)
	}
	url, dir := "redis://"+servers[0].Addr, t.TempDir()
	path, replica := filepath.Join(dir, "backup"), filepath.Join(dir, "replica")

	move := redistest.StartSlotMove(t, servers, "kv:{db}:seq")
	keys := move.Keys()
	move.Move(keys[:len(keys)/2]...)
	life, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	backup := make(chan answer, 1)
	go func() { backup <- holdfast(t, "backup", "db", path, "--cluster", "--url", url) }()
	told, ended := &lines{}, make(chan int, 1)
	go func() {
		ended <- run(life, []string{"replicate", "--db", "db", "--to", replica, "--from", url, "--cluster", "--refresh", "100ms"}, nil, io.Discard, told)
	}()
	move.Finish()
	if a := <-backup; a.code == done {
		v, err := kvstore.OpenSnapshotFile(path)
		if err != nil || v.Pairs != 100 || a.out != "1 100\n" {
			t.Errorf("%q, %v", a.out, err)
		} else if err := v.Close(); err != nil {
			t.Error(err)
		}
	} else if _, err := kvstore.OpenSnapshotFile(path); err == nil {
		t.Errorf("exit %d, and a file: %s", a.code, a.errors)
	}
	told.wait(t, "1 changes applied, 0 behind")
	stop()
	if code := <-ended; code != done {
		t.Errorf("exit %d: %s", code, told)
	}
	r := openFolder(t, replica)
	defer r.Close()
	if got, want := content(t, r), content(t, m); !maps.Equal(got, want) {
		t.Errorf("%d pairs of %d", len(got), len(want))
	}
}
