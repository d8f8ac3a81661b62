package live_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/record"
)

// stock writes state of every kind: through the primitives, as other writers do in the wire-compatible layouts, and
// broken, foreign and of the wrong type.
func stock(t testing.TB, c *core.Core) (batch int64, lease record.Lease) {
	t.Helper()
	db := c.Conn
	for i := range 3 {
		_, err := c.Buffers.Push(ctx, "orders", fmt.Appendf(nil, `{"id":%d,"sum":1}`, i))
		ok(t, err)
	}
	batch, _, err := c.Buffers.Prepare(ctx, "orders", "")
	ok(t, err)
	for _, store := range []string{"orders", "odd {s}:*"} {
		_, err = c.Buffers.Push(ctx, store, []byte(`{"id":4}`))
		ok(t, err)
	}
	_, _, err = c.Buffers.Lock(ctx, "orders", 0, time.Minute)
	ok(t, err)
	put(t, db, "buf:junk", "x")
	put(t, db, "buf:{typed}:list", "x")
	ok(t, db.RPush(ctx, "buf:{half}:list", "{}").Err())

	g, err := c.GenStore("user", time.Hour)
	ok(t, err)
	_, err = g.Bump(ctx, "single:user:42")
	ok(t, err)
	put(t, db, "gen:user:list:7", "12") // as cascache writes it
	put(t, db, "gen:user:text", "abc")
	put(t, db, "gen:nokey", "1")
	ok(t, db.LPush(ctx, "gen:user:typed", "x").Err())

	ok(t, c.Actors.CreateWorker(ctx, &actorstore.Worker{WorkerNamespace: "ns", WorkerPool: "pool", WorkerPod: "pod-0", Ip: "10.0.0.7"}))
	ok(t, c.Actors.CreateActor(ctx, &actorstore.Actor{ActorId: "a1", ActorTemplateNamespace: "tns", ActorTemplateName: "tmpl", Status: actorstore.StatusSuspended}))
	actor, err := c.Actors.GetActor(ctx, "a1")
	ok(t, err)
	worker, err := c.Actors.GetWorker(ctx, "ns", "pool", "pod-0")
	ok(t, err)
	ok(t, c.Actors.Assign(ctx, actor, worker))
	put(t, db, "actor:old", actorDoc("old", `,"unknown":{"deep":[1]}`))
	put(t, db, "actor:space:new", actorDoc("new", `,"atespace":"space"`))
	put(t, db, "actor:json", "{")
	put(t, db, "actor:a:b:c", actorDoc("c", ""))
	ok(t, db.SAdd(ctx, "actor:typed", "x").Err())
	put(t, db, "worker:ns:pool:pod-1", `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-1","version":"2"}`)
	put(t, db, "worker:junk", "{}")
	ok(t, db.LPush(ctx, "worker:ns:pool:typed", "x").Err())

	_, err = c.Actors.AcquireLock(ctx, "lock:store:orders", "token", time.Minute)
	ok(t, err)
	_, err = c.Actors.AcquireLock(ctx, "lock:gone", "token", time.Minute)
	ok(t, err)
	ok(t, c.Actors.ReleaseLock(ctx, "lock:gone", "token")) // its fence counter stays
	put(t, db, "lock:by:hand", "me")
	ok(t, db.HSet(ctx, "lock:typed", "a", "b").Err())

	r, err := c.Records("cfg")
	ok(t, err)
	lease, err = r.NewLease(ctx, time.Hour, false)
	ok(t, err)
	for _, rec := range []record.Record{{Key: "svc/1", Value: record.Value("one")}, {Key: "svc/2", Value: record.Value("two"), Lease: lease.Id()}} {
		_, err = r.Create(ctx, rec)
		ok(t, err)
	}
	ok(t, db.HSet(ctx, "rec:{cfg}:r:dead", "value", "x", "version", "9", "lease", "999999").Err())
	ok(t, db.HSet(ctx, "rec:{cfg}:r:odd", "value", "x", "version", "many").Err())
	put(t, db, "rec:{cfg}:r:typed", "x")
	put(t, db, "rec:junk", "x")
	put(t, db, "rec:{cfg}:lease:12345", "soon")

	put(t, db, "session:1", "of somebody else")
	return batch, lease
}

func TestEveryKindIsReadBesideWhatIsBroken(t *testing.T) {
	each(t, func(t *testing.T, c *core.Core) {
		batch, lease := stock(t, c)
		s := look(t, c)
		for name, want := range map[kind.Name][]string{ // ! is unreadable
			"buffers":     {"!buf:junk", "!half", "!typed", fmt.Sprintf("%d:orders", batch), "odd %7Bs%7D%3A%2A", "orders"},
			"generations": {"!nokey", "!user:text", "!user:typed", "user:list:7", "user:single:user:42"},
			"actors":      {"!a:b:c", "!json", "!typed", "a1", "old", "space:new"},
			"workers":     {"!junk", "!ns:pool:typed", "ns:pool:pod-0", "ns:pool:pod-1"},
			"locks":       {"!lock:typed", "lock:by:hand", "lock:store:orders"},
			"leases":      {"!cfg:12345", fmt.Sprintf("cfg:%d", lease.Id())},
			"records":     {"!?junk", "!cfg:dead", "!cfg:odd", "!cfg:typed", "cfg:svc/1", "cfg:svc/2"},
		} {
			table := s.Table(name)
			var got []string
			bad := 0
			for _, r := range table.All(0) {
				mark := ""
				if r.Problem() != nil {
					mark, bad = "!", bad+1
				}
				got = append(got, mark+r.ID())
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || bad != table.Bad || !table.Complete || table.Err != nil {
				t.Errorf("%s: %q (%d bad, %v), want %q", name, got, table.Bad, table.Err, want)
			}
		}

		for _, tt := range []struct {
			kind kind.Name
			id   string
			ok   func(r kind.Row) bool
		}{
			{"buffers", "orders", func(r kind.Row) bool {
				c := buffer.Columns
				return c.Count.Of(r) == 1 && c.Locked.Of(r) && !c.LockExpires.Of(r).IsZero() && c.Prepared.Of(r) == 0
			}},
			{"buffers", fmt.Sprintf("%d:orders", batch), func(r kind.Row) bool {
				c := buffer.Columns
				return c.Count.Of(r) == 3 && c.Keys.Of(r) == 2 && c.Prepared.Of(r) == batch
			}},
			{"buffers", "odd %7Bs%7D%3A%2A", func(r kind.Row) bool { return buffer.Columns.Store.Of(r) == "odd {s}:*" }},
			{"generations", "user:list:7", func(r kind.Row) bool { // nothing tells where the namespace ends
				c := genstore.Columns
				return c.Generation.Of(r) == 12 && c.Key.Of(r) == "user:list:7" && c.Expires.Of(r).IsZero()
			}},
			{"actors", "space:new", func(r kind.Row) bool {
				c := actorstore.ActorColumns
				return c.Atespace.Of(r) == "space" && actorstore.ActorID(r) == "new" && c.Version.Of(r) == 7
			}},
			{"actors", "a1", func(r kind.Row) bool { // one of the seed's layout names no pool
				return actorstore.ActorColumns.Worker.Of(r) == "ns/pod-0"
			}},
			{"workers", "ns:pool:pod-0", func(r kind.Row) bool { return actorstore.WorkerColumns.Actor.Of(r) == "a1" }},
			{"locks", "lock:store:orders", func(r kind.Row) bool {
				c := actorstore.LockColumns
				return c.Token.Of(r) == "token" && c.Fence.Of(r) != 0 && !c.Expires.Of(r).IsZero()
			}},
			{"records", "cfg:svc/2", func(r kind.Row) bool {
				c := record.RecordColumns
				return c.Value.Text(r) == "two" && c.Lease.Of(r) == int64(lease.Id())
			}},
			{"leases", fmt.Sprintf("cfg:%d", lease.Id()), func(r kind.Row) bool {
				c := record.LeaseColumns
				return c.Records.Of(r) == 1 && !c.Expires.Of(r).IsZero()
			}},
		} {
			if r, found := s.Table(tt.kind).Get(tt.id); !found || !tt.ok(r) {
				t.Errorf("%s: %v", tt.kind, r)
			}
		}
	})
}

// Every row can be looked at whole, the broken ones as far as they go.
func TestEveryRowHasItsDetail(t *testing.T) {
	each(t, func(t *testing.T, c *core.Core) {
		stock(t, c)
		s := look(t, c)
		for _, table := range s.Tables {
			for _, r := range table.All(0) {
				d, err := c.Live.Inspect(ctx, table.Kind, r.ID())
				if r.Problem() == nil && (err != nil || !d.Found || len(d.Body) == 0) {
					t.Errorf("%s %s: %+v, %v", table.Kind, r.ID(), d, err)
				}
				if len(d.Keys) == 0 {
					t.Errorf("%s %s: no raw key: %v", table.Kind, r.ID(), err)
				}
				again, err := c.Live.ReadRow(ctx, table.Kind, r.ID())
				if err != nil || again.None() || again.ID() != r.ID() || (again.Problem() == nil) != (r.Problem() == nil) {
					t.Errorf("%s %s read alone: %s, %v", table.Kind, r.ID(), again.ID(), err)
				}
			}
		}
		if d, _ := c.Live.Inspect(ctx, "actors", "a1"); !json.Valid(d.Body) || d.Keys[0].Name != "actor:a1" || d.Keys[0].Type != "string" {
			t.Errorf("%+v", d)
		}
	})
}

// What the primitives do is seen: as rows that come, change and go, and as the changes of their kind.
func TestChangesOfEveryKindAreSeen(t *testing.T) {
	each(t, func(t *testing.T, c *core.Core) {
		batch, lease := stock(t, c)
		look(t, c)
		_, err := c.Buffers.Push(ctx, "orders", []byte(`{"id":5}`))
		ok(t, err)
		ok(t, c.Buffers.Empty(ctx, "orders", batch))
		g, err := c.GenStore("user", 0)
		ok(t, err)
		_, err = g.Bump(ctx, "single:user:42")
		ok(t, err)
		put(t, c.Conn, "gen:user:text", "3") // mended
		actor, err := c.Actors.GetActor(ctx, "a1")
		ok(t, err)
		worker, err := c.Actors.GetWorker(ctx, "ns", "pool", "pod-0")
		ok(t, err)
		ok(t, c.Actors.Release(ctx, actor, worker))
		ok(t, c.Actors.ReleaseLock(ctx, "lock:store:orders", "token"))
		ok(t, lease.Release())
		ok(t, c.Conn.Del(ctx, "rec:junk").Err())
		ok(t, c.Conn.Del(ctx, "worker:junk").Err())

		s := look(t, c)
		for name, want := range map[kind.Name][]string{
			"buffers":     {fmt.Sprintf("-%d:orders", batch), "~orders"},
			"generations": {"~user:single:user:42", "~user:text"},
			"actors":      {"~a1"},
			"workers":     {"-junk", "~ns:pool:pod-0"},
			"locks":       {"-lock:store:orders"},
			"leases":      {fmt.Sprintf("-cfg:%d", lease.Id())},
			"records":     {"-?junk", "-cfg:svc/2"},
		} {
			var got []string
			for _, ch := range s.Table(name).Recent {
				mark := "~"
				if ch.Before.None() {
					mark = "+"
				} else if ch.After.None() {
					mark = "-"
				}
				got = append(got, mark+ch.ID)
			}
			slices.SortFunc(got, func(a, b string) int { return cmp.Or(cmp.Compare(a[0], b[0]), strings.Compare(a, b)) })
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if b := s.Table("generations").Bad; b != 2 {
			t.Errorf("%d bad generations", b)
		}
	})
}
