package insight_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/insight"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

// The worst come first, of these the oldest, and a finding keeps its age.
func TestTheWorstComesFirst(t *testing.T) {
	w := newWorld(t, insight.Options{})
	w.lock("lock:b", "t", 0)
	w.follow(time.Second)
	w.lock("lock:a", "t", 0)
	w.actor("a", "STATUS_RUNNING", "")
	w.actor("x", "STATUS_DREAMING", "")
	f := w.follow(time.Second)
	var got []string
	for i := range f.Len() {
		one := f.Finding(i)
		got = append(got, fmt.Sprintf("%s %s since %ds", one.Severity, one.ID(), int(w.now.Sub(one.Since).Seconds())))
	}
	want := []string{
		"bad actor-running-nowhere actors a since 0s", "warn lock-never-expires locks lock:b since 1s", "warn lock-never-expires locks lock:a since 0s",
		"info status-unknown actors x since 0s",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", lines(got), lines(want))
	}
	if f.Count(insight.Warn) != 2 || f.OfCode("lock-never-expires") != 2 || !f.AtLeast(insight.Bad) {
		t.Errorf("%d warn, %d of the code, bad: %v", f.Count(insight.Warn), f.OfCode("lock-never-expires"), f.AtLeast(insight.Bad))
	}
	later := w.follow(time.Minute)
	if later.Packed() != f.Packed() {
		t.Error("nothing changed, and the findings did")
	}
	w.remove("actors", "a")
	if f = w.follow(0); f.AtLeast(insight.Bad) || !f.AtLeast(insight.Warn) {
		t.Errorf("the worst is gone, and found are %d", f.Len())
	}
}

// What could not be read is unknown, with the reason, and never fine.
func TestUnknownIsNotFine(t *testing.T) {
	why := func(f *insight.Findings, code insight.Code) string {
		for _, u := range f.Unknown {
			if u.Code == code {
				return u.Reason
			}
		}
		return ""
	}
	w := newWorld(t, insight.Options{})
	w.unread["locks"], w.unread["actors"] = true, true
	w.lock("lock:a", "t", 0)
	f := w.follow(0)
	if why(f, "lock-never-expires") != "locks are still being read" || f.OfCode("lock-never-expires") != 1 {
		t.Errorf("half read: %q", f.Unknown)
	}
	clear(w.unread)
	w.set("locks", "lock:hidden", func(b *kind.Builder) { actorstore.LockColumns.Expires.Unknown(b, errors.New("NOPERM pttl")) })
	f = w.follow(time.Second)
	if got := why(f, "lock-never-expires"); got != "of 1 row not all could be read: NOPERM pttl" {
		t.Errorf("a time to live that is not known: %q", got)
	}
	if got := why(f, "lock-contended"); got != "" { // it has its second reading now
		t.Errorf("lock-contended: %q", got)
	}
	w.remove("locks", "lock:hidden")
	w.snap.Server.Facts.Err = errors.New("NOPERM info")
	f = w.follow(0)
	if why(f, "lock-never-expires") != "" || why(f, "eviction-possible") != "INFO: NOPERM info" {
		t.Errorf("found %q", f.Unknown)
	}

	one := newWorld(t, insight.Options{})
	one.lock("lock:a", "t", time.Minute)
	if got := why(one.follow(0), "fence-went-back"); got != "one reading cannot tell: it takes a second one to compare with" {
		t.Errorf("one reading: %q", got)
	}
}

// One side of an assignment is judged when all of both kinds was read, and not while it is being made.
func TestAssignmentsAreJudgedWhenTheyAreKnown(t *testing.T) {
	w := newWorld(t, insight.Options{})
	w.unread["workers"] = true
	w.actor("a", "STATUS_RUNNING", "ns:p:w")
	if f := w.follow(0); f.Len() != 0 {
		t.Fatalf("workers are still being read: %s", lines(w.of(f, "assignment-one-sided")))
	}
	clear(w.unread)
	if f := w.follow(0); f.OfCode("assignment-one-sided") != 1 {
		t.Fatalf("all is read: %d findings", f.Len())
	}
	w.worker("w", "a")
	w.worker("v", "b")
	if f := w.follow(0); f.OfCode("assignment-one-sided") != 0 {
		t.Fatalf("it is being made: %s", lines(w.of(f, "assignment-one-sided")))
	}
	w.actor("b", "STATUS_RUNNING", "ns:p:v")
	if f := w.follow(2 * time.Second); f.Len() != 0 {
		t.Fatalf("it was made: %d findings", f.Len())
	}
}

func TestExcludesLeaveOutWhatIsKnown(t *testing.T) {
	w := newWorld(t, insight.Options{})
	until := w.now.Add(time.Hour)
	w = newWorld(t, insight.Options{Excludes: []insight.Exclude{{Code: "lock-never-expires", Row: "lock:job:*", Reason: "cron", Until: until}}})
	w.lock("lock:job:x", "t", 0)
	w.lock("lock:other", "t", 0)
	f := w.follow(0)
	if got := w.of(f, "lock-never-expires"); len(got) != 1 || f.Excluded != 1 {
		t.Errorf("%d left out, found %q", f.Excluded, got)
	}
	f = w.follow(2 * time.Hour)
	if got := w.of(f, "lock-never-expires"); len(got) != 2 || f.Excluded != 0 {
		t.Errorf("after its end %d left out, found %q", f.Excluded, got)
	}
	for _, x := range []insight.Exclude{{Code: "nonsense", Reason: "r"}, {Code: "lock-held-long", Row: "[", Reason: "r"}, {Code: "lock-held-long"}} {
		if x.Check() == nil {
			t.Errorf("%v is taken", x)
		}
	}
}

func TestThresholds(t *testing.T) {
	var o insight.Options
	for _, err := range []error{o.Thresholds.Set("lock-held-long", "5m"), o.Thresholds.Set("queue-dead-letters", "3")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for code, text := range map[insight.Code]string{"lock-held-long": "soon", "queue-dead-letters": "0", "lock-never-expires": "1h", "nonsense": "1h", "queue-old": "-1h"} {
		if o.Thresholds.Set(code, text) == nil {
			t.Errorf("%s = %q is taken", code, text)
		}
	}
	w := newWorld(t, o)
	w.lock("lock:a", "t", time.Hour)
	w.queue("q", 0, 4, 0)
	w.follow(0)
	f := w.follow(6 * time.Minute)
	if f.OfCode("lock-held-long") != 1 || f.OfCode("queue-dead-letters") != 1 {
		t.Errorf("found %d", f.Len())
	}
}

// On a real server what is seeded is found while its changes are pushed, and is gone with its own action.
func TestFindingsOfARealServer(t *testing.T) {
	s := redistest.Start(t, "--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru")
	r := s.Client(t)
	ctx := context.Background()
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{s.URL()}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Live.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; c.Close() })
	e := insight.New(insight.Options{})
	found := func(code insight.Code, n int) func() bool {
		return func() bool { return e.Follow(c.Live.Snapshot()).OfCode(code) == n }
	}
	redistest.Eventually(t, "changes are pushed", func() bool { return c.Live.Snapshot().Pushed })
	redistest.Eventually(t, "the server says that it evicts", found("eviction-possible", 1))
	r.Set(ctx, "lock:job:x", "t", 0)
	redistest.Eventually(t, "a lock that never expires is found", found("lock-never-expires", 1))
	r.Set(ctx, "worker:ns:p:w", `{"workerNamespace":"ns","workerPool":"p","workerPod":"w","actorId":"ghost","version":"1"}`, 0)
	redistest.Eventually(t, "one side of an assignment is found", found("assignment-one-sided", 1))
	r.Del(ctx, "lock:job:x", "worker:ns:p:w")
	redistest.Eventually(t, "the lock is gone", found("lock-never-expires", 0))
	redistest.Eventually(t, "the assignment is gone", found("assignment-one-sided", 0))
}
