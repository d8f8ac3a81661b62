package pebbledb_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
)

// histories are the identities of a database's own history and of the one that it has applied.
func histories(t testing.TB, s *pebbledb.Store) [2]string {
	t.Helper()
	own, err := s.History()
	if err != nil {
		t.Fatal(err)
	}
	applied, err := s.AppliedHistory()
	if err != nil {
		t.Fatal(err)
	}
	return [2]string{own, applied}
}

// catchUp replicates until the replica has all, or until something is in the way.
func catchUp(t testing.TB, from, to *pebbledb.Store) error {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := kvstore.Replicator{From: from, To: to, Report: func(p kvstore.Progress) {
		if p.Lag() == 0 {
			stop()
		}
	}}
	err := r.Run(ctx)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// A database that was made anew and has more changes than its replica applied of the old one is not "0 behind".
func TestAReplicaRefusesAMasterThatWasMadeAnew(t *testing.T) {
	for _, many := range []int{20, 30, 40} {
		dir := t.TempDir()
		old, replica := openDir(t, filepath.Join(dir, "old")), openDir(t, filepath.Join(dir, "replica"))
		defer replica.Close()
		for i := range 30 {
			put(t, old, fmt.Sprint("old", i), "v")
		}
		if err := catchUp(t, old, replica); err != nil {
			t.Fatal(err)
		}
		was, had := histories(t, old), content(t, replica)
		if got := histories(t, replica); got[1] != was[0] || got[0] == was[0] || was[0] == "" || was[1] != "" {
			t.Errorf("the replica has %q of a master with %q", got, was)
		}
		if err := old.Close(); err != nil {
			t.Error(err)
		}
		again := openDir(t, filepath.Join(dir, "again"))
		defer again.Close()
		if got := histories(t, again); got != [2]string{} {
			t.Errorf("%q before the first change", got)
		}
		for i := range many {
			put(t, again, fmt.Sprint("new", i), "v")
		}
		want := kvstore.ErrHistory
		if many < 30 {
			want = kvstore.ErrAhead
		}
		if err := catchUp(t, again, replica); !errors.Is(err, want) {
			t.Errorf("%d changes: %v", many, err)
		}
		if !maps.Equal(content(t, replica), had) {
			t.Error("the replica has changed")
		}
		if _, err := again.LoadChangesOf(was[0], 1, 10); !errors.Is(err, kvstore.ErrHistory) {
			t.Errorf("changes of the old history: %v", err)
		}
		if err := kvstore.Bootstrap(t.Context(), again, replica); err != nil {
			t.Fatal(err)
		}
		put(t, again, "last", "v")
		if err := catchUp(t, again, replica); err != nil || !maps.Equal(content(t, replica), content(t, again)) {
			t.Errorf("after a snapshot: %v", err)
		}
	}
}

// A database's history outlives opening it again and a restore over it, and a backup brings the one that was applied.
func TestAHistoryLastsAsLongAsTheDatabase(t *testing.T) {
	dir := t.TempDir()
	master, s := openDir(t, filepath.Join(dir, "master")), openDir(t, filepath.Join(dir, "db"))
	defer master.Close()
	put(t, master, "a", "1")
	if err := catchUp(t, master, s); err != nil {
		t.Fatal(err)
	}
	was := histories(t, s)
	backup := filepath.Join(dir, "backup")
	if err := s.BackupTo(backup); err != nil {
		t.Fatal(err)
	}
	reopen := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s = openDir(t, filepath.Join(dir, "db"))
	}
	for step, do := range []func(){
		func() {},
		reopen,
		func() {
			restored, _, _, _, err := s.RestoreFrom(backup)
			if err != nil {
				t.Fatal(err)
			}
			s = restored.(*pebbledb.Store)
		},
		reopen,
		func() {
			if err := s.PutSnapshot(snapshot(t, master)); err != nil {
				t.Fatal(err)
			}
		},
		reopen,
	} {
		do()
		if got := histories(t, s); got != was {
			t.Errorf("step %d: %q, it was %q", step, got, was)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	fresh := inMemory(t, pebbledb.Options{})
	restored, _, _, _, err := fresh.RestoreFrom(backup)
	if err != nil {
		t.Fatal(err)
	}
	if got := histories(t, restored.(*pebbledb.Store)); got[1] != was[1] || got[0] == was[0] || got[0] == "" {
		t.Errorf("restored elsewhere: %q, it was %q", got, was)
	}
	if err := restored.Close(); err != nil {
		t.Error(err)
	}
}

// A power cut at any moment leaves a change with its history, and an applied number with the history that it is of.
func TestPowerCutKeepsAHistoryWithItsNumbers(t *testing.T) {
	source := inMemory(t, pebbledb.Options{})
	for i := range 3 {
		put(t, source, fmt.Sprint(i), "v")
	}
	history := histories(t, source)[0]
	changes, err := source.LoadChangesOf(history, 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, noSync := range []bool{false, true} {
		disk := vfs.NewCrashableMem()
		var clones []*vfs.MemFS
		var watch atomic.Bool
		fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && watch.CompareAndSwap(true, false) {
				clones = append(clones, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * (len(clones) % 3), RNG: rand.New(rand.NewPCG(3, uint64(len(clones))))}))
				watch.Store(true)
			}
			return nil
		}))
		s, err := pebbledb.Open("db", pebbledb.Options{FS: fs, NoSync: noSync})
		if err != nil {
			t.Fatal(err)
		}
		watch.Store(true)
		for _, c := range changes {
			if _, err := s.SaveChangesOf(history, []*kvstore.ChangeRecord{c}); err != nil {
				t.Fatal(err)
			}
			clones = append(clones, disk.CrashClone(vfs.CrashCloneCfg{}))
		}
		if shown, err := s.LoadChanges(1, 3); err != nil || len(shown) != 3 { // which brings them to the disk
			t.Fatal(len(shown), err)
		}
		clones = append(clones, disk.CrashClone(vfs.CrashCloneCfg{}))
		watch.Store(false)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		with := 0
		for i, c := range clones {
			s, err := pebbledb.Open("db", pebbledb.Options{FS: c})
			if err != nil {
				t.Fatalf("cut %d: %v", i, err)
			}
			applied, _ := s.GetLatestAppliedChangeNumber()
			last, err := s.GetLatestCommittedChangeNumber()
			if got := histories(t, s); err != nil || (got[0] != "") != (last > 0) || (applied > 0 && got[1] != history) || applied != last {
				t.Errorf("cut %d: change %d of %q, applied %d of %q, %v", i, last, got[0], applied, got[1], err)
			}
			if applied > 0 {
				with++
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if with == 0 {
			t.Errorf("%d of %d cuts have changes: the test looks at nothing", with, len(clones))
		}
	}
}
