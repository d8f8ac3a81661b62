package redisdb_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// state is what a log makes of nothing.
type state map[string]string

func (s state) apply(c *kvstore.ChangeRecord) {
	for _, r := range c.Trxns {
		if r.Type == kvstore.TrxnPut {
			s[string(r.Key)] = string(r.Value)
		} else {
			delete(s, string(r.Key))
		}
	}
}

// follow applies the changes from a number up to the last and returns the number after it.
func (s state) follow(t *testing.T, e kvstore.ChangePropagator, from uint64) uint64 {
	t.Helper()
	end, err := e.GetLatestCommittedChangeNumber()
	if err != nil {
		t.Fatal(err)
	}
	for from <= end {
		list, err := e.LoadChanges(from, 5000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if c.ChangeNumber != from {
				t.Fatalf("change %d where %d should be", c.ChangeNumber, from)
			}
			s.apply(c)
			from++
		}
	}
	return from
}

// is checks that a store holds exactly this.
func (s state) is(t *testing.T, what string, e kvstore.KVStore) {
	t.Helper()
	n := 0
	it := e.Iterate(nil)
	defer it.Close()
	for it.HasNext() {
		p := it.Next()
		if v, ok := s[string(p.Key)]; !ok || v != string(p.Value) {
			t.Fatalf("%s: %q is %q, its log says %q", what, p.Key, p.Value, v)
		}
		n++
	}
	if it.Err() != nil || n != len(s) {
		t.Fatalf("%s holds %d pairs, its log says %d: %v", what, n, len(s), it.Err())
	}
}

// The server is killed under load, over and over (HOLDFAST_CRASH_LOOPS times). With appendonly and fsync always nothing
// that was acknowledged is lost, numbers have no gap, the log replays to the state, and a replica on the same server is
// some prefix of its master.
func TestKillingTheServerLosesNothing(t *testing.T) {
	loops, _ := strconv.Atoi(os.Getenv("HOLDFAST_CRASH_LOOPS"))
	if loops <= 0 {
		loops = 3
	}
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")
	c := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: 3, DialerRetries: 1})
	defer c.Close()
	master, replica := open(t, c, "master"), open(t, c, "replica")
	const writers = 4
	var acked, tried [writers]atomic.Int64 // the counter that each writer counts up in its own key
	masterState, replicaState := state{}, state{}
	next, copied := uint64(1), uint64(1)
	for loop := range loops {
		var busy sync.WaitGroup
		for w := range writers {
			busy.Go(func() {
				for i := 0; ; i++ {
					n := tried[w].Add(1)
					own := &kvstore.KVPair{Key: fmt.Append(nil, "own", w), Value: fmt.Append(nil, n)}
					err := master.Put(own, pair(fmt.Sprint("shared", i%17), fmt.Sprint(w, n)))
					if err == nil {
						acked[w].Store(n)
						switch i % 3 {
						case 0:
							err = master.Delete(fmt.Append(nil, "shared", i%5))
						case 1:
							_, err = master.CompareAndSet(&kvstore.CompareAndSetRequest{Key: fmt.Append(nil, "made", i%7), NewValue: own.Value})
						}
					}
					if err != nil {
						return
					}
				}
			})
		}
		busy.Go(func() {
			for {
				n, err := replica.GetLatestAppliedChangeNumber()
				if err != nil {
					return
				}
				list, err := master.LoadChanges(n+1, 50)
				if err == nil {
					_, err = replica.SaveChanges(list)
				}
				if err != nil {
					return
				}
			}
		})
		start, enough := acked[0].Load(), int64(20+loop%10*10)
		if err := redistest.Poll(20*time.Second, func() bool { return acked[0].Load() >= start+enough }); err != nil {
			t.Fatal(err)
		}
		server.Kill()
		busy.Wait()
		server.Restart(t)

		next = masterState.follow(t, master, next)
		masterState.is(t, "the master", master)
		for w := range writers {
			n, _ := strconv.ParseInt(masterState[fmt.Sprint("own", w)], 10, 64)
			if n < acked[w].Load() || n > tried[w].Load() {
				t.Fatalf("loop %d: writer %d had acknowledged %d of %d, and %d is there", loop, w, acked[w].Load(), tried[w].Load(), n)
			}
		}
		copied = replicaState.follow(t, replica, copied)
		replicaState.is(t, "the replica", replica)
		applied, err := replica.GetLatestAppliedChangeNumber()
		if err != nil || applied != copied-1 || applied >= next {
			t.Fatalf("loop %d: the replica applied %d, logged %d, of %d: %v", loop, applied, copied-1, next-1, err)
		}
	}
	fromFirst, prefix := state{}, state{}
	fromFirst.follow(t, master, 1)
	fromFirst.is(t, "the master, from its first change", master)
	list, err := master.LoadChanges(1, int(copied-1))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range list {
		prefix.apply(change)
	}
	prefix.is(t, "the replica, from its master's changes", replica)
	t.Logf("killed %d times: %d changes, of which the replica has %d", loops, next-1, copied-1)
}
