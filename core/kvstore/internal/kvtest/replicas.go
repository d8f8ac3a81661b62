package kvtest

import (
	"errors"
	"strings"
	"testing"

	"holdfast/core/kvstore"
)

// registrySpecs are those of the engines that note how far their replicas are.
var registrySpecs = []spec{
	{"a report of a replica is no change", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"))
		for _, name := range []string{"r", "r", "host:{*}%\x00\xff", strings.Repeat("n", kvstore.MaxReplicaName)} {
			if err := report(t, e, name, 1); err != nil {
				t.Errorf("%q: %v", cut([]byte(name)), err)
			}
		}
		if n := committed(t, e); n != 1 {
			t.Errorf("it took change number %d", n)
		}
		if n, err := e.GetLatestAppliedChangeNumber(); n != 0 || err != nil {
			t.Errorf("the master has applied %d, %v", n, err)
		}
		if got := spell(all(t, e)); len(got) != 1 {
			t.Errorf("the pairs are %q", got)
		}
	}},
	{"a report without a legal name is refused", func(t *testing.T, h Harness) {
		e := h.open(t)
		for _, name := range []string{"", strings.Repeat("n", kvstore.MaxReplicaName+1)} {
			if err := report(t, e, name, 1); !errors.Is(err, kvstore.ErrReplica) {
				t.Errorf("name of %d bytes: %v", len(name), err)
			}
		}
	}},
	{"a report to a handle from before a restore, or a closed one, is refused", func(t *testing.T, h Harness) {
		old, other := h.open(t), h.open(t)
		put(t, old, pair("a", "1"))
		path := t.TempDir() + "/backup"
		if err := old.BackupTo(path); err != nil {
			t.Fatal(err)
		}
		restored, _, _, _, err := old.RestoreFrom(path)
		if err != nil {
			t.Fatal(err)
		}
		defer restored.Close()
		if err := report(t, old, "r", 1); !errors.Is(err, kvstore.ErrStale) {
			t.Errorf("from before a restore: %v", err)
		}
		if err := report(t, restored, "r", 1); err != nil {
			t.Errorf("after it: %v", err)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		if err := report(t, other, "r", 1); !errors.Is(err, kvstore.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}},
}

func report(t testing.TB, e kvstore.KVStore, name string, applied uint64) error {
	t.Helper()
	return e.(kvstore.ReplicaRegistry).ReportReplica(t.Context(), name, applied)
}
