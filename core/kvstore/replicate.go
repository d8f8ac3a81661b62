package kvstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"holdfast/core/conn"
)

// ErrAhead: the replica has applied changes that the master does not have. One of them was restored, or the master
// lost writes that it was told not to sync.
var ErrAhead = conn.Precondition("the replica is ahead of the master: start from a snapshot")

var errNilContext = errors.New("nil context")

// Progress is where a replica stands.
type Progress struct {
	Latest  uint64 // the master's last change
	Applied uint64 // the last one of them that the replica has
	History string // what the master's numbers count in, if it is a Historian
	Err     error  // why it waits to try again; nil while all is well
}

// Lag is how many changes the replica has yet to apply.
func (p Progress) Lag() uint64 { return p.Latest - min(p.Applied, p.Latest) }

// ReadProgress asks both sides. Replicators may be at work meanwhile. ErrAhead and ErrHistory mean that the numbers of the
// two sides do not belong together.
func ReadProgress(from ChangePropagator, to ChangeApplier) (p Progress, err error) {
	// In this order: what was applied then is among the latest now.
	if p.Applied, err = to.GetLatestAppliedChangeNumber(); err != nil {
		return p, err
	}
	var stored string
	follower, follows := to.(Historian)
	if follows {
		if stored, err = follower.AppliedHistory(); err != nil {
			return p, err
		}
	}
	if p.Latest, err = from.GetLatestCommittedChangeNumber(); err != nil {
		return p, err
	}
	leader, leads := from.(Historian)
	if leads { // after the number: whoever has a change has a history
		if p.History, err = leader.History(); err != nil {
			return p, err
		}
	}
	if p.Applied > p.Latest {
		return p, fmt.Errorf("%d applied of %d: %w", p.Applied, p.Latest, ErrAhead)
	}
	if leads && follows {
		err = CheckHistory(p.Applied, stored, p.History)
	}
	return p, err
}

// Replicator feeds a replica from a master's change log, across engines. It keeps nothing of its own: the replica knows
// what it has applied, so that replicators may crash, start again and even run side by side, and each change is applied
// once.
type Replicator struct {
	From ChangePropagator
	To   ChangeApplier
	// Batch is how many changes are carried at a time, all in memory; 0: 500.
	Batch int
	// Poll is how long it waits before it asks a master that had nothing new; 0: 200 ms.
	Poll time.Duration
	// Name is what the replica reports itself as, if From is a ReplicaRegistry; empty: it does not.
	Name string
	// Report is told of each step, from Run's goroutine; nil: nobody is.
	Report func(Progress)
}

// How long to wait after a transport failure on a side: doubling between these.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// Run replicates until the context ends, whose error it returns within the call under way, or until something does not
// pass by itself: ErrTrimmed, ErrAhead and ErrHistory (Bootstrap, then Run again), ErrGap, a side that is closed or cannot
// write. A side that is unreachable (conn.Unreachable), or whose slot moves for long (conn.Moving), is tried again for ever.
// The last report to a registry may take a second more.
func (r *Replicator) Run(ctx context.Context) error {
	if ctx == nil {
		return fmt.Errorf("replicate: %w", errNilContext)
	}
	var at Progress
	poll, retry := cmp.Or(r.Poll, 200*time.Millisecond), firstRetry
	told := r.reporter()
	defer func() { told.leave(ctx) }()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		next, err := r.Step()
		pause := poll
		switch {
		case err == nil:
			if next.Lag() > 0 && next.Applied > at.Applied {
				pause = 0
			}
			at, retry = next, firstRetry
			told.progress(ctx, at.Applied)
		case conn.Unreachable(err) || conn.Moving(err):
			at.Err = err
			pause = retry
			retry = min(2*retry, lastRetry)
		default:
			return fmt.Errorf("replicate: %w", err)
		}
		if r.Report != nil {
			r.Report(at)
		}
		if pause > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// Step carries one batch over, if there is something new. Its errors are those that Run ends with, and those that Run waits
// for.
func (r *Replicator) Step() (Progress, error) {
	at, err := ReadProgress(r.From, r.To)
	if err != nil {
		return at, err
	}
	if at.Applied == at.Latest {
		return at, nil
	}
	changes, err := loadChanges(r.From, at.History, at.Applied+1, cmp.Or(r.Batch, 500))
	if err != nil {
		return at, err
	}
	at.Applied, err = saveChanges(r.From, r.To, at.History, changes)
	return at, err
}

// Bootstrap makes a replica of a master's present state, replacing all that it holds; a Replicator continues from
// there. If either side fails in between or the context ends, the replica is unchanged.
func Bootstrap(ctx context.Context, from, to KVStore) error {
	if ctx == nil {
		return fmt.Errorf("bootstrap: %w", errNilContext)
	}
	s, err := from.GetSnapshot()
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	if err := to.PutSnapshot(&cancellable{ctx, s}); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	return nil
}

type cancellable struct {
	ctx context.Context
	io.ReadCloser
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.ReadCloser.Read(p)
}
