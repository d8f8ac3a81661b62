package genstore_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/internal/redistest"
)

func TestConcurrentBumpsAreDistinctAndRising(t *testing.T) {
	const workers, each = 8, 100
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		for name, s := range stores(c) {
			t.Run(name, func(t *testing.T) {
				got := make([][]uint64, workers)
				var all sync.WaitGroup
				for w := range workers {
					all.Go(func() {
						for range each {
							gen, err := s.Bump(ctx, name)
							if err != nil {
								t.Error(err)
								return
							}
							got[w] = append(got[w], gen)
						}
					})
				}
				all.Wait()
				for w, own := range got {
					if !slices.IsSorted(own) {
						t.Errorf("worker %d saw a later bump give a smaller generation: %v", w, own)
					}
				}
				values := slices.Concat(got...)
				slices.Sort(values)
				for i, v := range values {
					if v != values[0]+uint64(i) {
						t.Fatalf("the %dth generation is %d: one is missing or was given twice", i+1, v)
					}
				}
			})
		}
	})
}

type call struct {
	bump bool
	keys int // SnapshotMany reads this counter among others
}

// counter is what a generation must look like from outside: each bump adds one and answers the sum, each snapshot
// answers it.
var counter = porcupine.Model{
	Init: func() any { return uint64(0) },
	Step: func(state, input, output any) (bool, any) {
		was, got := state.(uint64), output.(uint64)
		if input.(call).bump {
			return got == was+1, got
		}
		return got == was, was
	},
}

func TestHistoriesAreLinearizable(t *testing.T) {
	const workers, each = 6, 60
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		s := genstore.NewRedisGenStoreWithTTL(c, "ns", time.Hour)
		start := time.Now()
		history := make([][]porcupine.Operation, workers)
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				for i := range each {
					in := call{bump: (w+i)%2 == 0, keys: i % 3}
					op := porcupine.Operation{ClientId: w, Input: in, Call: time.Since(start).Nanoseconds()}
					got, err := in.do(s)
					if err != nil {
						t.Error(err)
						return
					}
					op.Output, op.Return = got, time.Since(start).Nanoseconds()
					history[w] = append(history[w], op)
				}
			})
		}
		all.Wait()
		if !porcupine.CheckOperations(counter, slices.Concat(history...)) {
			t.Error("no order of the calls explains what they answered")
		}
	})
}

func (in call) do(s *genstore.RedisGenStore) (uint64, error) {
	switch {
	case in.bump:
		return s.Bump(ctx, "k")
	case in.keys == 0:
		return s.Snapshot(ctx, "k")
	default:
		got, err := s.SnapshotMany(ctx, []string{"other", "k", "more"})
		return got["k"], err
	}
}

// go-redis reads MaxRetries: 0 as 3 and so bumped twice for one lost reply (measured).
func TestALostReplyNeverBumpsTwice(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		for i, ttl := range []time.Duration{0, time.Hour} {
			key := fmt.Sprint("k", i)
			bump(t, genstore.NewRedisGenStoreWithTTL(c, "ns", ttl), key)
			dial := redistest.LoseReplies(2)
			var lossy redis.UniversalClient
			if _, cluster := c.(*redis.ClusterClient); cluster {
				lossy = redis.NewClusterClient(&redis.ClusterOptions{Addrs: redistest.ClusterAddrs(t), Dialer: dial.Dial})
			} else {
				lossy = redis.NewClient(&redis.Options{Addr: c.(*redis.Client).Options().Addr, Dialer: dial.Dial})
			}
			defer lossy.Close()
			if _, err := genstore.NewRedisGenStore(lossy, "ns").Snapshot(ctx, key); err != nil { // dials the key's node
				t.Fatal(err)
			}
			dial.Arm()
			if _, err := genstore.NewRedisGenStoreWithTTL(lossy, "ns", ttl).Bump(ctx, key); !conn.Unreachable(err) {
				t.Errorf("TTL %v: a lost reply is told as %v", ttl, err)
			}
			if got, err := genstore.NewRedisGenStore(c, "ns").Snapshot(ctx, key); err != nil || got != 2 {
				t.Errorf("TTL %v: bumped %d times for one call, %v", ttl, got-1, err)
			}
		}
	})
}
