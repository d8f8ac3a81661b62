package insight_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/insight"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// The schemas of the kinds, in the order of the dashboard.
var schemas = []struct {
	name   kind.Name
	schema *kind.Schema
}{
	{"buffers", buffer.Columns.Store.Schema()},
	{"generations", genstore.Columns.Key.Schema()},
	{"actors", actorstore.ActorColumns.Status.Schema()},
	{"workers", actorstore.WorkerColumns.Pod.Schema()},
	{"locks", actorstore.LockColumns.Token.Schema()},
	{"leases", record.LeaseColumns.Lease.Schema()},
	{"records", record.RecordColumns.Key.Schema()},
	{"kv", redisdb.Columns.Database.Schema()},
	{"queues", layout.QueueColumns.Queue.Schema()},
}

// world is rows at hand, a clock, and an engine that follows them.
type world struct {
	t      testing.TB
	now    time.Time
	rows   map[kind.Name]map[string]kind.Row
	snap   live.Snapshot
	engine *insight.Engine
	rev    uint64
	unread map[kind.Name]bool // of which not all is read
}

func newWorld(t testing.TB, o insight.Options) *world {
	w := &world{t: t, now: time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC), rows: map[kind.Name]map[string]kind.Row{}, unread: map[kind.Name]bool{}}
	w.snap.Pushed, w.snap.Server.Facts.Read = true, true
	o.Now = func() time.Time { return w.now }
	w.engine = insight.New(o)
	return w
}

// follow lets some time pass and has the engine look.
func (w *world) follow(after time.Duration) *insight.Findings {
	w.now = w.now.Add(after)
	w.rev++
	s := w.snap
	s.ReadAt, s.Tables = w.now, nil
	for _, k := range schemas {
		all := slices.Collect(maps.Values(w.rows[k.name]))
		t := live.NewTable(k.name, k.schema, all...)
		t.Complete, t.Rev = !w.unread[k.name], w.rev
		for _, r := range all {
			if r.Bad() {
				t.Bad++
			}
		}
		s.Tables = append(s.Tables, t)
	}
	return w.engine.Follow(&s)
}

// set puts a row, or another one in its place.
func (w *world) set(name kind.Name, id string, fill func(*kind.Builder)) {
	i := slices.IndexFunc(schemas, func(k struct {
		name   kind.Name
		schema *kind.Schema
	}) bool {
		return k.name == name
	})
	if w.rows[name] == nil {
		w.rows[name] = map[string]kind.Row{}
	}
	w.rows[name][id] = schemas[i].schema.One(id, fill)
}

func (w *world) remove(name kind.Name, id string) { delete(w.rows[name], id) }

// lock puts a lock; ttl 0: it never expires.
func (w *world) lock(id, token string, ttl time.Duration, more ...func(*kind.Builder)) {
	w.set("locks", id, func(b *kind.Builder) {
		c := &actorstore.LockColumns
		c.Token.Set(b, token)
		if ttl != 0 {
			c.Expires.Set(b, w.now.Add(ttl))
		}
		for _, set := range more {
			set(b)
		}
	})
}

func fence(n int64) func(*kind.Builder) {
	return func(b *kind.Builder) { actorstore.LockColumns.Fence.Set(b, n) }
}

func heldBy(worker string) func(*kind.Builder) {
	return func(b *kind.Builder) { actorstore.LockColumns.Holder.Set(b, worker) }
}

// actor puts an actor, on a worker or on none.
func (w *world) actor(id, status, worker string) {
	w.set("actors", id, func(b *kind.Builder) {
		c := &actorstore.ActorColumns
		c.Status.Set(b, status)
		c.Worker.Set(b, worker)
	})
}

// worker puts the worker ns:p:POD, which runs an actor or none.
func (w *world) worker(pod, actor string, more ...func(*kind.Builder)) {
	w.set("workers", "ns:p:"+pod, func(b *kind.Builder) {
		c := &actorstore.WorkerColumns
		c.Namespace.Set(b, "ns")
		c.Pool.Set(b, "p")
		c.Pod.Set(b, pod)
		c.Actor.Set(b, actor)
		for _, set := range more {
			set(b)
		}
	})
}

func address(ip string) func(*kind.Builder) {
	return func(b *kind.Builder) { actorstore.WorkerColumns.IP.Set(b, ip) }
}

func (w *world) alive(d time.Duration) func(*kind.Builder) {
	return func(b *kind.Builder) { actorstore.WorkerColumns.AliveUntil.Set(b, w.now.Add(d)) }
}

// buffer puts a live buffer, or a batch that was prepared some time ago.
func (w *world) buffer(id string, records, bytes int64, first, prepared time.Duration, more ...func(*kind.Builder)) {
	w.set("buffers", id, func(b *kind.Builder) {
		c := &buffer.Columns
		c.Store.Set(b, id)
		c.Count.Set(b, records)
		c.Bytes.Set(b, bytes)
		if first != 0 {
			c.FirstWrite.Set(b, w.now.Add(-first))
		}
		if prepared != 0 {
			c.Prepared.Set(b, w.now.Add(-prepared).UnixMilli())
		}
		for _, set := range more {
			set(b)
		}
	})
}

// locked locks a buffer; ttl 0: for ever.
func (w *world) locked(token string, ttl time.Duration) func(*kind.Builder) {
	return func(b *kind.Builder) {
		c := &buffer.Columns
		c.Locked.Set(b, true)
		c.LockToken.Set(b, token)
		if ttl != 0 {
			c.LockExpires.Set(b, w.now.Add(ttl))
		}
	}
}

func (w *world) generation(ns, key string, n uint64, ttl time.Duration) {
	w.set("generations", ns+":"+key, func(b *kind.Builder) {
		c := &genstore.Columns
		c.Namespace.Set(b, ns)
		c.Key.Set(b, key)
		c.Generation.Set(b, n)
		if ttl != 0 {
			c.Expires.Set(b, w.now.Add(ttl))
		}
	})
}

func (w *world) lease(id string, granted, ttl time.Duration, records int64) {
	w.set("leases", id, func(b *kind.Builder) {
		c := &record.LeaseColumns
		c.Granted.Set(b, granted)
		c.Records.Set(b, records)
		if ttl != 0 {
			c.Expires.Set(b, w.now.Add(ttl))
		}
	})
}

func (w *world) record(id string, lease int64, problem error) {
	w.set("records", id, func(b *kind.Builder) {
		record.RecordColumns.Lease.Set(b, lease)
		b.Bad(problem)
	})
}

func (w *world) queue(id string, waiting, failed int64, oldest time.Duration) {
	w.set("queues", id, func(b *kind.Builder) {
		c := &layout.QueueColumns
		c.Waiting.Set(b, waiting)
		c.Failed.Set(b, failed)
		if oldest != 0 {
			c.Oldest.Set(b, w.now.Add(-oldest))
		}
	})
}

// of are the findings of a code, as "ROW: TEXT".
func (w *world) of(f *insight.Findings, code insight.Code) (out []string) {
	w.t.Helper()
	if f.OfCode(code) > f.Len() {
		w.t.Errorf("%d of %s among %d findings", f.OfCode(code), code, f.Len())
	}
	for i := range f.Len() {
		if one := f.Finding(i); one.Code == code {
			out = append(out, one.Row+": "+one.Text(w.now))
		}
	}
	if len(out) != f.OfCode(code) {
		w.t.Errorf("%d of %s are counted, and %q are there", f.OfCode(code), code, out)
	}
	return out
}

func lines(all []string) string { return strings.Join(all, "\n") }

func times(n int, do func(i int)) {
	for i := range n {
		do(i)
	}
}
