package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

var ctx = context.Background()

// A row of a fake is a key with its text. The text "bad" is a problem, "cut" a transport error, and one that begins with !
// is what the server answered instead. What follows a ~ is a note, and of two rows that differ only in their notes none is a change.
var (
	fakeSchema = kind.NewSchema(errFake)
	fakeText   = fakeSchema.Text("text")
	fakeNote   = aside(fakeSchema.Text("note"))
	fakeEnds   = fakeSchema.Deadline("ends")

	errFake = errors.New("no such text")
)

func aside(c kind.Text) kind.Text {
	fakeSchema.Aside(c.Column)
	return c
}

// reply is an error that the server answered.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// addRow packs a row of a fake.
func addRow(b *kind.Builder, id, value string) {
	b.Row(id)
	text, note, _ := strings.Cut(value, "~")
	fakeText.Set(b, text)
	fakeNote.Set(b, note)
	switch answer, is := strings.CutPrefix(text, "!"); {
	case is:
		b.Bad(conn.Fail("fake: read", id, reply(answer)))
	case text == "cut":
		b.Bad(conn.Fail("fake: read", id, &net.OpError{Op: "read", Err: errors.New("cut")}))
	case text == "bad":
		b.Bad(errFake)
	}
}

// textOf is what addRow was given.
func textOf(r kind.Row) string {
	if note := fakeNote.Of(r); note != "" {
		return fakeText.Of(r) + "~" + note
	}
	return fakeText.Of(r)
}

// rowsOf makes rows of "id=text".
func rowsOf(pairs ...string) []kind.Row {
	b := fakeSchema.Builder(len(pairs))
	for _, p := range pairs {
		id, text, _ := strings.Cut(p, "=")
		addRow(b, id, text)
	}
	return b.Rows()
}

// fake is a Source of the string keys under a prefix. It counts what it is asked for, and fails as it is told.
type fake struct {
	c      redis.UniversalClient
	prefix string

	mu     sync.Mutex
	asked  map[string]int           // how often for each id
	before func(ids []string)       // called before each Read
	fail   func(ids []string) error // the error of a Read
}

func (f *fake) Patterns() []string { return []string{conn.EscapeGlob(f.prefix) + "*"} }

func (f *fake) Identify(key string) (string, bool) { return strings.CutPrefix(key, f.prefix) }

func (f *fake) Keys(id string) []string { return []string{f.prefix + id} }

func (f *fake) Inspect(ctx context.Context, id string) ([]byte, bool, error) {
	b, err := f.c.Get(ctx, f.prefix+id).Bytes()
	if err == redis.Nil {
		return nil, false, nil
	}
	return b, err == nil, err
}

func (f *fake) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	f.mu.Lock()
	for _, id := range ids {
		f.asked[id]++
	}
	before, fail := f.before, f.fail
	f.mu.Unlock()
	if before != nil {
		before(ids)
	}
	if fail != nil {
		if err := fail(ids); err != nil {
			return nil, err
		}
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = f.prefix + id
	}
	got, err := conn.GetMany(ctx, f.c, keys)
	if err != nil {
		return nil, err
	}
	b := fakeSchema.Builder(len(ids))
	for i := len(ids) - 1; i >= 0; i-- { // the order is free
		if got[i].Found {
			addRow(b, ids[i], string(got[i].Value))
		}
	}
	return b.Rows(), nil
}

// set changes how it behaves from now on.
func (f *fake) set(change func(f *fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// forget returns what was asked for since the last call.
func (f *fake) forget() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.asked
	f.asked = map[string]int{}
	return asked
}

// world is a model of fakes, one for each prefix, whose name is its kind, over a miniredis. Its clock stands still and
// its timed readings never come, unless the test moves the one and asks for the other.
type world struct {
	*Model
	t     testing.TB
	mini  *miniredis.Miniredis
	fakes map[kind.Name]*fake
	clock atomic.Int64
}

func newWorld(t testing.TB, prefixes ...string) *world {
	t.Helper()
	_, mini := redistest.Mini(t)
	w := newWorldAt(t, "redis://"+mini.Addr(), prefixes...)
	w.mini = mini
	return w
}

func newWorldAt(t testing.TB, url string, prefixes ...string) *world {
	t.Helper()
	c, err := conn.Open(conn.Options{URLs: []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	w := &world{t: t, fakes: map[kind.Name]*fake{}}
	var kinds []kind.Kind
	for _, p := range prefixes {
		f := &fake{c: c, prefix: p, asked: map[string]int{}}
		w.fakes[kind.Name(p)] = f
		kinds = append(kinds, kind.Kind{Name: kind.Name(p), Schema: fakeSchema, Source: f})
	}
	w.clock.Store(1e18)
	w.Model = New(c, kinds, Options{Refresh: time.Hour, Now: func() time.Time { return time.Unix(0, w.clock.Load()) }})
	return w
}

// shortBursts lets a reading end after one page of SCAN, so that a pass takes many of them however few keys there are.
func shortBursts(t testing.TB) {
	was := burst
	burst.pages = 1
	t.Cleanup(func() { burst = was })
}

// put writes keys, each given as "key=text".
func (w *world) put(pairs ...string) {
	w.t.Helper()
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		if err := w.conn.Set(ctx, k, v, 0).Err(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// fill writes n keys under a prefix, 00000 and up.
func (w *world) fill(prefix string, n int) {
	w.t.Helper()
	for from := 0; from < n; from += 10_000 {
		p := w.conn.Pipeline()
		for i := from; i < min(n, from+10_000); i++ {
			p.Set(ctx, fmt.Sprintf("%s%05d", prefix, i), "1", 0)
		}
		if _, err := p.Exec(ctx); err != nil {
			w.t.Fatal(err)
		}
	}
}

// look makes one reading as Run does.
func (w *world) look() *Snapshot {
	w.t.Helper()
	if err := w.read(ctx, burst); err != nil {
		w.t.Fatal(err)
	}
	return w.Snapshot()
}

// run runs the model until the test ends or stop is called.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			w.t.Errorf("Run returned %v", err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// until waits for a snapshot.
func (w *world) until(what string, ok func(s *Snapshot) bool) *Snapshot {
	w.t.Helper()
	redistest.Eventually(w.t, what, func() bool { return ok(w.Snapshot()) })
	return w.Snapshot()
}

// slowScan is a hook with which each page of SCAN takes its time on the clock of the world.
type slowScan struct{ w *world }

const slowPage = 500 * time.Millisecond

func (slowScan) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s slowScan) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "scan" {
			s.w.clock.Add(int64(slowPage))
		}
		return next(ctx, cmd)
	}
}

func (slowScan) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// texts spells a table: "id=text" of each row.
func texts(t *Table) []string {
	out := []string{}
	for _, r := range t.All(0) {
		out = append(out, r.ID()+"="+textOf(r))
	}
	return out
}

// spell spells changes: +added, -removed, ~changed.
func spell(changes []Change) []string {
	out := []string{}
	for _, c := range changes {
		switch {
		case c.Before.None():
			out = append(out, "+"+c.ID)
		case c.After.None():
			out = append(out, "-"+c.ID)
		default:
			out = append(out, fmt.Sprintf("~%s:%s>%s", c.ID, textOf(c.Before), textOf(c.After)))
		}
	}
	return out
}

func same(t interface {
	Helper()
	Errorf(string, ...any)
}, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
