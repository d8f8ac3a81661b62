package kvstore_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// chronicle is a master that has changes of a history.
type chronicle struct {
	log
	kvstore.Historian
	history string
}

func (c *chronicle) History() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.history, nil
}

func (c *chronicle) LoadChangesOf(history string, from uint64, most int) ([]*kvstore.ChangeRecord, error) {
	if now, _ := c.History(); now != history {
		return nil, kvstore.ErrHistory
	}
	return c.LoadChanges(from, most)
}

// replaced makes the master anew, with so many changes.
func (c *chronicle) replaced(history string, latest uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history, c.latest = history, latest
}

// follower is a replica that knows which history it has applied.
type follower struct {
	replica
	kvstore.Historian
	history string
}

func (f *follower) AppliedHistory() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.history, nil
}

func (f *follower) SaveChangesOf(history string, changes []*kvstore.ChangeRecord) (uint64, error) {
	f.mu.Lock()
	err := kvstore.CheckHistory(f.applied, f.history, history)
	if err == nil {
		f.history = history
	}
	f.mu.Unlock()
	if err != nil {
		return f.applied, err
	}
	return f.SaveChanges(changes)
}

// A replica of a database that was flushed and written again up to a higher number is not "0 behind".
func TestReplicatorRefusesAnotherHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, to := &chronicle{}, &follower{}
		done := make(chan error)
		var last kvstore.Progress
		r := kvstore.Replicator{From: master, To: to, Report: func(p kvstore.Progress) { last = p }}
		go func() { done <- r.Run(t.Context()) }()
		synctest.Wait()
		master.replaced("first", 25) // the first changes come while it runs
		time.Sleep(time.Second)
		synctest.Wait()
		to.check(t, 25)
		if to.history != "first" || last.History != "first" {
			t.Errorf("it has applied history %q, reported %+v", to.history, last)
		}
		master.replaced("second", 40)
		if err := <-done; !errors.Is(err, kvstore.ErrHistory) || !errors.Is(err, conn.ErrPrecondition) {
			t.Errorf("%v", err)
		}
		to.check(t, 25)
		master.replaced("second", 25) // nothing to load
		if err := r.Run(t.Context()); !errors.Is(err, kvstore.ErrHistory) {
			t.Errorf("%v", err)
		}
	})
}

// A replica that has applied changes of it does not know which history is no replica of one that is known.
func TestReplicatorRefusesAHistoryThatIsNotKnownToBeTheOne(t *testing.T) {
	for _, tt := range []struct {
		applied        uint64
		stored, master string
		want           error
	}{
		{0, "", "h", context.DeadlineExceeded}, {0, "other", "h", context.DeadlineExceeded}, {2, "h", "h", context.DeadlineExceeded},
		{2, "", "", context.DeadlineExceeded}, {2, "", "h", kvstore.ErrHistory}, {2, "h", "", kvstore.ErrHistory}, {2, "h", "g", kvstore.ErrHistory},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			r := kvstore.Replicator{From: &chronicle{history: tt.master, log: log{latest: 9}}, To: &follower{history: tt.stored, replica: replica{applied: tt.applied}}}
			if err := r.Run(ctx); !errors.Is(err, tt.want) {
				t.Errorf("%d of %q applied, offered %q: %v", tt.applied, tt.stored, tt.master, err)
			}
		})
	}
}
