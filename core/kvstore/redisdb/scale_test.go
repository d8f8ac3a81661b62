package redisdb_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// A backup of HOLDFAST_SCALE_KEYS keys under 5,000 writes/s is the state at its change number. The figures it logs are
// the process's memory while the backup ran, and the longest that a reader had to wait while it was restored.
func TestABackupOfManyKeysUnderWrites(t *testing.T) {
	keys, _ := strconv.Atoi(os.Getenv("HOLDFAST_SCALE_KEYS"))
	if keys <= 0 {
		t.Skip("HOLDFAST_SCALE_KEYS says how many keys; 1000000 takes minutes")
	}
	c := redistest.Single(t)
	s := open(t, c, "db")
	value := bytes.Repeat([]byte("v"), 100)
	var pairs []*kvstore.KVPair
	for i := range keys {
		pairs = append(pairs, &kvstore.KVPair{Key: fmt.Appendf(nil, "customer:%09d", i), Value: value})
		if len(pairs) == 1000 || i == keys-1 {
			put(t, s, pairs...)
			pairs = pairs[:0]
		}
	}
	const writers, perSecond = 16, 5500 // more than asked for, as a writer that is late does not make up for all of it
	stop := make(chan struct{})
	var busy sync.WaitGroup
	var begun, acked, slowest atomic.Int64
	begin := time.Now()
	for range writers {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
				}
				for begun.Load() < int64(time.Since(begin).Seconds()*perSecond) {
					i := begun.Add(1)
					p := &kvstore.KVPair{Key: fmt.Appendf(nil, "customer:%09d", i*7919%int64(keys)), Value: fmt.Appendf(nil, "%0100d", i)}
					sent := time.Now()
					if err := s.Put(p); err != nil {
						t.Error(err)
						return
					}
					acked.Add(1)
					for took := int64(time.Since(sent)); ; {
						if was := slowest.Load(); took <= was || slowest.CompareAndSwap(was, took) {
							break
						}
					}
				}
			}
		})
	}
	debug.FreeOSMemory()
	peak, sampled := 0, make(chan struct{})
	backedUp := make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			select {
			case <-backedUp:
				return
			case <-time.After(20 * time.Millisecond):
				peak = max(peak, resident())
			}
		}
	}()
	path := filepath.Join(t.TempDir(), "backup")
	slowest.Store(0)
	start, before := time.Now(), acked.Load()
	if err := s.BackupTo(path); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	close(backedUp)
	<-sampled
	rate := float64(acked.Load()-before) / took.Seconds()
	slow := time.Duration(slowest.Load())
	close(stop)
	busy.Wait()
	v, err := kvstore.OpenSnapshotFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := v.Change
	v.Close()

	longest, watched := time.Duration(0), make(chan struct{})
	restoredAt := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-restoredAt:
				return
			case <-time.After(time.Millisecond):
				asked := time.Now()
				_ = c.Ping(ctx).Err()
				longest = max(longest, time.Since(asked))
			}
		}
	}()
	start = time.Now()
	_, _, _, _, err = open(t, c, "restored").RestoreFrom(path)
	if err != nil {
		t.Fatal(err)
	}
	restoring := time.Since(start)
	close(restoredAt)
	<-watched

	replay := open(t, c, "replay")
	for n := uint64(0); n < at; {
		list, err := s.LoadChanges(n+1, int(min(at-n, 50)))
		if err != nil {
			t.Fatal(err)
		}
		if n, err = replay.SaveChanges(list); err != nil {
			t.Fatal(err)
		}
	}
	a, b, n := open(t, c, "restored").Iterate(nil), replay.Iterate(nil), 0
	for a.HasNext() && b.HasNext() {
		p, q := a.Next(), b.Next()
		if !bytes.Equal(p.Key, q.Key) || !bytes.Equal(p.Value, q.Value) {
			t.Fatalf("%q is %q, and %q is %q", p.Key, p.Value, q.Key, q.Value)
		}
		n++
	}
	if n != keys || a.HasNext() || b.HasNext() || a.Err() != nil || b.Err() != nil {
		t.Fatalf("%d keys of %d: %v, %v", n, keys, a.Err(), b.Err())
	}
	t.Logf("%d keys under %.0f writes/s, each within %v: backed up in %v with %d MB resident, restored in %v; the server answered within %v",
		keys, rate, slow, took, peak>>20, restoring, longest)
}

// resident is the memory of this process, or 0 where nobody tells.
func resident() int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.Atoi(strings.Fields(string(b))[1])
	return pages * os.Getpagesize()
}
