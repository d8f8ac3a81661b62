package actorstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

// side is an actor or a worker of these tests. points is the worker that an actor names, or the row id of the actor that a
// worker runs.
type side struct {
	id, points string
	unread     string // a member that could carry an assignment
	bad        bool
}

func (s side) actor(b *kind.Builder) {
	s.common(b, actors.Unread)
	space, _ := splitID(s.id)
	actors.Atespace.Set(b, space)
	actors.Worker.Set(b, s.points)
	actors.Version.Set(b, 1)
}

func (s side) worker(b *kind.Builder) {
	s.common(b, workers.Unread)
	workers.Namespace.Set(b, "ns")
	workers.Pool.Set(b, "pool")
	workers.Pod.Set(b, "pod-"+s.id[len(s.id)-1:])
	workers.Version.Set(b, 5)
	space, id := splitID(s.points)
	workers.ActorSpace.Set(b, space)
	workers.Actor.Set(b, id)
}

func (s side) common(b *kind.Builder, unread kind.Text) {
	unread.Set(b, s.unread)
	if s.bad {
		b.Bad(actorstore.ErrBadRecord)
	}
}

func splitID(id string) (space, name string) {
	if len(id) > 2 && id[1] == ':' {
		return id[:1], id[2:]
	}
	return "", id
}

// paired is a Pairing of rows at hand, and these.
func paired(as, ws []side) (p *actorstore.Pairing, rows []kind.Row) {
	all := map[string]kind.Row{}
	var named []kind.Row
	for _, a := range as {
		r := actorstore.NewActorRows(nil, "").Kind().Schema.One(a.id, a.actor)
		all["actor "+a.id] = r
		rows = append(rows, r)
	}
	for _, w := range ws {
		r := actorstore.NewWorkerRows(nil, "").Kind().Schema.One(w.id, w.worker)
		all["worker "+w.id] = r
		named = append(named, r)
	}
	find := func(what string) func(string) (kind.Row, bool) {
		return func(id string) (r kind.Row, found bool) { r, found = all[what+" "+id]; return r, found }
	}
	return &actorstore.Pairing{Actor: find("actor"), Worker: find("worker"), Workers: slices.All(named)}, append(rows, named...)
}

func TestAPairingTellsWhichSideIsAlone(t *testing.T) {
	const pod0 = "ns:pool:pod-0"
	for _, tc := range []struct {
		name    string
		actors  []side
		workers []side
		want    []string // Half as text
	}{
		{"nobody points", []side{{id: "a1"}}, []side{{id: pod0}}, nil},
		{"both point", []side{{id: "a1", points: pod0}}, []side{{id: pod0, points: "a1"}}, nil},
		{"both point, pool not named", []side{{id: "a1", points: "ns/pod-0"}}, []side{{id: pod0, points: "a1"}}, nil},
		{"both point, the row is that of the pod's uid", []side{{id: "a1", points: pod0}}, []side{{id: "uid-0", points: "a1"}}, nil},
		{"both point, in an atespace", []side{{id: "s:a1", points: pod0}}, []side{{id: pod0, points: "s:a1"}}, nil},
		{"both point, beside a worker of the same pod", []side{{id: "a1", points: pod0}}, []side{{id: pod0}, {id: "uid-0", points: "a1"}}, nil},
		{"worker missing", []side{{id: "a1", points: pod0}}, nil, []string{"{a1 ns:pool:pod-0 true 1 the worker is missing}"}},
		{"worker missing, pool not named", []side{{id: "a1", points: "ns/pod-1"}}, []side{{id: pod0}}, []string{"{a1 ns/pod-1 true 1 the worker is missing}"}},
		{"worker free", []side{{id: "a1", points: pod0}}, []side{{id: pod0}}, []string{"{a1 ns:pool:pod-0 true 1 the worker is free}"}},
		{"worker free, pool not named", []side{{id: "a1", points: "ns/pod-0"}}, []side{{id: pod0}}, []string{"{a1 ns:pool:pod-0 true 1 the worker is free}"}},
		{"worker free, by uid", []side{{id: "a1", points: pod0}}, []side{{id: "uid-0"}}, []string{"{a1 uid-0 true 1 the worker is free}"}},
		{"worker runs another", []side{{id: "a1", points: pod0}, {id: "s:a2", points: pod0}}, []side{{id: pod0, points: "s:a2"}},
			[]string{"{a1 ns:pool:pod-0 true 1 the worker runs actor s:a2}"}},
		{"actor missing", nil, []side{{id: pod0, points: "s:a1"}}, []string{"{s:a1 ns:pool:pod-0 false 5 the actor is missing}"}},
		{"actor on none", []side{{id: "a1"}}, []side{{id: pod0, points: "a1"}}, []string{"{a1 ns:pool:pod-0 false 5 the actor is on no worker}"}},
		{"actor under both keys, neither of which points back", []side{{id: "s:a1"}, {id: "a1", points: "ns/pod-1"}}, []side{{id: pod0, points: "s:a1"}, {id: "ns:pool:pod-1", points: "a1"}},
			[]string{"{s:a1 ns:pool:pod-0 false 5 the actor is on no worker}"}},
		{"actor on another", []side{{id: "a1", points: "ns/pod-1"}}, []side{{id: pod0, points: "a1"}, {id: "ns:pool:pod-1", points: "a1"}},
			[]string{"{a1 ns:pool:pod-0 false 5 the actor is on worker ns/pod-1}"}},
		{"each on another", []side{{id: "a1", points: pod0}, {id: "a2", points: "ns:pool:pod-1"}}, []side{{id: pod0, points: "a2"}, {id: "ns:pool:pod-1", points: "a1"}}, []string{
			"{a1 ns:pool:pod-0 true 1 the worker runs actor a2}", "{a2 ns:pool:pod-1 true 1 the worker runs actor a1}",
			"{a2 ns:pool:pod-0 false 5 the actor is on worker ns:pool:pod-1}", "{a1 ns:pool:pod-1 false 5 the actor is on worker ns:pool:pod-0}"}},
		{"actor of another atespace", []side{{id: "a1", points: pod0}}, []side{{id: pod0, points: "s:a1"}},
			[]string{"{a1 ns:pool:pod-0 true 1 the worker runs actor s:a1}", "{a1 ns:pool:pod-0 false 5 the actor is of another atespace}"}},
		{"nothing is known of the worker", []side{{id: "a1", points: pod0}}, []side{{id: pod0, unread: "phase"}}, nil},
		{"nothing is known of the worker, pool not named", []side{{id: "a1", points: "ns/pod-0"}}, []side{{id: pod0, unread: "phase"}}, nil},
		{"nothing is known of the actor", []side{{id: "a1", unread: "phase"}}, []side{{id: pod0, points: "a1"}}, nil},
		{"the pointing actor is not wholly read", []side{{id: "a1", points: pod0, unread: "phase"}}, nil, nil},
		{"the pointing worker is not wholly read", nil, []side{{id: pod0, points: "a1", unread: "phase"}}, nil},
		{"the newer layout as such is read", []side{{id: "a1", points: pod0, unread: "metadata"}}, nil, []string{"{a1 ns:pool:pod-0 true 1 the worker is missing}"}},
		{"the worker cannot be read", []side{{id: "a1", points: pod0}}, []side{{id: pod0, bad: true}}, nil},
		{"the actor cannot be read", []side{{id: "a1", bad: true}}, []side{{id: pod0, points: "a1"}}, nil},
		{"one of the two actors cannot be read", []side{{id: "s:a1"}, {id: "a1", bad: true}}, []side{{id: pod0, points: "s:a1"}}, nil},
	} {
		pairing, rows := paired(tc.actors, tc.workers)
		var got []string
		for _, r := range rows {
			if h, oneSided := pairing.HalfOf(r); oneSided {
				got = append(got, fmt.Sprint(h))
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	lock := actorstore.NewLockRows(nil, "").Kind().Schema.One("lock:a", func(*kind.Builder) {})
	pairing, _ := paired(nil, nil)
	for _, r := range []kind.Row{{}, lock} {
		if h, oneSided := pairing.HalfOf(r); oneSided {
			t.Errorf("%v of %q", h, r.ID())
		}
	}
}

// Whoever looks at the rows of all documents finds what Halves reports.
func TestThePairingOfRowsIsThatOfHalves(t *testing.T) {
	c, server := redistest.Mini(t)
	ctx, s := context.Background(), actorstore.NewPersistence(c)
	rapid.Check(t, func(rt *rapid.T) {
		server.FlushAll()
		var as, ws []string
		for _, id := range []string{"a1", "s:a1", "a2", "s:a3"} {
			space, name := splitID(id)
			doc := fmt.Sprintf(`{"actorId":%q,"atespace":%q`, name, space)
			switch rapid.IntRange(0, 6).Draw(rt, "actor") {
			case 0:
				continue
			case 1, 2:
				doc += fmt.Sprintf(`,"ateomPodNamespace":"ns","ateomPodName":"pod-%d"`, rapid.IntRange(0, 2).Draw(rt, "pod"))
			case 3, 4:
				doc += fmt.Sprintf(`,"ateomPodNamespace":"ns","workerPoolName":"pool","ateomPodName":"pod-%d"`, rapid.IntRange(0, 2).Draw(rt, "pod"))
			case 5:
				doc += `,"phase":"x"`
			}
			as = append(as, id)
			put(t, c, "actor:"+id, doc+"}")
		}
		for i := range 3 {
			doc := fmt.Sprintf(`{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-%d"`, i)
			id := fmt.Sprintf("ns:pool:pod-%d", i)
			if rapid.Bool().Draw(rt, "by uid") {
				id = fmt.Sprint("uid-", i)
				doc += fmt.Sprintf(`,"metadata":{"name":%q}`, id)
			}
			switch rapid.IntRange(0, 4).Draw(rt, "worker") {
			case 0:
				continue
			case 1, 2:
				space, name := splitID(rapid.SampledFrom([]string{"a1", "s:a1", "a2", "s:a2", "s:a3"}).Draw(rt, "runs"))
				doc += fmt.Sprintf(`,"actorId":%q,"actorAtespace":%q`, name, space)
			case 3:
				if rapid.Bool().Draw(rt, "unread") {
					doc += `,"phase":"x"`
				}
			}
			ws = append(ws, id)
			put(t, c, "worker:"+id, doc+"}")
		}
		halves, err := s.Halves(ctx)
		if err != nil && !errors.Is(err, actorstore.ErrUnreadMember) {
			rt.Fatal(err)
		}
		a, err := actorstore.NewActorRows(c, "actor:").Read(ctx, as)
		must(t, err)
		w, err := actorstore.NewWorkerRows(c, "worker:").Read(ctx, ws)
		must(t, err)
		find := func(rows []kind.Row) func(id string) (kind.Row, bool) {
			return func(id string) (kind.Row, bool) {
				i := slices.IndexFunc(rows, func(r kind.Row) bool { return r.ID() == id })
				if i < 0 {
					return kind.Row{}, false
				}
				return rows[i], true
			}
		}
		pairing := actorstore.Pairing{Actor: find(a), Worker: find(w), Workers: slices.All(w)}
		var got, want []string
		for _, r := range append(a, w...) {
			if h, oneSided := pairing.HalfOf(r); oneSided {
				got = append(got, fmt.Sprint(h))
			}
		}
		for _, h := range halves {
			want = append(want, fmt.Sprint(h))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			rt.Fatalf("rows tell %q, Halves reports %q", got, want)
		}
	})
}

func TestAnActorNamesItsWorkerInTwoWays(t *testing.T) {
	part := rapid.StringOfN(rapid.SampledFrom([]rune("ab:/")), 0, 4, -1)
	rapid.Check(t, func(rt *rapid.T) {
		ns, pool, pod := part.Draw(rt, "namespace"), part.Draw(rt, "pool"), part.Draw(rt, "pod")
		w := actorstore.NewWorkerRows(nil, "").Kind().Schema.One("w", func(b *kind.Builder) {
			workers.Namespace.Set(b, ns)
			workers.Pool.Set(b, pool)
			workers.Pod.Set(b, pod)
		})
		whole, short := ns+":"+pool+":"+pod, ns+"/"+pod
		name := rapid.OneOf(rapid.SampledFrom([]string{whole, short, "", ns, whole + ":", ns + ":" + pod, ns + "/" + pool + "/" + pod}), part).Draw(rt, "name")
		a := actorstore.NewActorRows(nil, "").Kind().Schema.One("a", func(b *kind.Builder) { actors.Worker.Set(b, name) })
		if want := name == whole || name == short; actorstore.On(a, w) != want || actorstore.WorkerName(w) != whole {
			rt.Fatalf("an actor on %q is on %q: %v", name, whole, !want)
		}
	})
}
