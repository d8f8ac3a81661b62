package insight

import (
	"strings"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
)

var (
	actorColumns  = &actorstore.ActorColumns
	workerColumns = &actorstore.WorkerColumns
)

// settling is how long an assignment may be one-sided as it is made: actor and worker are written one after the other.
const settling = 3 * time.Second

var actorRules = []*Rule{
	oneSided("actors", "workers"),
	oneSided("workers", "actors"),
	doubled("actors", "workers"),
	doubled("workers", "actors"),
	{
		Code: "actor-stuck", Severity: Warn, Kind: "actors", Age: 2 * time.Minute, Twice: true,
		When:   "An actor has been RESUMING, SUSPENDING or PAUSING for longer than AGE, as seen",
		Advice: "look at its worker; edit the status if nothing works on it", Fixes: []operate.Verb{operate.Edit},
		notice: func(in *look, before, after kind.Row) { in.e.memory.actors.moves(in, before, after) },
		judge: func(in *look, r kind.Row) verdict {
			since, moving := in.e.memory.actors.moving[r.ID()]
			due := since.Add(in.age())
			switch {
			case !moving:
				return fine()
			case in.now.Before(due):
				return fine(due)
			}
			return wrong(since, says("%s for ", statusOf(r)).moment(since).then("%s", on(r)))
		},
	},
	{
		Code: "actor-running-nowhere", Severity: Bad, Kind: "actors",
		When:   "An actor is RUNNING and on no worker",
		Advice: "edit its status", Fixes: []operate.Verb{operate.Edit},
		judge: func(_ *look, r kind.Row) verdict {
			if statusOf(r) != "RUNNING" || actorColumns.Worker.Of(r) != "" || actorstore.ActorObscure(r) {
				return fine()
			}
			return wrong(time.Time{}, says("RUNNING, and on no worker"))
		},
	},
	{
		Code: "actor-idle-on-worker", Severity: Warn, Kind: "actors",
		When:   "An actor is SUSPENDED and still on a worker, which nothing else can use",
		Advice: "take it off the worker by an edit of both", Fixes: []operate.Verb{operate.Edit},
		judge: func(_ *look, r kind.Row) verdict {
			if statusOf(r) != "SUSPENDED" || actorColumns.Worker.Of(r) == "" || actorstore.ActorObscure(r) {
				return fine()
			}
			return wrong(time.Time{}, says("SUSPENDED, and still on worker %s", actorColumns.Worker.Of(r)))
		},
	},
	{
		Code: "status-unknown", Severity: Info, Kind: "actors",
		When:   "An actor has a status that no described layout has",
		Advice: "a newer writer may have put it there; holdfast takes no part in what it does not know",
		judge: func(_ *look, r kind.Row) verdict {
			if status := actorColumns.Status.Of(r); !knownStatus[statusOf(r)] {
				return wrong(time.Time{}, says("status %s is not known", status))
			}
			return fine()
		},
	},
	{
		Code: "worker-silent", Severity: Warn, Kind: "workers", needs: []known{workerColumns.AliveUntil},
		When:   "A worker has not said that it is alive for longer than its layout allows",
		Advice: "look whether its process runs; what it held is tried again as its library does",
		judge: func(in *look, r kind.Row) verdict {
			alive := workerColumns.AliveUntil.Of(r)
			if alive.IsZero() || in.now.Before(alive.Add(kind.DeadlineTolerance)) {
				if alive.IsZero() {
					return fine()
				}
				return fine(alive.Add(kind.DeadlineTolerance))
			}
			doing := ""
			if job := workerColumns.Job.Of(r); job != "" {
				doing = "; it has " + job
			}
			return wrong(alive, says("should have said that it is alive ").moment(alive).then(" ago%s", doing))
		},
	},
	{
		Code: "worker-address-twice", Severity: Warn, Kind: "workers", needs: []known{workerColumns.IP},
		When:   "Two workers have one address: requests for one reach the other",
		Advice: "delete the one whose pod is gone", Fixes: []operate.Verb{operate.Delete},
		notice: func(in *look, before, after kind.Row) { in.e.memory.actors.moved(before, after) },
		whole:  func(in *look) map[string]verdict { return in.e.memory.actors.twice(in.s.Table("workers")) },
	},
}

var knownStatus = map[string]bool{
	"UNSPECIFIED": true, "RESUMING": true, "RUNNING": true, "SUSPENDING": true, "SUSPENDED": true, "PAUSING": true, "PAUSED": true,
	"CRASHED": true, "DELETING": true, "REVERTING": true,
}

// statusOf is the status of an actor without what every status begins with.
func statusOf(r kind.Row) string {
	status := actorColumns.Status.Of(r)
	if rest, ok := strings.CutPrefix(status, "STATUS_"); ok {
		return rest
	}
	return strings.TrimPrefix(status, "ACTOR_STATE_")
}

func on(actor kind.Row) string {
	if w := actorColumns.Worker.Of(actor); w != "" {
		return ", on worker " + w
	}
	return ", on no worker"
}

// oneSided is the rule for one side of assignments.
func oneSided(of, other kind.Name) *Rule {
	return &Rule{
		Code: "assignment-one-sided", Severity: Bad, Kind: of, Others: []kind.Name{other},
		When:   "An actor and a worker do not point at each other: the other is missing, free, or with somebody else",
		Advice: "edit the document that points, or delete it", Fixes: []operate.Verb{operate.Edit, operate.Delete},
		touches: pairedWith,
		judge: func(in *look, r kind.Row) verdict {
			h, is := in.halfOf(r)
			if !is || in.isDoubled(h) {
				delete(in.e.memory.actors.halves, ref{in.at, r.ID()})
				return fine()
			}
			text := says("%s: worker %s runs actor %s", h.Reason, h.Worker, h.Actor) // names may be long, and the end cut
			if h.OfActor {
				text = says("%s: actor %s is on worker %s", h.Reason, h.Actor, h.Worker)
			}
			return in.settledHalf(r, text)
		},
	}
}

// doubled is the rule for assignments that stand in the way of another.
func doubled(of, other kind.Name) *Rule {
	return &Rule{
		Code: "assignment-doubled", Severity: Bad, Kind: of, Others: []kind.Name{other},
		When:   "Two actors are on one worker, or two workers run one actor, and one of the two assignments is whole",
		Advice: "edit the document that stands alone", Fixes: []operate.Verb{operate.Edit, operate.Delete},
		touches: pairedWith,
		judge: func(in *look, r kind.Row) verdict {
			h, is := in.halfOf(r)
			if !is || !in.isDoubled(h) {
				delete(in.e.memory.actors.halves, ref{in.at, r.ID()})
				return fine()
			}
			text := says("%s too: worker %s runs actor %s", h.Reason, h.Worker, h.Actor)
			if h.OfActor {
				text = says("%s too: actor %s is on worker %s", h.Reason, h.Actor, h.Worker)
			}
			return in.settledHalf(r, text)
		},
	}
}

// settledHalf is the verdict on a one-sided assignment, which must have stood for a moment unless it was there from the
// beginning: it is made by two writes.
func (in *look) settledHalf(r kind.Row, text sentence) verdict {
	m := &in.e.memory.actors
	since, seen := m.halves[ref{in.at, r.ID()}]
	if !seen {
		if since = in.now; !in.settled("actors") || !in.settled("workers") {
			since = in.now.Add(-settling)
		}
		if m.halves == nil {
			m.halves = map[ref]time.Time{}
		}
		m.halves[ref{in.at, strings.Clone(r.ID())}] = since
	}
	if due := since.Add(settling); in.now.Before(due) {
		return fine(due)
	}
	return wrong(time.Time{}, text)
}

// halfMade is the answer to halfOf for the row that was asked about last.
type halfMade struct {
	row  kind.Row
	half actorstore.Half
	is   bool
	deps []dep
}

// halfOf tells whether a row is the only side of an assignment.
func (in *look) halfOf(r kind.Row) (actorstore.Half, bool) {
	if in.half.row != r {
		in.deps = in.deps[:0]
		p := actorstore.Pairing{
			Actor:  func(id string) (kind.Row, bool) { return in.row("actors", id) },
			Worker: func(id string) (kind.Row, bool) { return in.row("workers", id) },
			Called: func(name string) []kind.Row { return in.workersCalled(name) },
		}
		h, is := p.HalfOf(r)
		in.half = halfMade{r, h, is, append([]dep(nil), in.deps...)}
	}
	in.deps = append(in.deps[:0], in.half.deps...)
	return in.half.half, in.half.is
}

// isDoubled tells whether the other side of a one-sided assignment has a whole one with somebody else.
func (in *look) isDoubled(h actorstore.Half) bool {
	was := in.half
	defer func() { in.half = was; in.deps = append(in.deps[:0], was.deps...) }()
	if h.OfActor {
		w, found := in.row("workers", h.Worker)
		if !found || w.Bad() || workerColumns.Actor.Of(w) == "" {
			return false
		}
		_, half := in.halfOf(w)
		return !half
	}
	a, found := in.row("actors", h.Actor)
	if !found || a.Bad() || actorColumns.Worker.Of(a) == "" {
		return false
	}
	_, half := in.halfOf(a)
	return !half
}

// pairedWith are the rows that a changed actor or worker points at, or pointed at; findings that rest on it are found
// otherwise.
func pairedWith(in *look, of kind.Name, before, after kind.Row) (ids []string) {
	for _, r := range []kind.Row{before, after} {
		switch {
		case r.None() || r.Bad():
		case of == "actors":
			if name := actorColumns.Worker.Of(r); name != "" {
				if ids = append(ids, name); len(in.workersCalled(name)) > 0 {
					for _, w := range in.workersCalled(name) {
						ids = append(ids, w.ID())
					}
				}
			}
		default:
			if id := workerColumns.Actor.Of(r); id != "" {
				ids = append(ids, id)
				if space := workerColumns.ActorSpace.Of(r); space != "" {
					ids = append(ids, space+":"+id)
				}
			}
			for _, name := range namesOf(r) {
				in.e.deps.of(dep{"workers", name}, func(f ref) {
					if in.e.rules[f.rule].Kind == "actors" {
						ids = append(ids, f.id)
					}
				})
			}
		}
	}
	return ids
}

// actorMemory is what is remembered of actors and workers.
type actorMemory struct {
	moving map[string]time.Time // actors between two states, and since when
	halves map[ref]time.Time    // one-sided assignments, and since when
	named  map[string]map[string]struct{}
	at     map[string]map[string]struct{} // workers by address
	shared map[string]struct{}            // addresses of more than one
}

func (m *actorMemory) moves(in *look, before, after kind.Row) {
	was, now := statusOf(before), statusOf(after)
	if !between(now) || after.Bad() {
		delete(m.moving, before.ID())
		return
	}
	if was != now || before.None() {
		if m.moving == nil {
			m.moving = map[string]time.Time{}
		}
		m.moving[strings.Clone(after.ID())] = in.now
	}
}

func between(status string) bool {
	return status == "RESUMING" || status == "SUSPENDING" || status == "PAUSING"
}

// namesOf are the names other than its ID by which a worker is called: by actors, and by locks as their holder.
func namesOf(w kind.Row) []string {
	pod := workerColumns.Pod.Of(w)
	if pod == "" {
		return nil
	}
	names := []string{workerColumns.Namespace.Of(w) + "/" + pod}
	if full := actorstore.WorkerName(w); full != w.ID() {
		names = append(names, full)
	}
	if pod != w.ID() {
		names = append(names, pod)
	}
	return names
}

// workersCalled are the workers of a name other than their ID.
func (in *look) workersCalled(name string) (out []kind.Row) {
	in.deps = append(in.deps, dep{"workers", strings.Clone(name)})
	workers := in.s.Table("workers")
	for id := range in.e.memory.actors.named[name] {
		if r, ok := workers.Get(id); ok {
			out = append(out, r)
		}
	}
	return out
}

// workerNamed finds a worker by its ID or by the name of its pod.
func (in *look) workerNamed(name string) (kind.Row, bool) {
	if r, ok := in.row("workers", name); ok {
		return r, true
	}
	for _, r := range in.workersCalled(name) {
		return r, true
	}
	return kind.Row{}, false
}

// moved keeps the names and addresses of workers.
func (m *actorMemory) moved(before, after kind.Row) {
	if m.named == nil {
		m.named, m.at, m.shared = map[string]map[string]struct{}{}, map[string]map[string]struct{}{}, map[string]struct{}{}
	}
	for _, name := range namesOf(before) {
		remove(m.named, name, before.ID())
	}
	for _, name := range namesOf(after) {
		add(m.named, name, after.ID())
	}
	if ip := addressOf(before); ip != "" {
		if remove(m.at, ip, before.ID()); len(m.at[ip]) < 2 {
			delete(m.shared, ip)
		}
	}
	if ip := addressOf(after); ip != "" {
		if add(m.at, ip, after.ID()); len(m.at[ip]) > 1 {
			m.shared[strings.Clone(ip)] = struct{}{}
		}
	}
}

// addressOf is the address of a worker of ours; those of layouts share hosts.
func addressOf(r kind.Row) string {
	if r.None() || r.Bad() || workerColumns.Layout.Of(r) != "" {
		return ""
	}
	return workerColumns.IP.Of(r)
}

func add(of map[string]map[string]struct{}, key, id string) {
	if of[key] == nil {
		of[strings.Clone(key)] = map[string]struct{}{}
	}
	of[key][strings.Clone(id)] = struct{}{}
}

func remove(of map[string]map[string]struct{}, key, id string) {
	if delete(of[key], id); len(of[key]) == 0 {
		delete(of, key)
	}
}

// twice lists the workers whose address another one has, too.
func (m *actorMemory) twice(workers *live.Table) map[string]verdict {
	out := map[string]verdict{}
	for ip := range m.shared {
		first := ""
		for id := range m.at[ip] {
			if first == "" || id < first {
				first = id
			}
		}
		for id := range m.at[ip] {
			if _, ok := workers.Get(id); ok && id != first {
				out[id] = wrong(time.Time{}, says("has address %s, as worker %s has", ip, first))
			}
		}
	}
	return out
}

// maxSpaces is how many atespaces, and actors without one, are looked at for the actor that a lock guards.
const maxSpaces = 500

// inSpaces tells whether an actor of a name is in any atespace, at the cost of two searches each, however many actors there are.
func (in *look) inSpaces(name string) bool {
	actors := in.s.Table("actors")
	for n, at := 0, 0; n < maxSpaces && at < actors.Len(); n++ {
		space, _, spaced := strings.Cut(actors.Row(at).ID(), ":")
		if !spaced {
			at++
			continue
		}
		if _, found := actors.Get(space + ":" + name); found {
			return true
		}
		at, _ = actors.Index(space + ";") // the character after the colon
	}
	return false
}
