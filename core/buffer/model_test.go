package buffer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/buffer"
	"holdfast/internal/redistest"
)

// model is what a store ought to hold after a sequence of calls.
type model struct {
	live    []string
	first   time.Time // of the live buffer
	batches map[int64][]string
	firsts  map[int64]time.Time
	done    map[string]bool // operation ids
	locks   map[int64]string
	last    int64 // newest timestamp
	next    int   // serial number of the next record
}

// Every sequence of calls leaves what the contract says: count = list length, size = sum, keys = union, first write =
// first push since the swap, each record in one place, batches immutable, timestamps distinct.
func TestBufferFollowsItsModel(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		rapid.Check(t, func(t *rapid.T) {
			b, _ := fresh(c)
			stores := map[string]*model{}
			for _, s := range []string{"s", "a:{b}"} {
				stores[s] = &model{batches: map[int64][]string{}, firsts: map[int64]time.Time{}, done: map[string]bool{}, locks: map[int64]string{}}
			}
			touched := "s"
			pick := func(t *rapid.T) (string, *model) {
				touched = rapid.SampledFrom([]string{"s", "a:{b}"}).Draw(t, "store")
				return touched, stores[touched]
			}
			anyAt := func(t *rapid.T, m *model) int64 {
				return rapid.SampledFrom(append(slices.Sorted(maps.Keys(m.batches)), 0, 4711)).Draw(t, "at")
			}
			t.Repeat(map[string]func(*rapid.T){
				"push": func(t *rapid.T) {
					s, m := pick(t)
					names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "", "ü\""}), 0, 3, rapid.ID).Draw(t, "names")
					record := map[string]int{}
					for _, n := range names {
						record[n] = m.next
					}
					body, _ := json.Marshal(record)
					m.next++
					var opts []buffer.PushOption
					id := rapid.SampledFrom([]string{"", "", "x", "y", "z"}).Draw(t, "id")
					if id != "" {
						opts = append(opts, buffer.WithID(id))
					}
					got, err := b.Push(ctx, s, body, opts...)
					if err != nil || got.Repeated != m.done[id] {
						t.Fatalf("push: %+v, %v", got, err)
					}
					if !got.Repeated {
						m.live = append(m.live, string(body))
						if len(m.live) == 1 {
							m.first = got.FirstWrite
						}
						m.done[id] = id != ""
					}
					got.Repeated = false
					if want := stats(m.live, m.first); fmt.Sprint(got) != fmt.Sprint(want) {
						t.Fatalf("push told %+v, want %+v", got, want)
					}
				},
				"prepare": func(t *rapid.T) {
					s, m := pick(t)
					token := rapid.SampledFrom([]string{m.locks[0], "another's", ""}).Draw(t, "token")
					batch, found, err := b.PrepareToPersist(ctx, s, token)
					if holder := m.locks[0]; holder != "" && holder != token {
						if !errors.Is(err, buffer.ErrLocked) {
							t.Fatalf("locked, yet %v, %v", found, err)
						}
						return
					}
					delete(m.locks, 0)
					if err != nil || found != (len(m.live) > 0) || !slices.Equal(texts(batch), m.live) && found {
						t.Fatalf("prepared %+v, %v, %v; want %q", batch, found, err, m.live)
					}
					if found {
						if batch.At <= m.last {
							t.Fatalf("prepared at %d after %d", batch.At, m.last)
						}
						m.last, m.batches[batch.At], m.firsts[batch.At] = batch.At, m.live, m.first
						m.live, m.first = nil, time.Time{}
					}
				},
				"empty": func(t *rapid.T) {
					s, m := pick(t)
					at := anyAt(t, m)
					if err := b.Empty(ctx, s, at); err != nil {
						t.Fatal(err)
					}
					delete(m.locks, at)
					delete(m.batches, at)
					if at == 0 {
						m.live, m.first = nil, time.Time{}
					}
				},
				"lock": func(t *rapid.T) {
					s, m := pick(t)
					at := anyAt(t, m)
					token, ok, err := b.Lock(ctx, s, at, time.Hour)
					if err != nil || ok != (m.locks[at] == "") {
						t.Fatalf("lock: %v, %v; held %q", ok, err, m.locks[at])
					}
					if ok {
						m.locks[at] = token
					}
				},
				"unlock": func(t *rapid.T) {
					s, m := pick(t)
					at := anyAt(t, m)
					token := rapid.SampledFrom([]string{m.locks[at], "another's"}).Draw(t, "token")
					err := b.Unlock(ctx, s, at, token)
					if held := token != "" && token == m.locks[at]; held != (err == nil) || (!held && !errors.Is(err, buffer.ErrNotHolder)) {
						t.Fatalf("unlock %q of %q: %v", token, m.locks[at], err)
					}
					if err == nil {
						delete(m.locks, at)
					}
				},
				"": func(t *rapid.T) {
					m := stores[touched]
					all := maps.Clone(m.batches)
					all[0] = m.live
					for at, records := range all {
						batch, err := b.GetContents(ctx, touched, at)
						if err != nil || !slices.Equal(texts(batch), records) && len(records)+len(batch.Records) > 0 {
							t.Fatalf("at %d: %q, %v; want %q", at, texts(batch), err, records)
						}
						first := m.first
						if at != 0 {
							first = m.firsts[at]
						}
						got, err := b.Stats(ctx, touched, at)
						if want := stats(records, first); err != nil || fmt.Sprint(got) != fmt.Sprint(want) || !slices.Equal(batch.Keys, want.Keys) {
							t.Fatalf("at %d: %+v, %v; want %+v", at, got, err, want)
						}
					}
				},
			})
			for s, m := range stores {
				at, err := b.Batches(ctx, s)
				if err != nil || !slices.Equal(at, slices.Sorted(maps.Keys(m.batches))) {
					t.Fatalf("batches %v, %v; want %v", at, err, slices.Sorted(maps.Keys(m.batches)))
				}
			}
		})
	})
}

// stats are what records ought to add up to.
func stats(records []string, first time.Time) buffer.Stats {
	names := map[string]bool{}
	s := buffer.Stats{Count: int64(len(records)), FirstWrite: first}
	for _, r := range records {
		s.Bytes += int64(len(r))
		var members map[string]any
		_ = json.Unmarshal([]byte(r), &members)
		for n := range members {
			names[n] = true
		}
	}
	s.Keys = slices.Sorted(maps.Keys(names))
	return s
}
