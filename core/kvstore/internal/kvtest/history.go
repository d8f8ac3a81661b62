package kvtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/core/kvstore"
)

// historySpecs are those of the engines that tell histories apart.
var historySpecs = []spec{
	{"a history begins with the first change and goes on over everything else", func(t *testing.T, h Harness) {
		e, other := h.Open(t, 0), h.open(t)
		if got := own(t, e); got != "" {
			t.Errorf("before the first change: %q", got)
		}
		put(t, e, pair("a", "1"))
		put(t, other, pair("a", "1"))
		first := own(t, e)
		if first == "" || first == own(t, other) || len(first) > kvstore.MaxHistory {
			t.Errorf("two databases have the histories %q and %q", first, own(t, other))
		}
		put(t, e, pair("b", "1"))
		e = h.Reopen(t, e)
		ingest(t, e, snapshot(t, other))
		path := t.TempDir() + "/backup"
		if err := other.BackupTo(path); err != nil {
			t.Fatal(err)
		}
		restored := h.restore(t, e, path)
		defer restored.Close()
		if got := own(t, restored); got != first {
			t.Errorf("a reopening, a snapshot and a restore make %q of %q", got, first)
		}
		fresh := h.restore(t, h.open(t), path)
		defer fresh.Close()
		if got := own(t, fresh); got == "" || got == own(t, other) {
			t.Errorf("a restore into an empty database begins the history %q", got)
		}
	}},
	{"changes are loaded of the history that is asked for", func(t *testing.T, h Harness) {
		e := h.open(t)
		if list, err := historian(e).LoadChangesOf("", 1, 10); err != nil || len(list) != 0 {
			t.Errorf("of an empty database: %v, %v", list, err)
		}
		put(t, e, pair("a", "1"))
		if list, err := historian(e).LoadChangesOf(own(t, e), 1, 10); err != nil || len(list) != 1 {
			t.Errorf("%v, %v", list, err)
		}
		for _, other := range []string{"", "other", own(t, e) + "x"} {
			if list, err := historian(e).LoadChangesOf(other, 1, 10); !errors.Is(err, kvstore.ErrHistory) || len(list) != 0 {
				t.Errorf("of history %q: %v, %v", other, list, err)
			}
		}
	}},
	{"changes of another history are refused, and nothing of them is applied", func(t *testing.T, h Harness) {
		e := h.Open(t, 0)
		if n, err := historian(e).SaveChangesOf("one", []*kvstore.ChangeRecord{change(1, sets("a", "1")), change(2, sets("a", "2"))}); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		e = h.Reopen(t, e)
		defer func() { e.Close() }()
		if got := source(t, e); got != "one" {
			t.Errorf("applied history %q", got)
		}
		for _, other := range []string{"", "other"} {
			same(t, e, "changes of another history", func() {
				for _, list := range [][]*kvstore.ChangeRecord{{change(3, sets("a", "3"))}, {change(1, sets("a", "3"))}, nil} {
					if n, err := historian(e).SaveChangesOf(other, list); n != 2 || !errors.Is(err, kvstore.ErrHistory) {
						t.Errorf("history %q: %d, %v", other, n, err)
					}
				}
			})
		}
		if n, err := historian(e).SaveChangesOf("one", []*kvstore.ChangeRecord{change(3, sets("a", "3"))}); n != 3 || err != nil {
			t.Error(n, err)
		}
		save(t, e, []*kvstore.ChangeRecord{change(4, sets("a", "4"))}) // whose history nobody tells
		if got := source(t, e); got != "one" {
			t.Errorf("applied history %q after changes of whichever", got)
		}
		unknown := h.open(t)
		save(t, unknown, []*kvstore.ChangeRecord{change(1, sets("a", "1"))})
		if _, err := historian(unknown).SaveChangesOf("one", []*kvstore.ChangeRecord{change(2)}); !errors.Is(err, kvstore.ErrHistory) {
			t.Errorf("a history over one that is not known: %v", err)
		}
	}},
	{"snapshots and backups carry the histories", func(t *testing.T, h Harness) {
		e, replica := h.open(t), h.open(t)
		if _, err := historian(e).SaveChangesOf("master's", []*kvstore.ChangeRecord{change(1, sets("a", "1"))}); err != nil {
			t.Fatal(err)
		}
		ingest(t, replica, snapshot(t, e))
		if got := source(t, replica); got != own(t, e) {
			t.Errorf("a replica of %q has applied %q", own(t, e), got)
		}
		path := t.TempDir() + "/backup"
		if err := e.BackupTo(path); err != nil {
			t.Fatal(err)
		}
		restored := h.restore(t, replica, path)
		defer restored.Close()
		if got := source(t, restored); got != "master's" {
			t.Errorf("restored, it has applied %q", got)
		}
	}},
	{"a replicator refuses a master that was made anew", func(t *testing.T, h Harness) {
		first, second, replica := h.open(t), h.open(t), h.open(t)
		put(t, first, pair("a", "old"))
		catchUp(t, first, replica, nil)
		for range 3 {
			put(t, second, pair("a", "new"), pair("b", "new"))
		}
		same(t, replica, "another master", func() { catchUp(t, second, replica, kvstore.ErrHistory) })
		if err := kvstore.Bootstrap(t.Context(), second, replica); err != nil {
			t.Fatal(err)
		}
		put(t, second, pair("c", "new"))
		catchUp(t, second, replica, nil)
		holds(t, replica, all(t, second)...)
	}},
}

func historian(e kvstore.KVStore) kvstore.Historian { return e.(kvstore.Historian) }

func own(t testing.TB, e kvstore.KVStore) string {
	t.Helper()
	got, err := historian(e).History()
	if err != nil {
		t.Fatalf("history: %v", err)
	}
	return got
}

func source(t testing.TB, e kvstore.KVStore) string {
	t.Helper()
	got, err := historian(e).AppliedHistory()
	if err != nil {
		t.Fatalf("applied history: %v", err)
	}
	return got
}

// catchUp replicates until nothing is left, or the replicator ends as wanted.
func catchUp(t testing.TB, from kvstore.ChangePropagator, to kvstore.ChangeApplier, want error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := kvstore.Replicator{From: from, To: to, Poll: time.Millisecond, Report: func(p kvstore.Progress) {
		if p.Lag() == 0 && p.Err == nil {
			stop()
		}
	}}
	if want == nil {
		want = context.Canceled
	}
	if err := r.Run(ctx); !errors.Is(err, want) {
		t.Fatalf("replicate: %v, want %v", err, want)
	}
}
