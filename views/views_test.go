package views_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/anykey"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/internal/print"
	"holdfast/internal/redistest"
	"holdfast/keymap"
	"holdfast/tui/view"
	"holdfast/views"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

var serverTime = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// world is a server that the primitives fill.
type world struct {
	t    testing.TB
	core *core.Core
	mini *miniredis.Miniredis
}

func newWorld(t testing.TB) *world {
	t.Helper()
	_, mini := redistest.Mini(t)
	mini.SetTime(serverTime)
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{"redis://" + mini.Addr()}}, Layouts: layout.Presets()})
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return &world{t, c, mini}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) ago(d time.Duration, f func()) {
	w.mini.SetTime(serverTime.Add(-d))
	f()
	w.mini.SetTime(serverTime)
}

func (w *world) push(store string, n int) {
	for i := range n {
		_, err := w.core.Buffers.Push(ctx, store, fmt.Appendf(nil, `{"id":%d}`, i))
		must(w.t, err)
	}
}

func (w *world) prepare(store string) {
	_, _, err := w.core.Buffers.Prepare(ctx, store, "")
	must(w.t, err)
}

func (w *world) lock(key string, ttl time.Duration) {
	_, err := w.core.Actors.AcquireLock(ctx, key, "token", ttl)
	must(w.t, err)
}

// read reads all and gives a clock that fits.
func (w *world) read() (*live.Snapshot, view.Clock) {
	w.t.Helper()
	s, err := w.core.Live.ReadAll(ctx)
	must(w.t, err)
	now := time.Now()
	return s, view.Clock{Now: now, Server: s.ServerNow(now)}
}

// one of everything.
func (w *world) fill() {
	w.ago(time.Hour, func() { w.push("left", 2); w.prepare("left") })
	w.ago(10*time.Minute, func() { w.push("orders", 3) })
	_, _, err := w.core.Buffers.Lock(ctx, "orders", 0, time.Hour)
	must(w.t, err)
	g, err := w.core.GenStore("user", time.Hour)
	must(w.t, err)
	_, err = g.Bump(ctx, "u1")
	must(w.t, err)
	for _, doc := range [][2]string{
		{"actor:a1", `{"actorId":"a1","version":"2","status":"STATUS_RUNNING","ateomPodNamespace":"ns","ateomPodName":"p1","ateomPodIp":"10.0.0.1"}`},
		{"actor:space:a2", `{"actorId":"a2","atespace":"space","version":"1","status":"STATUS_PAUSED"}`},
		{"actor:bad", `{`},
		{"actor:space:a3", `{"metadata":{"atespace":"space","name":"a3","version":"1"},"actorTemplate":{"atespace":"space","name":"t1"},"status":{"state":"ACTOR_STATE_PAUSED"}}`},
		{"atespace:space", `{"metadata":{"name":"space","version":"3"}}`},
		{"actor-template:space:t1", `{"metadata":{"atespace":"space","name":"t1"}}`},
		{"worker:ns:pool:p1", `{"workerNamespace":"ns","workerPool":"pool","workerPod":"p1","actorId":"a1","ip":"10.0.0.1","version":"1"}`},
		{"rueidislock:0:rows", "me"},
		{"worker:ns:pool:p2", `{"workerNamespace":"ns","workerPool":"pool","workerPod":"p2","actorId":"a2","actorAtespace":"space","version":"1"}`},
	} {
		must(w.t, w.mini.Set(doc[0], doc[1]))
	}
	w.lock("lock:actor:a1", time.Hour)
	w.lock("lock:worker:ns:pool:p2", time.Minute)
	w.lock("lock:odd", time.Minute)
	_, err = w.mini.RPush("rq:queue:mail", "job")
	must(w.t, err)
	w.mini.HSet("rq:worker:host.1", "queues", "mail,video", "state", "busy", "current_job", "job")
	w.mini.SetTTL("rq:worker:host.1", time.Minute)
	db, err := w.core.KV("flags")
	must(w.t, err)
	must(w.t, db.Put(&kvstore.KVPair{Key: []byte("k"), Value: []byte("v")}))
	must(w.t, db.Close())
	s, err := w.core.Records("cfg")
	must(w.t, err)
	l, err := s.Lessor().NewLease(ctx, time.Hour, false)
	must(w.t, err)
	for key, lease := range map[string]record.LeaseId{"free": record.NoLeaseId, "leased": l.Id()} {
		_, err = s.Create(ctx, record.Record{Key: record.Key(key), Value: []byte("\x00\xff"), Lease: lease})
		must(w.t, err)
	}
}

// The registry is the contract of the command line: these views, in this order.
func TestRegistry(t *testing.T) {
	w := newWorld(t)
	kinds := map[kind.Name]bool{"": true, anykey.Keys: true}
	for _, f := range w.core.Kinds() {
		kinds[f.Name] = true
	}
	keys, err := keymap.New(nil)
	must(t, err)
	if got := strings.Join(views.All().Names(), " "); !strings.HasPrefix(got, "overview buffers generations actors workers locks leases records kv findings queues") {
		t.Errorf("views %s", got)
	}
	seen := map[string]bool{}
	for i, v := range views.All() {
		if seen[v.Name] || v.Name == "" || v.Title == "" || v.Short == "" || len(v.Short) > len(v.Title) {
			t.Errorf("view %q is there twice or lacks a title", v.Name)
		}
		seen[v.Name] = true
		if named, ok := views.All().Named(v.Name); ok != (v.Parent == "") || ok && named.Title != v.Title || views.All().Frames()[i].Name != v.Name {
			t.Errorf("view %q is not found by its name", v.Name)
		}
		if !kinds[v.Kind] || v.Kind == "" && v.Rows == nil {
			t.Errorf("view %q shows the kind %q, which nobody reads", v.Name, v.Kind)
		}
		if v.Kind != "" && (v.Empty == "" || v.Facts == nil) {
			t.Errorf("view %q does not say how to get rows, or nothing about one", v.Name)
		}
		for _, a := range v.Actions {
			b, ok := keys.Binding(a.ID)
			if !ok || b.Scope != keymap.Row || a.Label == "" || (a.Plan != nil) == a.Edit {
				t.Errorf("view %q: action %+v", v.Name, a)
			}
		}
	}
	if _, ok := views.All().Named("nothing"); ok {
		t.Error("there is a view called nothing")
	}
}

// Whatever a view shows of a row: nothing panics, links lead to views, and plans are made for what is not blocked.
func TestEveryViewOfEveryRow(t *testing.T) {
	w := newWorld(t)
	w.fill()
	snap, at := w.read()
	op, err := operate.New(w.core, operate.Options{FlushDir: t.TempDir()})
	must(t, err)
	answers := map[string]string{"key": "lock:x", "ttl": "30s", "value": "v"}
	all := views.Of(views.Source{Layouts: w.core.Layouts})
	for _, v := range all {
		rows := live.Rows(snap.Table(v.Kind))
		if v.Rows != nil {
			rows = v.Rows(snap, nil)
		}
		if v.Kind == anykey.Keys { // no snapshot has them
			all, err := w.core.AnyKeys.Read(ctx, []string{"lock:actor:a1", "atespace:x", "buf:{s}:list"})
			must(t, err)
			rows = live.NewTable(v.Kind, all[0].Schema(), all...)
		}
		if rows.Len() == 0 && (!v.Quiet || v.Name == "queues") {
			t.Errorf("%s has no rows", v.Name)
		}
		for i := range rows.Len() {
			r := rows.At(i)
			if r.Problem() != nil {
				continue
			}
			for _, c := range v.Columns {
				_ = c.Text(r, at)
				if c.Key != nil && len(c.Key(nil, r.(kind.Row))) == 0 {
					t.Errorf("%s: %s has no place by %s", v.Name, r.ID(), c.Title)
				}
				if c.Tone != nil {
					_ = c.Tone(r, at)
				}
			}
			if v.Facts != nil && len(v.Facts(r, at)) == 0 {
				t.Errorf("%s: no facts about %s", v.Name, r.ID())
			}
			if v.Links != nil {
				for _, l := range v.Links(r, snap, w.content(v.Kind, r.ID())) {
					if l.Within != "" {
						if snap.Table(kind.Name(l.View)).Within(l.Within).Len() == 0 {
							t.Errorf("%s: %s leads to nothing: %+v", v.Name, r.ID(), l)
						}
						continue
					}
					target, ok := all.Named(l.View)
					if !ok || l.Label == "" {
						t.Errorf("%s: %s leads to %+v", v.Name, r.ID(), l)
						continue
					}
					if _, found := snap.Table(target.Kind).Get(l.ID); !found {
						t.Errorf("%s: %s leads to %+v, which does not exist", v.Name, r.ID(), l)
					}
				}
			}
			if v.Open != nil {
				if l, ok := v.Open(r); ok {
					if !slices.ContainsFunc(all, func(v views.View) bool { return v.Name == l.View }) {
						t.Errorf("%s: %s opens %+v", v.Name, r.ID(), l)
					}
				}
			}
			for _, a := range v.Actions {
				if a.Edit || a.Blocked != nil && a.Blocked(r) != "" {
					continue
				}
				if a.Form != nil {
					for _, f := range a.Form(r).Fields {
						if f.Check != nil && answers[f.Name] != "" {
							must(t, f.Check(answers[f.Name]))
						}
					}
				}
				plan, err := a.Plan(op, r, answers)
				must(t, err)
				if plan.Summary == "" || len(plan.Commands) == 0 || !a.NoRow && a.Form == nil && plan.ID != r.ID() {
					t.Errorf("%s of %s %s: %+v", a.Label, v.Name, r.ID(), plan)
				}
			}
		}
	}
}

func (w *world) content(kind kind.Name, id string) []byte {
	w.t.Helper()
	d, err := w.core.Live.Inspect(ctx, kind, id)
	must(w.t, err)
	return d.Body
}

func links(w *world, view, id string) []string {
	w.t.Helper()
	snap, _ := w.read()
	v := anyView(view)
	r, ok := snap.Table(v.Kind).Get(id)
	if !ok {
		w.t.Fatalf("%s has no %s", view, id)
	}
	var out []string
	for _, l := range v.Links(r, snap, w.content(v.Kind, id)) {
		out = append(out, fmt.Sprintf("%s %s/%s", l.Label, l.View, l.ID))
	}
	return out
}

func TestLinks(t *testing.T) {
	w := newWorld(t)
	w.fill()
	w.push("left", 1)
	w.lock("lock:actor:a2", time.Minute)
	batch := "3600" // any batch: its name is its time
	for _, id := range ids(w, "buffers") {
		if strings.HasSuffix(id, ":left") {
			batch = id
		}
	}
	for _, c := range []struct {
		view, id string
		want     []string
	}{
		{"actors", "a1", []string{"worker workers/ns:pool:p1", "locked by locks/lock:actor:a1"}}, // the pool is not in the document
		{"actors", "space:a2", []string{"atespace documents/atespace:space", "locked by locks/lock:actor:a2"}},
		{"actors", "space:a3", []string{"atespace documents/atespace:space", "actor-template documents/actor-template:space:t1"}},
		{"documents", "atespace:space", nil},
		{"documents", "actor-template:space:t1", []string{"atespace documents/atespace:space"}},
		{"workers", "ns:pool:p1", []string{"actor actors/a1"}},
		{"workers", "ns:pool:p2", []string{"actor actors/space:a2", "locked by locks/lock:worker:ns:pool:p2"}},
		{"locks", "lock:actor:a1", []string{"guards actors/a1"}},
		{"locks", "lock:worker:ns:pool:p2", []string{"guards workers/ns:pool:p2"}},
		{"locks", "lock:actor:a2", []string{"guards actors/space:a2"}}, // the lock does not say in which atespace
		{"locks", "lock:odd", nil},
		{"leases", "cfg:1", []string{"record records/cfg:leased"}},
		{"records", "cfg:leased", []string{"lease leases/cfg:1"}},
		{"records", "cfg:free", nil},
		{"buffers", "left", []string{"prepared buffers/" + batch}},
		{"buffers", batch, []string{"live buffers/left"}},
	} {
		if got := links(w, c.view, c.id); !slices.Equal(got, c.want) {
			t.Errorf("%s %s leads to %q, want %q", c.view, c.id, got, c.want)
		}
	}
}

// However many records there are, no more are looked at than the lease has.
func TestLinksOfALeaseLookAtItsOwnRecordsAlone(t *testing.T) {
	w := newWorld(t)
	w.fill()
	snap, _ := w.read()
	v, _ := views.All().Named("leases")
	r, _ := snap.Table("leases").Get("cfg:1")
	if got := v.Links(r, snap, nil); got != nil {
		t.Errorf("nobody knows the records yet: %v", got)
	}
	content := []byte(`["free","gone","leased",{"base64":"AP8="}]`)
	if got := v.Links(r, snap, content); len(got) != 1 || got[0].ID != "cfg:leased" {
		t.Errorf("of those that the content names, one is the lease's: %v", got)
	}
	if got := v.Links(r, snap, []byte(`["free"]`)); got != nil {
		t.Errorf("it found a record that the content does not name: %v", got)
	}
}

func ids(w *world, name kind.Name) (out []string) {
	snap, _ := w.read()
	for i := range snap.Table(name).Len() {
		out = append(out, snap.Table(name).At(i).ID())
	}
	return out
}

func TestLockFormChecks(t *testing.T) {
	v, _ := views.All().Named("locks")
	i := slices.IndexFunc(v.Actions, func(a view.Action) bool { return a.ID == keymap.Lock })
	form := v.Actions[i].Form(nil)
	for _, c := range []struct {
		field  int
		answer string
		ok     bool
	}{
		{0, "lock:actor:a1", true}, {0, "", false}, {0, "lock:", false}, {0, "any key", true},
		{1, "30s", true}, {1, "1500ms", true}, {1, "", false}, {1, "0s", false}, {1, "-1s", false}, {1, "soon", false},
	} {
		if err := form.Fields[c.field].Check(c.answer); (err == nil) != c.ok {
			t.Errorf("%s %q: %v", form.Fields[c.field].Name, c.answer, err)
		}
	}
}

func TestBlocked(t *testing.T) {
	w := newWorld(t)
	w.fill()
	snap, _ := w.read()
	for _, c := range []struct {
		view, id string
		action   keymap.Action
		why      string
	}{
		{"buffers", "orders", keymap.Flush, "it is locked by "},
		{"buffers", "orders", keymap.Unlock, ""},
		{"actors", "a1", keymap.Delete, "only a suspended actor can be deleted, this one is STATUS_RUNNING"},
	} {
		v, _ := views.All().Named(c.view)
		r, _ := snap.Table(v.Kind).Get(c.id)
		i := slices.IndexFunc(v.Actions, func(a view.Action) bool { return a.ID == c.action })
		if got := v.Actions[i].Blocked(r); !strings.HasPrefix(got, c.why) || (got == "") != (c.why == "") {
			t.Errorf("%s of %s %s: %q", c.action, c.view, c.id, got)
		}
	}
}

// A lock until the year 9999 has a deadline; only one without any never ends.
func TestAFarDeadlineIsNotNever(t *testing.T) {
	at := view.Clock{Now: serverTime}
	row := packed("lock:a", actorstore.LockColumns.Token.Schema(), is(actorstore.LockColumns.Token, "t"), is(actorstore.LockColumns.Expires, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)))
	v, _ := views.All().Named("locks")
	ttl := v.Columns[slices.IndexFunc(v.Columns, func(c view.Column) bool { return c.Title == "TTL" })]
	if got := ttl.Text(row, at); !strings.HasSuffix(got, "y") || strings.Contains(got, "never") {
		t.Errorf("shown %q", got)
	}
	out := printed(t, print.JSONL, v, []live.Row{row}, at)
	if want := fmt.Sprintf(`"ttl_ms":%d,`, actorstore.LockColumns.Expires.Of(row).UnixMilli()-serverTime.UnixMilli()); !strings.Contains(out, want) {
		t.Errorf("printed %s, want %s", out, want)
	}
}
