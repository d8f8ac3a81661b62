// Package kvtest is the one suite that every engine of core/kvstore passes: what core/kvstore promises, said as tests,
// and a model that random histories are compared with. Only tests import it.
//
// What the engines have in common beyond the words of the interfaces:
//
//   - A pair put with an expiry in the past is a change, which the log holds as it was put; after it the key is gone.
//     Expiry itself is no change. A key that has expired is missing for Get, CompareAndSet, Delete, Iterate and snapshots.
//   - A change of the log has each key of a Put once. A Delete that finds nothing and a CompareAndSet that is false are no
//     changes and take no number.
//   - A replica numbers its own changes, one for each that it applies. Nothing forbids local writes; without them the
//     numbers are the master's.
//   - PutSnapshot leaves applied = the snapshot's change, committed = max(committed + 1, the snapshot's change), and no
//     history: LoadChanges from any number up to there is ErrTrimmed. RestoreFrom is the same but for applied, which is
//     what it was at the backup.
package kvtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/core/kvstore"
)

// Harness tells the suite how to come by databases of one engine.
type Harness struct {
	// Open makes a new, empty database. keep is how many changes its log keeps at least (and at most a little more);
	// 0 means all. The suite closes what it opens; what else there is to clean up, Open leaves to t.
	Open func(t testing.TB, keep int) kvstore.Engine
	// Reopen closes a database that Open made, or a restore returned, and opens it again as a process that starts anew.
	Reopen func(t testing.TB, e kvstore.Engine) kvstore.Engine
	// Now is the engine's clock.
	Now func() time.Time
	// Advance moves that clock on; nil where it is the real one.
	Advance func(d time.Duration)
}

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	groups := [][]spec{putSpecs, readSpecs, boundSpecs, casSpecs, changeSpecs, applySpecs, snapshotSpecs, backupSpecs}
	if _, is := h.open(t).(kvstore.ReplicaRegistry); is {
		groups = append(groups, registrySpecs)
	}
	if _, is := h.open(t).(kvstore.Historian); is {
		groups = append(groups, historySpecs)
	}
	for _, group := range groups {
		for _, s := range group {
			t.Run(s.name, func(t *testing.T) { s.check(t, h) })
		}
	}
	t.Run("random histories agree with a model", h.model)
}

// spec is one promise.
type spec struct {
	name  string
	check func(t *testing.T, h Harness)
}

// open makes a database that is closed with the test.
func (h Harness) open(t testing.TB) kvstore.Engine {
	t.Helper()
	e := h.Open(t, 0)
	t.Cleanup(func() { e.Close() })
	return e
}

// in makes an expiry on the engine's clock.
func (h Harness) in(d time.Duration) uint64 { return uint64(h.Now().Add(d).Unix()) }

// pair makes a pair without expiry.
func pair(key, value string) *kvstore.KVPair {
	return &kvstore.KVPair{Key: []byte(key), Value: []byte(value)}
}

func until(key, value string, ts uint64) *kvstore.KVPair {
	return &kvstore.KVPair{Key: []byte(key), Value: []byte(value), ExpireTS: ts}
}

func put(t testing.TB, e kvstore.KVStore, pairs ...*kvstore.KVPair) {
	t.Helper()
	if err := e.Put(pairs...); err != nil {
		t.Fatalf("put: %v", err)
	}
}

func cas(t testing.TB, e kvstore.KVStore, key string, old []byte, value string) bool {
	t.Helper()
	ok, err := e.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte(key), OldValue: old, NewValue: []byte(value)})
	if err != nil {
		t.Fatalf("compare and set: %v", err)
	}
	return ok
}

// spell writes pairs so that they can be compared and read.
func spell(pairs []*kvstore.KVPair) []string {
	out := make([]string, 0, len(pairs))
	for _, p := range pairs {
		text := fmt.Sprintf("%q=%q", cut(p.Key), cut(p.Value))
		if p.ExpireTS != 0 {
			text += fmt.Sprintf(" until %d", p.ExpireTS)
		}
		out = append(out, text)
	}
	return out
}

// cut shortens long bytes to what still tells them apart.
func cut(b []byte) string {
	if len(b) <= 64 {
		return string(b)
	}
	sum := 0
	for _, c := range b {
		sum = sum*31 + int(c)
	}
	return fmt.Sprintf("%s...(%d bytes, %x)", b[:16], len(b), sum)
}

// all walks a store.
func all(t testing.TB, e kvstore.KVStore, opts ...kvstore.IterationOption) []*kvstore.KVPair {
	t.Helper()
	o, err := kvstore.NewIteratorOptions(opts...)
	if err != nil {
		t.Fatal(err)
	}
	it := e.Iterate(o)
	var out []*kvstore.KVPair
	for it.HasNext() {
		out = append(out, it.Next())
	}
	if err := it.Err(); err != nil {
		t.Fatalf("iterate: %v", err)
	}
	if p := it.Next(); p != nil {
		t.Fatalf("after the end: %v", p)
	}
	if err := it.Close(); err != nil {
		t.Fatalf("close of an iterator: %v", err)
	}
	return out
}

// holds checks the whole content of a store, by walking it and by asking for each key.
func holds(t testing.TB, e kvstore.KVStore, want ...*kvstore.KVPair) {
	t.Helper()
	slices.SortFunc(want, func(a, b *kvstore.KVPair) int { return bytes.Compare(a.Key, b.Key) })
	if got := spell(all(t, e)); !slices.Equal(got, spell(want)) {
		t.Fatalf("holds %v, want %v", got, spell(want))
	}
	keys := make([][]byte, len(want))
	for i, p := range want {
		keys[i] = p.Key
	}
	if got := get(t, e, keys...); !slices.Equal(got, spell(want)) {
		t.Fatalf("get says %v, want %v", got, spell(want))
	}
}

func get(t testing.TB, e kvstore.KVStore, keys ...[]byte) []string {
	t.Helper()
	pairs, err := e.Get(keys...)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	for _, p := range pairs {
		if p.Value == nil {
			t.Fatalf("%q has a nil value", p.Key)
		}
	}
	return spell(pairs)
}

func committed(t testing.TB, e kvstore.ChangePropagator) uint64 {
	t.Helper()
	n, err := e.GetLatestCommittedChangeNumber()
	if err != nil {
		t.Fatalf("committed: %v", err)
	}
	return n
}

func applied(t testing.TB, e kvstore.ChangeApplier) uint64 {
	t.Helper()
	n, err := e.GetLatestAppliedChangeNumber()
	if err != nil {
		t.Fatalf("applied: %v", err)
	}
	return n
}

// changes loads and checks that the numbers are from, from+1, ...
func changes(t testing.TB, e kvstore.ChangePropagator, from uint64, most int) []*kvstore.ChangeRecord {
	t.Helper()
	got, err := e.LoadChanges(from, most)
	if err != nil {
		t.Fatalf("load %d changes from %d: %v", most, from, err)
	}
	if len(got) > max(most, 0) {
		t.Fatalf("%d changes where at most %d were asked for", len(got), most)
	}
	for i, c := range got {
		if want := max(from, 1) + uint64(i); c.ChangeNumber != want {
			t.Fatalf("change %d where %d should be", c.ChangeNumber, want)
		}
	}
	return got
}

// history is all changes.
func history(t testing.TB, e kvstore.ChangePropagator) []*kvstore.ChangeRecord {
	t.Helper()
	got := changes(t, e, 0, 1<<20)
	if n := committed(t, e); uint64(len(got)) != n {
		t.Fatalf("%d changes of %d", len(got), n)
	}
	return got
}

func save(t testing.TB, e kvstore.ChangeApplier, list []*kvstore.ChangeRecord) uint64 {
	t.Helper()
	n, err := e.SaveChanges(list)
	if err != nil {
		t.Fatalf("save changes: %v (at %d)", err, n)
	}
	return n
}

func snapshot(t testing.TB, e kvstore.KVStore) []byte {
	t.Helper()
	r, err := e.GetSnapshot()
	if err != nil {
		t.Fatalf("get snapshot: %v", err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read snapshot: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatalf("close snapshot: %v", err)
	}
	return b
}

func ingest(t testing.TB, e kvstore.KVStore, snapshot []byte) {
	t.Helper()
	if err := e.PutSnapshot(io.NopCloser(bytes.NewReader(snapshot))); err != nil {
		t.Fatalf("put snapshot: %v", err)
	}
}

// same checks that a failed call left store, numbers and log as they were.
func same(t testing.TB, e kvstore.Engine, what string, f func()) {
	t.Helper()
	content, number, done := spell(all(t, e)), committed(t, e), applied(t, e)
	f()
	if got := spell(all(t, e)); !slices.Equal(got, content) {
		t.Fatalf("%s changed %v to %v", what, content, got)
	}
	if n, a := committed(t, e), applied(t, e); n != number || a != done {
		t.Fatalf("%s moved the numbers from %d, %d to %d, %d", what, number, done, n, a)
	}
}

// meanwhile has workers work, each until its first error or stop, which waits for them and may be called twice.
func meanwhile(t testing.TB, workers int, work func(worker, i int) error) (stop func()) {
	var busy sync.WaitGroup
	enough, end := context.WithCancel(context.Background())
	for w := range workers {
		busy.Go(func() {
			for i := 0; enough.Err() == nil; i++ {
				if err := work(w, i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	stop = func() { end(); busy.Wait() }
	t.Cleanup(stop)
	return stop
}
