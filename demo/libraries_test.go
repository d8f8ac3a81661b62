package demo

import (
	"testing"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

// The libraries' state is recognised, a worker dies and a lock is left behind.
func TestTheStageOfLibraries(t *testing.T) {
	d := must[*Demo](t)(Start(t.Context(), Options{Seed: 1, Stage: Libraries}))
	t.Cleanup(func() { _ = d.Close() })
	specs := layout.Presets()
	for i := range specs {
		if keys := LibraryKeys[specs[i].Name]; keys != nil {
			specs[i].Keys = keys
		}
	}
	c := must[*core.Core](t)(core.Open(core.Options{Conn: conn.Options{URLs: []string{d.URL}}, Layouts: specs}))
	t.Cleanup(func() { _ = c.Close() })
	for _, err := range c.LayoutErrors {
		t.Error(err)
	}
	count := func(name kind.Name) (rows, bad int) {
		s, err := live.New(c.Conn, c.Kinds(), live.Options{Budget: -1}).ReadAll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		table := s.Table(name)
		return table.Len(), table.Bad
	}
	workers, locks := 0, 0
	redistest.Eventually(t, "two workers, their queues and the lock that was left are there", func() bool {
		var badWorkers, badQueues, badLocks, queues int
		workers, badWorkers = count("workers")
		queues, badQueues = count("queues")
		locks, badLocks = count("locks")
		if badWorkers+badQueues+badLocks > 0 {
			t.Fatalf("unreadable: %d workers, %d queues, %d locks", badWorkers, badQueues, badLocks)
		}
		_, left := tableOf(t, c, "locks").Get("mutex:warehouse-export")
		return workers >= 2 && queues >= 3 && locks > 1 && left
	})
	for _, r := range tableOf(t, c, "locks").All(0) {
		if actorstore.LockColumns.Layout.Of(r) == "" {
			t.Errorf("lock %s is of no layout", r.ID())
		}
	}
}

func tableOf(t *testing.T, c *core.Core, name kind.Name) *live.Table {
	t.Helper()
	s, err := live.New(c.Conn, c.Kinds(), live.Options{Budget: -1}).ReadAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Table(name)
}
