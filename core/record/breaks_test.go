package record_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// Each test here catches one way to break the package that no other test notices.

// A lease that is prolonged moves both: the key that readers see, and the deadline that decides.
func TestKeepingMovesTheDeadlineInBothPlaces(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c)
	l := grant(t, s, 400*time.Millisecond, true)
	id, key := fmt.Sprint(int64(l.Id())), fmt.Sprintf("rec:{ns}:lease:%d", l.Id())
	first := c.ZScore(ctx, "rec:{ns}:exp", id).Val()
	redistest.Eventually(t, "the deadline moves", func() bool { return c.ZScore(ctx, "rec:{ns}:exp", id).Val() > first })
	if err := s.Close(); err != nil { // nobody prolongs it from here on
		t.Fatal(err)
	}
	if deadline, expiry := c.ZScore(ctx, "rec:{ns}:exp", id).Val(), c.PExpireTime(ctx, key).Val().Milliseconds(); int64(deadline) != expiry {
		t.Errorf("the deadline is %.0f and the key expires at %d", deadline, expiry)
	}
}

// A key that has gone to another lease is not the old one's to remove, when that is swept and when it is released.
func TestSweepingLeavesWhatWasMadeAgainUnderAnotherLease(t *testing.T) {
	for what, lease := range map[string]bool{"another lease": true, "no lease": false} {
		t.Run(what, func(t *testing.T) {
			c := redistest.Single(t)
			s := open(t, c)
			furnish(t, c)
			owner := record.LeaseId(record.NoLeaseId)
			if lease {
				owner = livingLease
			}
			c.ZRem(ctx, "rec:{ns}:exp", overLease) // nobody sweeps in between
			v := put(t, s, "c", "new", owner)
			c.ZAdd(ctx, "rec:{ns}:exp", redis.Z{Score: 1, Member: overLease})
			if err := s.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
			r, err := s.Get(ctx, "c")
			if err != nil || r.Version != v || string(r.Value) != "new" || c.Exists(ctx, "rec:{ns}:lk:2").Val() != 0 {
				t.Errorf("got %+v, %v; %v", r, err, contents(t, c))
			}
		})
	}
}

// A subscription that stands and delivers nothing is found out by the counter, and replaced.
func TestASubscriptionThatDeliversNothingIsReplaced(t *testing.T) {
	c := redistest.Single(t)
	mine := redis.NewClient(c.Options())
	defer mine.Close()
	s := openNS(t, mine, "ns", record.Options{Poll: 20 * time.Millisecond})
	v := put(t, s, "a", "", record.NoLeaseId)
	done := waitFor(t, c, s, "a", v)
	pubsub := func() string {
		for line := range strings.Lines(c.ClientList(ctx).Val()) {
			if strings.Contains(line, "ssub=1") || strings.Contains(line, " sub=1") {
				id, _, _ := strings.Cut(strings.TrimPrefix(line, "id="), " ")
				return id
			}
		}
		return ""
	}
	first := pubsub()
	redistest.Eventually(t, "another subscription", func() bool {
		c.Incr(ctx, "rec:{ns}:seq") // a change of which nobody tells
		second := pubsub()
		return second != "" && second != first
	})
	if _, err := open(t, c).CasByVersion(ctx, record.Record{Key: "a", Version: v}); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got.err != nil || got.r.Version <= v {
		t.Fatalf("got %+v", got)
	}
}

// failing is a hook that refuses the scripts that keep leases alive, and counts them.
type failing struct {
	on    atomic.Bool
	tries atomic.Int64
}

func (h *failing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *failing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if h.on.Load() && strings.HasPrefix(cmd.Name(), "eval") {
			h.tries.Add(1)
			cmd.SetErr(errors.New("lost"))
			return cmd.Err()
		}
		return next(ctx, cmd)
	}
}

func (h *failing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// After a failure a lease is not left alone for another quarter of its life, of which it has three: it is tried more often
// than that before it is lost.
func TestAFailedKeepIsTriedAgainSoon(t *testing.T) {
	t.Parallel()
	c := redistest.Start(t).Client(t)
	hook := &failing{}
	c.AddHook(hook)
	l := grant(t, open(t, c), 3*time.Second, true)
	hook.on.Store(true)
	<-l.Lost()
	if n := hook.tries.Load(); n < 5 { // twelve where the machine has time
		t.Errorf("%d tries in the life of a lease", n)
	}
}

// Release leaves nothing to others, however many records there are.
func TestReleaseSweepsTheRestItself(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c)
	l := grant(t, s, time.Hour, false)
	for i := range 2100 {
		put(t, s, fmt.Sprint(i), "", l.Id())
	}
	if err := s.ReleaseLease(ctx, l.Id()); err != nil {
		t.Fatal(err)
	}
	if n := c.DBSize(ctx).Val(); n != 1 { // the counter
		t.Errorf("%d keys are left", n)
	}
}

// Lease ids are given once, also where several count at the same time and guess the same one, and where the counter was set
// back by hand.
func TestLeaseIdsAreGivenOnce(t *testing.T) {
	c := redistest.Single(t)
	ids := make(chan record.LeaseId, 200)
	for range 8 {
		s := open(t, c)
		go func() {
			for range cap(ids) / 8 {
				l, err := s.NewLease(ctx, time.Hour, false)
				if err != nil {
					t.Error(err)
					ids <- 0
					continue
				}
				put(t, s, fmt.Sprint(l.Id()), "", l.Id())
				ids <- l.Id()
			}
		}()
	}
	seen := map[record.LeaseId]bool{}
	for range cap(ids) {
		id := <-ids
		if seen[id] {
			t.Errorf("lease %d was given twice", id)
		}
		seen[id] = true
	}
	s := open(t, c)
	grant(t, s, time.Hour, false)
	c.FlushAll(ctx)
	if l := grant(t, s, time.Hour, false); l.Id() <= 0 {
		t.Errorf("lease %d", l.Id())
	}
}

// Records of which a range was told before they changed are read again: a range is of one instant, also a large one and
// one that is read key by key.
func TestARangeIsOfOneInstant(t *testing.T) {
	admin := redistest.Single(t)
	for what, others := range map[string]int{"small": 0, "large": 1100} {
		t.Run(what, func(t *testing.T) {
			writer := open(t, admin)
			admin.FlushAll(ctx)
			for i := range others {
				put(t, writer, fmt.Sprintf("m%04d", i), "", record.NoLeaseId)
			}
			v, w := put(t, writer, "a", "0", record.NoLeaseId), put(t, writer, "z", "0", record.NoLeaseId)
			going, stop := context.WithCancel(ctx)
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				for i := 1; going.Err() == nil; i++ { // a is ahead of z by one at most
					value := record.Value(fmt.Sprint(i))
					v, _ = writer.CasByVersion(ctx, record.Record{Key: "a", Value: value, Version: v})
					w, _ = writer.CasByVersion(ctx, record.Record{Key: "z", Value: value, Version: w})
				}
			}()
			s := open(t, admin)
			rounds := 50
			if testing.Short() {
				rounds = 10
			}
			for range rounds {
				all, err := s.GetRange(ctx, "a", "z")
				if err != nil || len(all) != others+2 {
					t.Fatalf("%d records, %v", len(all), err)
				}
				var a, z int
				_, _ = fmt.Sscan(string(all[0].Value), &a)
				_, _ = fmt.Sscan(string(all[len(all)-1].Value), &z)
				if a != z && a != z+1 {
					t.Fatalf("a is %d and z is %d", a, z)
				}
			}
			stop()
			<-stopped
		})
	}
}

// onSent is a hook that cancels a context as soon as a command is on its way.
type onSent struct {
	then atomic.Pointer[context.CancelFunc]
}

func (h *onSent) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *onSent) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		go h.cancel()
		return next(ctx, cmd)
	}
}

func (h *onSent) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		go h.cancel()
		return next(ctx, cmds)
	}
}

func (h *onSent) cancel() {
	if cancel := h.then.Load(); cancel != nil {
		(*cancel)()
	}
}

// With the server stopped every call ends with its context.
func TestCallsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	furnish(t, admin)
	c := server.Client(t)
	sent := &onSent{}
	c.AddHook(sent)
	s := open(t, c)
	records, leases := record.NewRecordRows(c, ""), record.NewLeaseRows(c, "")
	calls := map[string]func(ctx context.Context) error{
		"get":           func(ctx context.Context) error { _, err := s.Get(ctx, "a"); return err },
		"range":         func(ctx context.Context) error { _, err := s.GetRange(ctx, "", "z"); return err },
		"wait":          func(ctx context.Context) error { _, err := s.WaitForVersionChange(ctx, "b", versionOfB); return err },
		"read records":  func(ctx context.Context) error { _, err := records.Read(ctx, []string{"ns:a"}); return err },
		"inspect":       func(ctx context.Context) error { _, _, err := records.Inspect(ctx, "ns:a"); return err },
		"load":          func(ctx context.Context) error { _, _, err := records.Load(ctx, "ns:a"); return err },
		"keep":          func(ctx context.Context) error { _, _, _, err := records.Keep(ctx, "ns:a"); return err },
		"read leases":   func(ctx context.Context) error { _, err := leases.Read(ctx, []string{"ns:1"}); return err },
		"inspect lease": func(ctx context.Context) error { _, _, err := leases.Inspect(ctx, "ns:1"); return err },
	}
	for what, m := range mutations() {
		calls[what] = func(ctx context.Context) error { return m.call(ctx, s) }
	}
	server.Pause()
	defer server.Resume()
	for what, call := range calls {
		brief, cancel := context.WithCancel(ctx)
		ended := make(chan error, 1)
		sent.then.Store(&cancel)
		go func() { ended <- call(brief) }()
		// The client's own timeout, three seconds, would end the call with another error.
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
