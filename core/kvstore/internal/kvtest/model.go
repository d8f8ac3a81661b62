package kvtest

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/core/kvstore"
)

// model is what a store should be, in the simplest way.
type model struct {
	pairs     map[string]kvstore.KVPair // also expired ones
	committed uint64
	applied   uint64
	trimmed   uint64 // the last number that the log no longer has
}

func newModel() *model { return &model{pairs: map[string]kvstore.KVPair{}} }

func (m *model) clone() *model {
	c := *m
	c.pairs = maps.Clone(m.pairs)
	return &c
}

func (m *model) set(key, value string, ts uint64) {
	m.pairs[key] = kvstore.KVPair{Key: []byte(key), Value: []byte(value), ExpireTS: ts}
}

// get is a pair that lives at a moment.
func (m *model) get(key string, now uint64) (kvstore.KVPair, bool) {
	p, ok := m.pairs[key]
	return p, ok && (p.ExpireTS == 0 || p.ExpireTS > now)
}

func (m *model) apply(c *kvstore.ChangeRecord) {
	for _, r := range c.Trxns {
		if r.Type == kvstore.TrxnPut {
			m.set(string(r.Key), string(r.Value), r.ExpireTS)
		} else {
			delete(m.pairs, string(r.Key))
		}
	}
	m.committed, m.applied = m.committed+1, c.ChangeNumber
}

// become is what a snapshot of another does.
func (m *model) become(other *model, applied uint64) {
	m.pairs = maps.Clone(other.pairs)
	m.committed = max(m.committed+1, other.committed)
	m.applied, m.trimmed = applied, m.committed
}

func (m *model) sorted(now uint64, prefix, start string) []*kvstore.KVPair {
	var out []*kvstore.KVPair
	for _, key := range slices.Sorted(maps.Keys(m.pairs)) {
		if p, ok := m.get(key, now); ok && strings.HasPrefix(key, prefix) && key >= start {
			out = append(out, &p)
		}
	}
	return out
}

// side is a store with its model.
type side struct {
	kvstore.Engine
	*model
}

func (s *side) check(t *rapid.T, outer testing.TB, now uint64) {
	if got, want := spell(all(outer, s)), spell(s.sorted(now, "", "")); !slices.Equal(got, want) {
		t.Fatalf("holds %v, want %v", got, want)
	}
	if n, a := committed(outer, s), applied(outer, s); n != s.committed || a != s.applied {
		t.Fatalf("numbers %d, %d, want %d, %d", n, a, s.committed, s.applied)
	}
}

// saved is a snapshot or backup with the model of its moment.
type saved struct {
	bytes []byte
	path  string
	*model
}

// model runs random histories on a master and its replica and compares both with models as they go.
func (h Harness) model(t *testing.T) {
	dir, files := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		master, replica := &side{h.Open(t, 0), newModel()}, &side{h.Open(t, 0), newModel()}
		defer func() { master.Close(); replica.Close() }()
		var shots, backups []saved
		key := rapid.SampledFrom([]string{"a", "b", "ab", "a\xff", "{c}", "c:%", "\x00", "d"})
		value := rapid.SampledFrom([]string{"", "1", "2", "\x00\xff", "0:0"})
		now := func() uint64 { return h.in(0) }
		expiry := rapid.Custom(func(t *rapid.T) uint64 {
			spans := []int{-1000, 0, 100000}
			if h.Advance != nil {
				spans = append(spans, 1, 2, 3)
			}
			if rapid.Bool().Draw(t, "for ever") {
				return 0
			}
			return h.in(time.Duration(rapid.SampledFrom(spans).Draw(t, "seconds")) * time.Second)
		})
		steps := map[string]func(*rapid.T){
			"put": func(r *rapid.T) {
				var pairs []*kvstore.KVPair
				for range rapid.IntRange(1, 4).Draw(r, "n") {
					p := until(key.Draw(r, "key"), value.Draw(r, "value"), expiry.Draw(r, "expiry"))
					pairs = append(pairs, p)
					master.set(string(p.Key), string(p.Value), p.ExpireTS)
				}
				put(t, master, pairs...)
				master.committed++
			},
			"delete": func(r *rapid.T) {
				k := key.Draw(r, "key")
				if _, ok := master.get(k, now()); ok {
					master.committed++
					delete(master.pairs, k)
				}
				if err := master.Delete([]byte(k)); err != nil {
					r.Fatal(err)
				}
			},
			"compare and set": func(r *rapid.T) {
				k, v := key.Draw(r, "key"), value.Draw(r, "new")
				old := []byte(value.Draw(r, "old"))
				if rapid.Bool().Draw(r, "create") {
					old = nil
				}
				p, ok := master.get(k, now())
				want := ok == (old != nil) && (!ok || string(p.Value) == string(old))
				if got := cas(t, master, k, old, v); got != want {
					r.Fatalf("%q with %q over %v: %v", k, old, p, got)
				}
				if want {
					master.set(k, v, 0)
					master.committed++
				}
			},
			"get": func(r *rapid.T) {
				var want []*kvstore.KVPair
				var keys [][]byte
				for _, k := range rapid.SliceOfN(key, 0, 5).Draw(r, "keys") {
					keys = append(keys, []byte(k))
					if p, ok := master.get(k, now()); ok {
						want = append(want, &p)
					}
				}
				if got := get(t, master, keys...); !slices.Equal(got, spell(want)) {
					r.Fatalf("got %v, want %v", got, spell(want))
				}
			},
			"iterate": func(r *rapid.T) {
				prefix := rapid.SampledFrom([]string{"", "a", "{", "c", "\x00", "x"}).Draw(r, "prefix")
				start := prefix + rapid.SampledFrom([]string{"", "b", "\xff"}).Draw(r, "start")
				got := spell(all(t, master, kvstore.IterationPrefixKey([]byte(prefix)), kvstore.IterationStartKey([]byte(start))))
				if want := spell(master.sorted(now(), prefix, start)); !slices.Equal(got, want) {
					r.Fatalf("got %v, want %v", got, want)
				}
			},
			"reopen the master": func(*rapid.T) { master.Engine = h.Reopen(t, master.Engine) },
			"reopen the replica": func(r *rapid.T) {
				replica.Engine = h.Reopen(t, replica.Engine)
				replica.check(r, t, now())
			},
			"replicate": func(r *rapid.T) {
				if replica.applied > master.committed {
					return // another history: only a snapshot mends that
				}
				from := replica.applied + 1 - uint64(rapid.IntRange(0, int(min(replica.applied, 2))).Draw(r, "again"))
				list, err := master.LoadChanges(from, rapid.IntRange(1, 6).Draw(r, "most"))
				if from <= master.trimmed {
					if !errors.Is(err, kvstore.ErrTrimmed) {
						r.Fatalf("changes from %d, trimmed up to %d: %v", from, master.trimmed, err)
					}
					return
				}
				if err != nil {
					r.Fatal(err)
				}
				for _, c := range list {
					if c.ChangeNumber > replica.applied {
						replica.apply(c)
					}
				}
				if n := save(t, replica, list); n != replica.applied {
					r.Fatalf("saved up to %d, want %d", n, replica.applied)
				}
				replica.check(r, t, now())
				if replica.applied == master.committed && !slices.Equal(spell(replica.sorted(now(), "", "")), spell(master.sorted(now(), "", ""))) {
					r.Fatal("the replica has all changes and is not as its master")
				}
			},
			"take a snapshot": func(*rapid.T) {
				shots = append(shots, saved{bytes: snapshot(t, master), model: master.clone()})
			},
			"put a snapshot": func(r *rapid.T) {
				if len(shots) == 0 {
					return
				}
				s := rapid.SampledFrom(shots).Draw(r, "snapshot")
				to := rapid.SampledFrom([]*side{replica, replica, master}).Draw(r, "into")
				ingest(t, to, s.bytes)
				to.become(s.model, s.committed)
				to.check(r, t, now())
			},
			"back up": func(r *rapid.T) {
				files++
				path := filepath.Join(dir, "backup-"+time.Duration(files).String())
				if err := master.BackupTo(path); err != nil {
					r.Fatal(err)
				}
				backups = append(backups, saved{path: path, model: master.clone()})
			},
			"restore": func(r *rapid.T) {
				if len(backups) == 0 {
					return
				}
				b := rapid.SampledFrom(backups).Draw(r, "backup")
				restored := h.restore(t, master.Engine, b.path)
				if _, err := master.Get([]byte("a")); !errors.Is(err, kvstore.ErrStale) {
					r.Fatalf("the handle from before says %v", err)
				}
				master.Engine.Close()
				master.Engine = restored
				master.become(b.model, b.applied)
			},
			"": func(r *rapid.T) {
				master.check(r, t, now())
			},
		}
		if h.Advance != nil {
			steps["time passes"] = func(r *rapid.T) {
				h.Advance(time.Duration(rapid.IntRange(1, 3).Draw(r, "seconds")) * time.Second)
			}
		}
		r.Repeat(steps)
		for _, b := range backups {
			_ = os.RemoveAll(b.path)
		}
	})
}
