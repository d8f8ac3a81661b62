package buffer_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/core/buffer"
	"holdfast/internal/redistest"
)

func sortedKeys[V any](m map[int64]V) []int64 { return slices.Sorted(maps.Keys(m)) }

// Pushers that retry with their id and a consumer that prepares, persists and empties: kill -9 of the server between
// any two of these loses no acknowledged record, doubles none, and leaves every batch as it was.
func TestKillLosesNothingAndDoublesNothing(t *testing.T) {
	const pushers, each, kills = 3, 120, 5
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	b := buffer.New(server.Client(t), buffer.Options{})
	insist := func(what string, call func() error) {
		var last error
		if err := redistest.Poll(30*time.Second, func() bool { last = call(); return last == nil }); err != nil {
			t.Errorf("%s: %v: %v", what, err, last)
		}
	}

	var acknowledged atomic.Int64
	var pushing, consuming sync.WaitGroup
	for p := range pushers {
		pushing.Go(func() {
			for n := range each {
				body, _ := json.Marshal(record{p, n})
				insist("push", func() error {
					_, err := b.Push(ctx, "s", body, buffer.WithID(fmt.Sprint(p, "/", n)))
					return err
				})
				acknowledged.Add(1)
			}
		})
	}

	persisted := map[int64][]record{} // as on a disk that outlives the server
	drain := func() error {
		batches, err := b.Batches(ctx, "s")
		if err != nil {
			return err
		}
		for _, at := range batches {
			batch, err := b.GetContents(ctx, "s", at)
			if err != nil {
				return err
			}
			records := decode(t, batch)
			if before, again := persisted[at]; again && !slices.Equal(before, records) {
				t.Errorf("batch %d changed from %v to %v", at, before, records)
			}
			persisted[at] = records
			if err := b.Empty(ctx, "s", at); err != nil {
				return err
			}
		}
		_, _, err = b.Prepare(ctx, "s", "")
		return err
	}
	done := make(chan struct{})
	consuming.Go(func() {
		for {
			insist("drain", drain)
			select {
			case <-done:
				insist("drain what came meanwhile", drain)
				insist("drain what that prepared", drain)
				return
			default:
			}
		}
	})

	for k := range int64(kills) {
		redistest.Eventually(t, "pushes go on", func() bool { return acknowledged.Load() >= (k+1)*pushers*each/(kills+1) })
		server.Kill()
		server.Restart(t)
	}
	pushing.Wait()
	close(done)
	consuming.Wait()
	checkRecords(t, persisted, pushers, each)
	if batches, err := b.Batches(ctx, "s"); err != nil || len(batches) != 0 {
		t.Errorf("batches left: %v, %v", batches, err)
	}
}
