package kvstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// errTransport is a failure to reach a server.
var errTransport = errors.Join(errors.New("cut"), conn.ErrUnreachable)

// log is a master that has changes, and fails when told to.
type log struct {
	mu      sync.Mutex
	latest  uint64
	trimmed uint64
	fail    []error // the results of the next calls; nil is success
	loads   []uint64
}

func (l *log) grow(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest += n
}

func (l *log) failure() (err error) {
	if len(l.fail) > 0 {
		err, l.fail = l.fail[0], l.fail[1:]
	}
	return err
}

func (l *log) GetLatestCommittedChangeNumber() (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest, l.failure()
}

func (l *log) LoadChanges(from uint64, most int) ([]*kvstore.ChangeRecord, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.failure(); err != nil {
		return nil, err
	}
	if from <= l.trimmed {
		return nil, kvstore.ErrTrimmed
	}
	var out []*kvstore.ChangeRecord
	for n := from; n <= l.latest && len(out) < most; n++ {
		out = append(out, &kvstore.ChangeRecord{ChangeNumber: n})
	}
	l.loads = append(l.loads, uint64(len(out)))
	return out, nil
}

// replica counts what it is given.
type replica struct {
	mu      sync.Mutex
	applied uint64
	times   map[uint64]int
	fail    []error
}

func (r *replica) GetLatestAppliedChangeNumber() (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.applied, nil
}

func (r *replica) SaveChanges(changes []*kvstore.ChangeRecord) (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range changes {
		if len(r.fail) > 0 {
			err := r.fail[0]
			r.fail = r.fail[1:]
			if err != nil {
				return r.applied, err
			}
		}
		if c.ChangeNumber <= r.applied {
			continue
		}
		if c.ChangeNumber != r.applied+1 {
			return r.applied, kvstore.ErrGap
		}
		if r.times == nil {
			r.times = map[uint64]int{}
		}
		r.applied = c.ChangeNumber
		r.times[c.ChangeNumber]++
	}
	return r.applied, nil
}

func (r *replica) check(t *testing.T, n uint64) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.applied != n || uint64(len(r.times)) != n {
		t.Errorf("applied %d, %d of them; want %d", r.applied, len(r.times), n)
	}
	for c, times := range r.times {
		if times != 1 {
			t.Errorf("change %d was applied %d times", c, times)
		}
	}
}

func TestReplicatorFollowsAndReportsItsLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, to := &log{latest: 25}, &replica{}
		ctx, stop := context.WithCancel(t.Context())
		var lags []uint64
		r := kvstore.Replicator{From: master, To: to, Batch: 10, Report: func(p kvstore.Progress) { lags = append(lags, p.Lag()) }}
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait() // it is idle now
		to.check(t, 25)
		master.grow(5)
		time.Sleep(time.Second) // of the bubble's clock
		to.check(t, 30)
		began := time.Now()
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if time.Since(began) != 0 {
			t.Error("it did not stop at once")
		}
		if len(lags) < 3 || lags[0] != 15 || lags[1] != 5 || lags[2] != 0 {
			t.Errorf("lags %v", lags)
		}
		if p, err := kvstore.ReadProgress(master, to); err != nil || p.Lag() != 0 || p.Latest != 30 {
			t.Error(p, err)
		}
	})
}

// tryAgain is what a server answers whose slot moves.
type tryAgain struct{}

func (tryAgain) Error() string { return "TRYAGAIN Multiple keys request during rehashing of slot" }
func (tryAgain) RedisError()   {}

func TestReplicatorOutlivesAMoveOfTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, to := &log{latest: 3, fail: []error{tryAgain{}, nil, tryAgain{}}}, &replica{fail: []error{tryAgain{}}}
		ctx, stop := context.WithCancel(t.Context())
		r := kvstore.Replicator{From: master, To: to, Report: func(p kvstore.Progress) {
			if p.Err == nil && p.Lag() == 0 {
				stop()
			}
		}}
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		to.check(t, 3)
	})
}

func TestANilContextIsAnError(t *testing.T) {
	var none context.Context
	if err := (&kvstore.Replicator{From: &log{}, To: &replica{}}).Run(none); err == nil {
		t.Error("a replicator runs")
	}
	if err := kvstore.Bootstrap(none, source{}, &sink{}); err == nil {
		t.Error("a replica is made")
	}
}

func TestReplicatorTriesAgainWhileASideIsUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, to := &log{latest: 3, fail: []error{errTransport, errTransport, errTransport, nil, errTransport, errTransport}}, &replica{fail: []error{nil, errTransport, errTransport}}
		ctx, stop := context.WithCancel(t.Context())
		var waits []time.Duration
		last := time.Now()
		r := kvstore.Replicator{From: master, To: to, Report: func(p kvstore.Progress) {
			waits = append(waits, time.Since(last))
			last = time.Now()
			if p.Err == nil && p.Lag() == 0 {
				stop()
			}
		}}
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		to.check(t, 3)
		if len(waits) != 8 || waits[1] != 100*time.Millisecond || waits[2] != 200*time.Millisecond || waits[3] != 400*time.Millisecond {
			t.Errorf("tried after %v", waits)
		}
	})
}

func TestReplicatorStopsAtWhatDoesNotPass(t *testing.T) {
	failed := errors.New("disk on fire")
	for _, tt := range []struct {
		what   string
		master *log
		to     *replica
		want   error
	}{
		{"trimmed history", &log{latest: 9, trimmed: 4}, &replica{applied: 2}, kvstore.ErrTrimmed},
		{"another history", &log{latest: 9}, &replica{applied: 10}, kvstore.ErrAhead},
		{"a failing master", &log{latest: 9, fail: []error{failed}}, &replica{}, failed},
		{"a failing replica", &log{latest: 9}, &replica{fail: []error{failed}}, failed},
		{"a closed replica", &log{latest: 9}, &replica{fail: []error{kvstore.ErrClosed}}, kvstore.ErrClosed},
	} {
		r := kvstore.Replicator{From: tt.master, To: tt.to}
		if err := r.Run(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := (&kvstore.Replicator{From: &log{}, To: &replica{}}).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestReplicatorsSideBySideApplyEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, to := &log{latest: 500}, &replica{}
		ctx, stop := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		for i := range 3 {
			busy.Go(func() {
				r := kvstore.Replicator{From: master, To: to, Batch: 3 + i}
				if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		for range 10 {
			master.grow(7)
			time.Sleep(time.Second)
		}
		to.check(t, 570)
		stop()
		busy.Wait()
	})
}

// source is a store that can only be copied from.
type source struct {
	kvstore.KVStore
	stream io.ReadCloser
	err    error
}

func (s source) GetSnapshot() (io.ReadCloser, error) { return s.stream, s.err }

// sink is a store that can only be copied to.
type sink struct {
	kvstore.KVStore
	got []byte
}

func (s *sink) PutSnapshot(r io.ReadCloser) (err error) {
	s.got, err = io.ReadAll(r)
	return errors.Join(err, r.Close())
}

func TestBootstrapCopiesUntilTheContextEnds(t *testing.T) {
	to := &sink{}
	from := source{stream: io.NopCloser(bytes.NewReader(small(t)))}
	if err := kvstore.Bootstrap(t.Context(), from, to); err != nil || !bytes.Equal(to.got, small(t)) {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := kvstore.Bootstrap(ctx, from, to); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := kvstore.Bootstrap(t.Context(), source{err: errGone}, to); !errors.Is(err, errGone) {
		t.Error(err)
	}
}
