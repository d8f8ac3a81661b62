package record_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// model is what a namespace must look like: records and leases in plain maps and a clock of its own.
type model struct {
	now     time.Duration
	records map[record.Key]record.Record
	leases  map[record.LeaseId]modelLease
	last    record.Version // the greatest version ever given
}

type modelLease struct {
	granted, deadline time.Duration
}

func (m *model) alive(id record.LeaseId) bool {
	l, ok := m.leases[id]
	return id == record.NoLeaseId || (ok && l.deadline > m.now)
}

// expire forgets what the clock has ended.
func (m *model) expire() {
	maps.DeleteFunc(m.leases, func(id record.LeaseId, _ modelLease) bool { return !m.alive(id) })
	maps.DeleteFunc(m.records, func(_ record.Key, r record.Record) bool { return !m.alive(r.Lease) })
}

func (m *model) all() record.Records {
	out := record.Records{}
	for _, k := range slices.Sorted(maps.Keys(m.records)) {
		out = append(out, m.records[k])
	}
	return out
}

// checkModel drives a storage and the model side by side. advance moves both clocks; nil where the server's own cannot
// be moved, and nothing expires then.
func checkModel(t *rapid.T, c redis.UniversalClient, s *record.RedisStorage, advance func(time.Duration)) {
	m := &model{records: map[record.Key]record.Record{}, leases: map[record.LeaseId]modelLease{}}
	anyKey := rapid.Map(rapid.SampledFrom([]string{"a", "b", "c:d", "\x00", "é{}"}), func(k string) record.Key { return record.Key(k) })
	anyLease := func(t *rapid.T) record.LeaseId {
		ids := append(slices.Sorted(maps.Keys(m.leases)), record.NoLeaseId, 999999)
		return rapid.SampledFrom(ids).Draw(t, "lease")
	}
	anyValue := rapid.Map(rapid.StringN(0, 5, -1), func(s string) record.Value { return record.Value(s) })
	rises := func(t *rapid.T, v record.Version) {
		if v <= m.last {
			t.Fatalf("version %d after %d", v, m.last)
		}
		m.last = v
	}
	expect := func(t *rapid.T, err, want error) {
		if (want == nil && err != nil) || !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	actions := map[string]func(*rapid.T){
		"create": func(t *rapid.T) {
			r := record.Record{Key: anyKey.Draw(t, "key"), Value: anyValue.Draw(t, "value"), Lease: anyLease(t)}
			had, exists := m.records[r.Key]
			v, err := s.Create(ctx, r)
			switch {
			case exists:
				expect(t, err, record.ErrAlreadyExists)
				if v != had.Version {
					t.Fatalf("existing version %d, want %d", v, had.Version)
				}
			case !m.alive(r.Lease):
				expect(t, err, record.ErrWrongLeaseId)
			default:
				expect(t, err, nil)
				rises(t, v)
				r.Version = v
				m.records[r.Key] = r
			}
		},
		"cas": func(t *rapid.T) {
			k := anyKey.Draw(t, "key")
			had, exists := m.records[k]
			v := had.Version + record.Version(rapid.SampledFrom([]int{0, 0, 0, -1, 1}).Draw(t, "off by"))
			value := anyValue.Draw(t, "value")
			w, err := s.CasByVersion(ctx, record.Record{Key: k, Value: value, Version: v, Lease: 5})
			switch {
			case !exists:
				expect(t, err, record.ErrNotFound)
			case v != had.Version:
				expect(t, err, record.ErrWrongVersion)
			default:
				expect(t, err, nil)
				rises(t, w)
				had.Version, had.Value = w, value
				m.records[k] = had
			}
		},
		"delete": func(t *rapid.T) {
			k := anyKey.Draw(t, "key")
			err := s.Delete(ctx, k)
			if _, exists := m.records[k]; !exists {
				expect(t, err, record.ErrNotFound)
				return
			}
			expect(t, err, nil)
			delete(m.records, k)
		},
		"grant": func(t *rapid.T) {
			ttl := time.Duration(rapid.IntRange(1, 50).Draw(t, "s")) * time.Second
			if advance == nil {
				ttl = time.Hour
			}
			l, err := s.NewLease(ctx, ttl, false)
			expect(t, err, nil)
			if _, again := m.leases[l.Id()]; again || l.Id() <= 0 {
				t.Fatalf("lease id %d again", l.Id())
			}
			m.leases[l.Id()] = modelLease{ttl, m.now + ttl}
		},
		"release": func(t *rapid.T) {
			id := anyLease(t)
			err := s.ReleaseLease(ctx, id)
			if _, known := m.leases[id]; !known {
				expect(t, err, record.ErrWrongLeaseId)
				return
			}
			expect(t, err, nil)
			delete(m.leases, id)
			m.expire()
		},
		"get lease": func(t *rapid.T) {
			id := anyLease(t)
			l, err := s.GetLease(id)
			had, known := m.leases[id]
			if !known {
				expect(t, err, record.ErrWrongLeaseId)
				return
			}
			expect(t, err, nil)
			if off := had.deadline - m.now - l.TTL(); advance != nil && off.Abs() > 500*time.Millisecond {
				t.Fatalf("ttl is off by %v", off)
			}
		},
		"": func(t *rapid.T) {
			got, err := s.GetRange(ctx, "", "\xff")
			expect(t, err, nil)
			if want := m.all(); !reflect.DeepEqual(got, want) {
				t.Fatalf("got\n%+v, want\n%+v", got, want)
			}
			k := anyKey.Draw(t, "look at")
			r, err := s.Get(ctx, k)
			want, exists := m.records[k]
			if !exists {
				expect(t, err, record.ErrNotFound)
			} else if !reflect.DeepEqual(r, want) {
				t.Fatalf("got %+v, want %+v", r, want)
			}
		},
	}
	if advance != nil {
		actions["time"] = func(t *rapid.T) {
			d := time.Duration(rapid.IntRange(1, 30).Draw(t, "s")) * time.Second
			advance(d)
			m.now += d
			m.expire()
		}
	}
	t.Repeat(actions)

	// In the end, released and deleted, nothing stays but the counter.
	for id := range m.leases {
		expect(t, s.ReleaseLease(ctx, id), nil)
		delete(m.leases, id)
	}
	m.expire()
	for k := range m.records {
		expect(t, s.Delete(ctx, k), nil)
	}
	if advance != nil {
		if _, err := s.NewLease(ctx, time.Second, false); err != nil { // whatever is left is swept
			t.Fatal(err)
		}
		advance(2 * time.Second)
		_, _ = s.Create(ctx, record.Record{Key: "a"})
		_ = s.Delete(ctx, "a")
		if left := c.Keys(ctx, "*").Val(); len(left) != 1 {
			t.Fatalf("left behind: %v", left)
		}
	}
}

func TestStorageBehavesLikeItsModel(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			checkModel(rt, c, openNS(t, c, fmt.Sprint("run", n), record.Options{}), nil)
		})
	})
	t.Run("mini, with expiry", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			c, clock := redistest.ClockedMini(t)
			checkModel(rt, c, open(t, c), clock.Advance)
		})
	})
}
