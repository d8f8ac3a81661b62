package record_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// A slot is moved back and forth, key by key in any order, while readers and writers go on: no record is lost, none is told
// to be absent that is there, and what was acknowledged stays.
func TestNothingIsLostWhileASlotMovesBackAndForth(t *testing.T) {
	t.Parallel()
	servers := redistest.StartCluster(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr, servers[1].Addr, servers[2].Addr}})
	t.Cleanup(func() { c.Close() })
	s := open(t, c)
	kept := grant(t, s, 8*time.Second, true)
	versions := map[record.Key]record.Version{}
	const stable = 40
	for i := range stable {
		key, lease := fmt.Sprintf("s%02d", i), record.LeaseId(record.NoLeaseId)
		if i%2 == 0 {
			lease = kept.Id()
		}
		versions[record.Key(key)] = put(t, s, key, "", lease)
	}
	going, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	var read, written, refused atomic.Int64
	judge := func(what string, err error) bool {
		switch {
		case err == nil:
			return true
		case errors.Is(err, record.ErrNotFound) || errors.Is(err, record.ErrWrongLeaseId):
			t.Errorf("%s: %v", what, err)
		default:
			refused.Add(1)
		}
		return false
	}
	for range 2 {
		workers.Go(func() {
			for going.Err() == nil {
				key := record.Key(fmt.Sprintf("s%02d", rand.IntN(stable)))
				if _, err := s.Get(ctx, key); judge("get "+string(key), err) {
					read.Add(1)
				}
				if all, err := s.GetRange(ctx, "s", "t"); judge("range", err) && len(all) != stable {
					t.Errorf("a range of %d records", len(all))
				}
				_, err := s.GetLease(kept.Id())
				judge("get lease", err)
			}
		})
	}
	acked := map[record.Key]bool{} // false: perhaps
	workers.Go(func() {
		for i := 0; going.Err() == nil; i++ {
			brief, done := context.WithTimeout(ctx, 20*time.Millisecond)
			key := record.Key(fmt.Sprintf("s%02d", rand.IntN(stable)))
			v, err := s.CasByVersion(brief, record.Record{Key: key, Version: versions[key]})
			if judge("cas", err) {
				versions[key] = v
				written.Add(1)
			} else if r, err := s.Get(ctx, key); err == nil {
				versions[key] = r.Version
			}
			mine := record.Key(fmt.Sprint("w", i))
			_, err = s.Create(brief, record.Record{Key: mine, Lease: []record.LeaseId{record.NoLeaseId, kept.Id()}[i%2]})
			acked[mine] = err == nil
			if err == nil && i%3 == 0 {
				if err := s.Delete(brief, mine); err == nil || !errors.Is(err, record.ErrNotFound) {
					delete(acked, mine)
				} else {
					t.Errorf("delete: %v", err)
				}
			}
			done()
		}
	})
	for range 4 {
		move := redistest.StartSlotMove(t, servers, "rec:{ns}:seq")
		keys := move.Keys()
		rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for i, key := range keys[:min(len(keys), 60)] {
			move.Move(key) // or nothing, if it was deleted since
			if n := read.Load(); i%6 == 0 {
				redistest.Eventually(t, "reading goes on", func() bool { return read.Load() > n })
			}
		}
		move.Finish()
		n := written.Load() // between two moves everything works
		redistest.Eventually(t, "writing goes on", func() bool { return written.Load() > n })
	}
	stop()
	workers.Wait()
	t.Logf("%d read, %d written, %d refused", read.Load(), written.Load(), refused.Load())
	if read.Load() == 0 || written.Load() == 0 {
		t.Error("nothing went on")
	}
	if all, err := s.GetRange(ctx, "s", "t"); err != nil || len(all) != stable {
		t.Errorf("%d of %d records are left, %v", len(all), stable, err)
	}
	for key, sure := range acked {
		if _, err := s.Get(ctx, key); sure && err != nil {
			t.Errorf("%s was acknowledged: %v", key, err)
		}
	}
	select {
	case <-kept.Lost():
		t.Error("the lease is lost")
	default:
	}
}

// A lease is kept alive although its deadline and its own key are on different nodes for longer than it lives.
func TestKeepAliveLastsWhileASlotMoves(t *testing.T) {
	t.Parallel()
	servers := redistest.StartCluster(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr, servers[1].Addr, servers[2].Addr}})
	t.Cleanup(func() { c.Close() })
	for i, part := range []string{"exp", "lease"} {
		s := openNS(t, c, "ns", record.Options{})
		l := grant(t, s, time.Second, true)
		key := record.Key(fmt.Sprint("a", i))
		put(t, s, string(key), "", l.Id())
		move := redistest.StartSlotMove(t, servers, "rec:{ns}:seq")
		raw := "rec:{ns}:exp"
		if part == "lease" {
			raw = fmt.Sprint("rec:{ns}:lease:", l.Id())
		}
		move.Move(raw)
		c.Set(ctx, "{other}probe", "", 2100*time.Millisecond) // more than two lives
		redistest.Eventually(t, "time passes", func() bool { return c.Exists(ctx, "{other}probe").Val() == 0 })
		if _, err := s.Get(ctx, key); err != nil {
			t.Errorf("with :%s on another node: %v", part, err)
		}
		if found, err := s.GetLease(l.Id()); err != nil || found.TTL() <= 0 {
			t.Errorf("with :%s on another node: %+v, %v", part, found, err)
		}
		move.Finish()
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}
}
