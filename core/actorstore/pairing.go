package actorstore

import (
	"iter"
	"strings"

	"holdfast/core/actorstore/internal/names"
	"holdfast/core/kind"
)

// Half is a one-sided assignment: only the actor or only the worker names the other. A crash between the two writes
// leaves one, or a write by hand.
type Half struct {
	Actor   string // row id of the actor that points, or that is pointed at
	Worker  string // row id of the worker; what the actor calls it when it is not there
	OfActor bool   // the actor points at the worker; else the worker points at the actor
	Version int64  // of the document that points
	Reason  string // what is wrong with the other side
}

// Pairing is where the rows of actors and workers are looked up, to tell which of them do not point at each other. It holds for
// rows of one moment, and belongs to one goroutine.
type Pairing struct {
	Actor   func(id string) (kind.Row, bool)
	Worker  func(id string) (kind.Row, bool)
	Workers iter.Seq2[int, kind.Row] // all of them; walked once, for the first actor that no worker of the ID it names points back at
	// Called finds the workers that actors call by a name other than their ID, for whoever keeps an index of them; nil: Workers
	// are walked for that.
	Called func(name string) []kind.Row

	named map[string][]kind.Row // see called
}

// HalfOf tells whether an actor or a worker is the only side of an assignment: it points at the other kind, where nothing
// points back. It is not if the document of either side cannot be read or has an unread member that could carry an
// assignment: nothing is known then.
func (p *Pairing) HalfOf(row kind.Row) (h Half, oneSided bool) {
	switch row.Schema() {
	case actorSchema:
		return p.halfOfActor(row)
	case workerSchema:
		return p.halfOfWorker(row)
	}
	return Half{}, false
}

func (p *Pairing) halfOfActor(a kind.Row) (Half, bool) {
	name := ActorColumns.Worker.Of(a)
	if name == "" || !known(a) {
		return Half{}, false
	}
	w, whole := p.workerOf(a)
	if whole {
		return Half{}, false
	}
	h := Half{Actor: a.ID(), Worker: name, OfActor: true, Version: ActorColumns.Version.Of(a), Reason: "the worker is missing"}
	if !w.None() {
		h.Worker, h.Reason = w.ID(), "the worker is free"
		if ids := actorIDs(w); ids != nil {
			h.Reason = "the worker runs actor " + ids[0]
		}
	}
	return h, true
}

func (p *Pairing) halfOfWorker(w kind.Row) (Half, bool) {
	ids := actorIDs(w)
	if !known(w) || ids == nil {
		return Half{}, false
	}
	h := Half{Actor: ids[0], Worker: w.ID(), Version: WorkerColumns.Version.Of(w)}
	for _, id := range ids {
		a, found := p.Actor(id)
		if !found {
			continue
		}
		on := On(a, w)
		if !known(a) || on && runs(w, a) {
			return Half{}, false
		}
		if h.Reason != "" {
			continue
		}
		switch name := ActorColumns.Worker.Of(a); {
		case name == "":
			h.Reason = "the actor is on no worker"
		case !on:
			h.Reason = "the actor is on worker " + name
		default:
			h.Reason = "the actor is of another atespace"
		}
		h.Actor = id
	}
	if h.Reason == "" {
		h.Reason = "the actor is missing"
	}
	return h, true
}

// workerOf is the worker that an actor points at; the zero Row if there is none. whole: it points back, or nothing is known of
// it.
func (p *Pairing) workerOf(a kind.Row) (w kind.Row, whole bool) {
	name := ActorColumns.Worker.Of(a)
	w, found := p.Worker(name)
	if found && (!known(w) || runs(w, a)) {
		return w, true
	}
	for _, other := range p.called(name) {
		if !known(other) || runs(other, a) {
			return other, true
		}
		if w.None() {
			w = other
		}
	}
	return w, false
}

// called are the workers that actors call by a name other than their ID: namespace/pod where the document does not name the
// pool, and namespace:pool:pod of those whose ID is the uid of the pod.
func (p *Pairing) called(name string) []kind.Row {
	if p.Called != nil {
		return p.Called(name)
	}
	if p.named == nil {
		p.named = make(map[string][]kind.Row)
		for _, w := range p.Workers {
			pod := WorkerColumns.Namespace.Of(w) + "/" + WorkerColumns.Pod.Of(w)
			p.named[pod] = append(p.named[pod], w)
			if names.ByUID(w.ID()) {
				full := WorkerName(w)
				p.named[full] = append(p.named[full], w)
			}
		}
	}
	return p.named[name]
}

// On tells whether an actor points at a worker, by namespace:pool:pod or by namespace/pod.
func On(actor, worker kind.Row) bool {
	c := &WorkerColumns
	rest, found := strings.CutPrefix(ActorColumns.Worker.Of(actor), c.Namespace.Of(worker))
	if !found || rest == "" {
		return false
	}
	pod := c.Pod.Of(worker)
	if rest[0] == '/' {
		return rest[1:] == pod
	}
	pool, found := strings.CutPrefix(rest, ":"+c.Pool.Of(worker)+":")
	return found && pool == pod
}

// runs tells whether a worker points at an actor.
func runs(worker, actor kind.Row) bool {
	id := WorkerColumns.Actor.Of(worker)
	return id != "" && id == ActorID(actor) && WorkerColumns.ActorSpace.Of(worker) == ActorColumns.Atespace.Of(actor)
}

// actorIDs are the row ids under which the actor that a worker points at may lie, the newer layout first; none of a free one.
func actorIDs(worker kind.Row) []string {
	id, space := WorkerColumns.Actor.Of(worker), WorkerColumns.ActorSpace.Of(worker)
	switch {
	case id == "":
		return nil
	case space == "":
		return []string{id}
	}
	return []string{space + ":" + id, id}
}

// known tells whether a row says what its side of an assignment is.
func known(row kind.Row) bool {
	return !row.Bad() && !ActorObscure(row) && !WorkerObscure(row)
}

// ActorObscure tells whether an unread member could say where the actor runs. The newer layout as such is read.
func ActorObscure(actor kind.Row) bool { return obscure(ActorColumns.Unread.Of(actor)) }

// WorkerObscure tells whether an unread member could say which actor the worker runs.
func WorkerObscure(worker kind.Row) bool { return obscure(WorkerColumns.Unread.Of(worker)) }

func obscure(unread string) bool {
	switch unread {
	case "", "metadata", "status", "actorTemplate":
		return false
	}
	return true
}
