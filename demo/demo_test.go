package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"holdfast/core"
	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) {
	miniredis.DumpMaxLineLen = 1 << 20 // so that Dump cuts nothing
	os.Exit(m.Run())
}

var ctx = context.Background()

// rehearsal is a demo whose time the test moves, so that hours pass in a moment.
type rehearsal struct {
	*Demo
	*core.Core
	t   testing.TB
	now time.Time
}

func rehearse(t testing.TB, seed int64) *rehearsal {
	t.Helper()
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	d, err := set(ctx, Options{Seed: seed}, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return &rehearsal{d, d.session.core, t, now}
}

// run lets time pass in steps and returns what went wrong in them.
func (d *rehearsal) run(span, step time.Duration) error {
	var failed []error
	for end := d.now.Add(span); d.now.Before(end); {
		d.now = d.now.Add(step)
		failed = append(failed, d.step(ctx, d.now))
	}
	return errors.Join(failed...)
}

// until lets time pass, in steps so long that each player acts once in most, until ok holds.
func (d *rehearsal) until(what string, ok func() bool) {
	d.t.Helper()
	for range 100 {
		if ok() {
			return
		}
		_ = d.run(10*time.Second, 10*time.Second) // the errors are those of players that find out
	}
	d.t.Fatalf("not in a thousand seconds: %s", what)
}

// content is what every key holds.
func (d *rehearsal) content() map[string]string {
	out := map[string]string{}
	for entry := range strings.SplitSeq("\n"+d.server.Dump(), "\n- ") {
		key, content, _ := strings.Cut(entry, "\n")
		out[key] = content
	}
	return out
}

// changed lists the keys that were written, added or removed.
func changed(before, after map[string]string) (keys []string) {
	for key, content := range before {
		if now, there := after[key]; !there || now != content {
			keys = append(keys, key)
		}
	}
	for key := range after {
		if _, there := before[key]; !there {
			keys = append(keys, key)
		}
	}
	return keys
}

// documents edits the rows of a kind.
func (d *rehearsal) documents(of kind.Name) kind.Documents {
	k, _ := d.Kind(of)
	return k.Documents
}

// rows reads everything as the dashboard does.
func rows(t testing.TB, c *core.Core) *live.Snapshot {
	t.Helper()
	s, err := live.New(c.Conn, c.Kinds(), live.Options{}).ReadAll(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestEveryKindHasRowsAtOnce(t *testing.T) {
	d := must[*Demo](t)(Start(ctx, Options{Seed: 1}))
	defer d.Close()
	if !regexp.MustCompile(`^redis://127\.0\.0\.1:\d+/0$`).MatchString(d.URL) {
		t.Errorf("URL %s", d.URL)
	}
	c := must[*core.Core](t)(core.Open(core.Options{Conn: conn.Options{URLs: []string{d.URL}}})) // as another process would
	defer c.Close()
	s := rows(t, c)
	for name, least := range map[kind.Name]int{"buffers": 8, "generations": 50, "actors": 40, "workers": 12, "locks": 4, "leases": 8, "records": 20, "kv": 4, "pairs": 30} {
		table := s.Table(name)
		if table.Len() < least {
			t.Errorf("%d %s, want %d", table.Len(), name, least)
		}
		if table.Bad == 0 && name != "leases" {
			t.Errorf("no bad row among the %s", name)
		}
	}
}

func TestThereIsSomethingToFind(t *testing.T) {
	d := rehearse(t, 1)
	batches := must[[]int64](t)(d.Buffers.Batches(ctx, abandoned))
	if len(batches) != 1 || d.now.Sub(time.UnixMilli(batches[0])) < 10*time.Minute {
		t.Errorf("stuck batches: %v", batches)
	}
	if _, _, err := d.Buffers.Prepare(ctx, audited, ""); !errors.Is(err, buffer.ErrLocked) {
		t.Errorf("the audited store is not locked: %v", err)
	}
	halves, _ := d.Actors.Halves(ctx) // the error tells of the bad records
	if len(halves) != 1 || halves[0].Actor != oneSidedActor {
		t.Errorf("halves: %+v", halves)
	}
	if a, err := d.Actors.GetActor(ctx, stuckActor); err != nil || a.Status != "STATUS_RESUMING" || a.AteomPodName == "" {
		t.Errorf("the stuck actor: %+v, %v", a, err)
	}
	if ttl := d.server.TTL("lock:" + longLock); ttl < 10*time.Minute {
		t.Errorf("the long lock ends in %v", ttl)
	}
}

// undisturbed is how long a rehearsal may run before the leases that core keeps alive, in real time, are over.
const undisturbed = leaseTTL - 2*time.Second

// Nothing that the players do is refused where nobody interferes, and they are modest.
func TestEveryKindMoves(t *testing.T) {
	d := rehearse(t, 2)
	moved, seconds, sent := map[kind.Name]int{}, int(undisturbed/time.Second), d.Conn.Log.Sent()
	before := d.content()
	for range seconds {
		if err := d.run(time.Second, tick); err != nil {
			t.Error(err)
		}
		after := d.content()
		for _, k := range d.Kinds() {
			if slices.ContainsFunc(changed(before, after), func(key string) bool { _, ok := k.Source.Identify(key); return ok }) {
				moved[k.Name]++
			}
		}
		before = after
	}
	for _, k := range d.Kinds() {
		if k.Name == "documents" { // newer writers keep them, of which none plays here
			continue
		}
		if moved[k.Name] < seconds*2/3 {
			t.Errorf("%s changed in %d of %d seconds", k.Name, moved[k.Name], seconds)
		}
	}
	if perSecond := (int(d.Conn.Log.Sent()) - int(sent)) / seconds; perSecond > 100 {
		t.Errorf("%d commands a second", perSecond)
	}
}

func TestASeedRepeatsARun(t *testing.T) {
	run := func(seed int64) map[string]string {
		d := rehearse(t, seed)
		if err := d.run(undisturbed/3, tick); err != nil {
			t.Error(err)
		}
		state := d.content()
		for key := range state {
			switch {
			case strings.HasPrefix(key, "buf:") && strings.HasSuffix(key, ":lock"):
				state[key] = "a token of crypto/rand"
			case strings.HasPrefix(key, "kv:") && (strings.HasSuffix(key, ":history") || strings.HasSuffix(key, ":source")):
				state[key] = "an identity of crypto/rand"
			case key == "rec:{"+gateways+"}:exp" || strings.HasPrefix(key, "rec:{"+gateways+"}:lease:"):
				state[key] = "kept alive in real time"
			default:
				state[key] += d.server.TTL(key).String()
			}
		}
		return state
	}
	first, again, other := run(7), run(7), run(8)
	for key, content := range first {
		if again[key] != content {
			t.Errorf("%s\nfirst %s\nagain %s", key, content, again[key])
		}
	}
	if len(again) != len(first) {
		t.Errorf("%d keys, then %d", len(first), len(again))
	}
	if maps.Equal(first, other) {
		t.Error("another seed changes nothing")
	}
}

func TestALeaseDiesWithItsRecords(t *testing.T) {
	d := rehearse(t, 1)
	cart := func(id int64) (ttl time.Duration, records int) {
		for _, r := range rows(t, d.Core).Table("records").All(0) {
			if record.RecordColumns.Namespace.Of(r) == carts && record.RecordColumns.Lease.Of(r) == id {
				records++
			}
		}
		return d.server.TTL(fmt.Sprintf("rec:{%s}:lease:%d", carts, id)), records
	}
	var id int64
	for _, l := range rows(t, d.Core).Table("leases").All(0) {
		if record.LeaseColumns.Namespace.Of(l) == carts {
			id = record.LeaseColumns.Lease.Of(l)
		}
	}
	before, records := cart(id)
	if before <= 3*time.Second || records == 0 {
		t.Fatalf("lease %d has %d records and %v to live", id, records, before)
	}
	_ = d.run(2*time.Second, tick)
	if ttl, still := cart(id); ttl != before-2*time.Second || still != records {
		t.Errorf("2 s later lease %d has %d records of %d, and %v of %v to live", id, still, records, ttl, before)
	}
	_ = d.run(before, tick)
	if ttl, still := cart(id); ttl != 0 || still != 0 {
		t.Errorf("after its end lease %d has %d records and %v to live", id, still, ttl)
	}
}

// goroutines of the demo, its server and its client, each with its stack.
func goroutines() (out []string) {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	for g := range strings.SplitSeq(string(all), "\n\n") {
		if regexp.MustCompile(`miniredis/v2|go-redis/v9|holdfast/demo\.\(\*|holdfast/core/(conn|record)`).MatchString(g) {
			out = append(out, g)
		}
	}
	return out
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	d := must[*Demo](t)(Start(ctx, Options{Seed: 3}))
	if len(goroutines()) < 3 {
		t.Fatalf("while it runs there are %d", len(goroutines()))
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	// The server's readers may be at their last instruction.
	if err := redistest.Poll(10*time.Second, func() bool { return len(goroutines()) == 0 }); err != nil {
		t.Errorf("%v:\n%s", err, strings.Join(goroutines(), "\n\n"))
	}
}

func TestTheContextEndsTheWorkload(t *testing.T) {
	gone, cancel := context.WithCancel(ctx)
	d := must[*Demo](t)(Start(gone, Options{}))
	defer d.Close()
	cancel()
	d.busy.Wait()
	if err := d.session.core.Conn.Reach(ctx); err != nil {
		t.Errorf("the server stands until Close: %v", err)
	}
	if _, err := Start(gone, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("start in a context that ended: %v", err)
	}
}
