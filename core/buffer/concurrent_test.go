package buffer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/internal/redistest"
)

type record struct {
	Client int `json:"client"`
	N      int `json:"n"`
}

// Concurrent prepares: one gets the batch; every record is in exactly one; one client's records keep their order.
func TestConcurrentPreparesShareOutTheRecords(t *testing.T) {
	const pushers, each = 6, 150
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		var pushing, preparing sync.WaitGroup
		for p := range pushers {
			pushing.Go(func() {
				for n := range each {
					body, _ := json.Marshal(record{p, n})
					if _, err := b.Push(ctx, "s", body); err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		var mu sync.Mutex
		batches := map[int64][]record{}
		for range 3 {
			preparing.Go(func() {
				for last := false; ; {
					batch, found, err := b.PrepareToPersist(ctx, "s", "")
					if err != nil {
						t.Error(err)
						return
					}
					if found {
						mu.Lock()
						if _, twice := batches[batch.At]; twice {
							t.Errorf("timestamp %d was given twice", batch.At)
						}
						batches[batch.At] = decode(t, batch)
						mu.Unlock()
					} else if last {
						return
					}
					select {
					case <-done:
						last = true
					default:
					}
				}
			})
		}
		pushing.Wait()
		close(done)
		preparing.Wait()
		checkRecords(t, batches, pushers, each)
	})
}

func decode(t testing.TB, batch buffer.Batch) []record {
	out := make([]record, len(batch.Records))
	for i, r := range batch.Records {
		if err := json.Unmarshal(r, &out[i]); err != nil {
			t.Error(err)
		}
	}
	return out
}

// checkRecords counts that in the batches, by their timestamps, each client's records 0..each-1 stand once and in order.
func checkRecords(t testing.TB, batches map[int64][]record, clients, each int) {
	t.Helper()
	next := make([]int, clients)
	for _, at := range sortedKeys(batches) {
		for _, r := range batches[at] {
			if r.N != next[r.Client] {
				t.Fatalf("batch %d: record %d of client %d, want %d", at, r.N, r.Client, next[r.Client])
			}
			next[r.Client]++
		}
	}
	for client, n := range next {
		if n != each {
			t.Errorf("client %d has %d records, want %d", client, n, each)
		}
	}
}

type call struct {
	what, record string
}

type answer struct {
	count   int64
	records string
}

// The live buffer as one object: pushes append, a prepare takes all, reads see all, emptying forgets all.
var liveBuffer = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		live, in, out := state.(string), input.(call), output.(answer)
		switch in.what {
		case "push":
			live += in.record
			return out.count == int64(strings.Count(live, "{")), live
		case "prepare":
			return out.records == live, ""
		case "empty":
			return true, ""
		default:
			return out.records == live && out.count == int64(strings.Count(live, "{")), live
		}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprint(input, output) },
}

func TestHistoriesAreLinearizable(t *testing.T) {
	const clients, calls = 4, 60
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		start := time.Now()
		histories := make([][]porcupine.Operation, clients)
		var wg sync.WaitGroup
		for client := range clients {
			wg.Go(func() {
				for i := range calls {
					in := call{what: []string{"push", "push", "push", "prepare", "push", "read", "push", "push", "empty", "read"}[(i+client*3)%10]}
					if in.what == "push" {
						in.record = fmt.Sprintf(`{"c%d":%d}`, client, i)
					}
					called := time.Since(start)
					out, err := run(b, in)
					if err != nil {
						t.Error(err)
						return
					}
					histories[client] = append(histories[client], porcupine.Operation{ClientId: client, Input: in, Call: int64(called), Output: out, Return: int64(time.Since(start))})
				}
			})
		}
		wg.Wait()
		var history []porcupine.Operation
		for _, h := range histories {
			history = append(history, h...)
		}
		if result := porcupine.CheckOperationsTimeout(liveBuffer, history, 20*time.Second); result != porcupine.Ok {
			t.Errorf("%d operations: %v", len(history), result)
		}
	})
}

func run(b *buffer.Buffer, in call) (answer, error) {
	switch in.what {
	case "push":
		s, err := b.Push(ctx, "s", []byte(in.record))
		return answer{count: s.Count}, err
	case "prepare":
		batch, _, err := b.PrepareToPersist(ctx, "s", "")
		return answer{records: strings.Join(texts(batch), "")}, err
	case "empty":
		return answer{}, b.Empty(ctx, "s", 0)
	default:
		batch, err := b.GetContents(ctx, "s", 0)
		return answer{int64(len(batch.Records)), strings.Join(texts(batch), "")}, err
	}
}
