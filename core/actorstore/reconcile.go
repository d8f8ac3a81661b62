package actorstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Half is a one-sided assignment: only the actor or only the worker names the other. A crash between the two writes
// leaves one, or a write by hand.
type Half struct {
	Actor   string // row id of the actor that points, or that is pointed at
	Worker  string // row id of the worker; namespace/pod when an actor points at a pod of unknown pool that is not there
	OfActor bool   // the actor points at the worker; else the worker points at the actor
	Version int64  // of the document that points
	Reason  string // what is wrong with the other side
}

// On tells whether the actor points at the worker.
func (r *ActorRow) On(w *WorkerRow) bool {
	on := r.Worker()
	return on != "" && (on == w.Name() || on == w.Namespace+"/"+w.Pod)
}

// Runs tells whether the worker points at the actor.
func (r *WorkerRow) Runs(a *ActorRow) bool {
	return r.ActorID != "" && r.ActorID == a.ActorID() && r.ActorSpace == a.Atespace()
}

// Obscure tells whether an unread member could say where the actor runs. The newer layout as such is read.
func (r *ActorRow) Obscure() bool { return obscure(r.Unread()) }

// Obscure tells whether an unread member could say which actor the worker runs.
func (r *WorkerRow) Obscure() bool { return obscure(r.Unread()) }

func obscure(unread string) bool {
	switch unread {
	case "", "metadata", "status", "actorTemplate":
		return false
	}
	return true
}

// actorIDs are the row ids under which the actor that a worker points at may lie, the newer layout first.
func (r *WorkerRow) actorIDs() []string {
	switch {
	case r.ActorID == "":
		return nil
	case r.ActorSpace == "":
		return []string{r.ActorID}
	}
	return []string{r.ActorSpace + ":" + r.ActorID, r.ActorID}
}

// Halves reports every one-sided assignment. Each is read a second time before it is reported, so that an assignment
// that completes meanwhile is left out; one that still waits for its second write is reported. Unreadable records, and
// those with an unread member that could carry an assignment (ErrUnreadMember), come as a BadRecords error beside the
// report, because nothing is known of them.
func (s *Persistence) Halves(ctx context.Context) ([]Half, error) {
	const op = "actorstore: find one-sided assignments"
	actors, workers := NewActorRows(s.c, s.prefixes.Actor), NewWorkerRows(s.c, s.prefixes.Worker)
	var bad BadRecords

	byName, byPod := make(map[string]*WorkerRow), make(map[string][]*WorkerRow)
	err := eachRow(ctx, s.c, s.prefixes.Worker, workers.Read, func(w *WorkerRow) {
		if w.rest().bad != nil {
			bad = append(bad, w.rest().bad)
			return
		}
		if w.Obscure() {
			bad = append(bad, conn.Fail(op, s.prefixes.Worker+w.id, unread(w.Unread())))
		}
		byName[w.Name()] = w
		byPod[w.Namespace+"/"+w.Pod] = append(byPod[w.Namespace+"/"+w.Pod], w)
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	paired := make(map[string]bool) // workers whose actor points back
	var suspects []pair
	err = eachRow(ctx, s.c, s.prefixes.Actor, actors.Read, func(a *ActorRow) {
		if a.bad != nil {
			bad = append(bad, a.bad)
			return
		}
		if a.Obscure() {
			bad = append(bad, conn.Fail(op, s.prefixes.Actor+a.ID(), unread(a.Unread())))
		}
		if a.Worker() == "" {
			return
		}
		candidates := byPod[a.Worker()]
		if w := byName[a.Worker()]; w != nil {
			candidates = []*WorkerRow{w}
		}
		for _, w := range candidates {
			if w.Runs(a) {
				paired[w.id] = true
				return
			}
		}
		suspects = append(suspects, pair{actor: a.ID(), worker: a.Worker(), ofActor: true})
		if len(candidates) > 0 {
			suspects[len(suspects)-1].worker = candidates[0].id
		}
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	for _, w := range byName {
		if w.ActorID != "" && !paired[w.id] {
			suspects = append(suspects, pair{actor: w.actorIDs()[0], worker: w.id})
		}
	}
	var halves []Half
	for batch := range slices.Chunk(suspects, page) {
		found, err := confirm(ctx, actors, workers, batch)
		if err != nil {
			return nil, conn.Fail(op, "", err)
		}
		halves = append(halves, found...)
	}
	return halves, bad.orNil()
}

// Mend repairs a one-sided assignment by compare-and-set on the reported version: a worker is freed; an actor leaves
// its worker and, unless it is paused, becomes STATUS_SUSPENDED, the state that needs no worker. An assignment in
// progress looks one-sided, so mend only those that two reports have in common. Errors, after which nothing was
// written: ErrNotFound, ErrPersistenceRetry (the document changed), ErrFailedPrecondition (no longer one-sided),
// ErrUnreadMember.
func (s *Persistence) Mend(ctx context.Context, h Half) error {
	const op = "actorstore: mend"
	key := s.prefixes.Worker + h.Worker
	if h.OfActor {
		key = s.prefixes.Actor + h.Actor
	}
	found, err := confirm(ctx, NewActorRows(s.c, s.prefixes.Actor), NewWorkerRows(s.c, s.prefixes.Worker),
		[]pair{{actor: h.Actor, worker: h.Worker, ofActor: h.OfActor}})
	switch {
	case err != nil:
		return conn.Fail(op, key, err)
	case len(found) == 0:
		return conn.Fail(op, key, fmt.Errorf("%w: the assignment is no longer one-sided", ErrFailedPrecondition))
	}
	if h.OfActor {
		return s.mendActor(ctx, op, h)
	}
	return s.mendWorker(ctx, op, h)
}

func (s *Persistence) mendActor(ctx context.Context, op string, h Half) error {
	a, err := s.GetActor(ctx, h.Actor)
	if err != nil {
		return err
	}
	if err := unread(a.unreadMember()); err != nil {
		return conn.Fail(op, s.prefixes.Actor+h.Actor, err)
	}
	a.leave()
	if a.Status != StatusPaused {
		a.Status = StatusSuspended
	}
	return s.UpdateActor(ctx, a, h.Version)
}

func (s *Persistence) mendWorker(ctx context.Context, op string, h Half) error {
	key := s.prefixes.Worker + h.Worker
	doc, err := fetch(ctx, s.c, key)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	w, err := readWorker(h.Worker, doc)
	if err == nil {
		err = unread(w.unreadMember())
	}
	if err != nil {
		return conn.Fail(op, key, err)
	}
	w.free()
	return s.UpdateWorker(ctx, w, h.Version)
}

// pair names the two sides of a suspected half; see Half.
type pair struct {
	actor, worker string
	ofActor       bool
}

// confirm reads both sides of each pair again and returns those that are halves.
func confirm(ctx context.Context, actors *ActorRows, workers *WorkerRows, pairs []pair) ([]Half, error) {
	workerIDs := make([]string, len(pairs))
	for i, p := range pairs {
		workerIDs[i] = p.worker
	}
	ws, err := index(ctx, workers.Read, workerIDs)
	if err != nil {
		return nil, err
	}
	var actorIDs []string
	for _, p := range pairs {
		actorIDs = append(actorIDs, p.actor)
		if w := ws[p.worker]; w != nil {
			actorIDs = append(actorIDs, w.actorIDs()...)
		}
	}
	as, err := index(ctx, actors.Read, actorIDs)
	if err != nil {
		return nil, err
	}
	var halves []Half
	for _, p := range pairs {
		a, w := as[p.actor], ws[p.worker]
		h := Half{Actor: p.actor, Worker: p.worker, OfActor: p.ofActor}
		switch {
		case a != nil && (a.bad != nil || a.Obscure()) || w != nil && (w.Problem() != nil || w.Obscure()): // nothing is known of that side
		case p.ofActor && a != nil && (a.Worker() == p.worker || w != nil && a.On(w)):
			h.Version = a.Version
			if h.Reason = w.denies(a); h.Reason != "" {
				halves = append(halves, h)
			}
		case !p.ofActor && w != nil && w.ActorID != "":
			h.Version = w.Version
			var back *ActorRow
			for _, id := range w.actorIDs() {
				if b := as[id]; b != nil && (back == nil || b.bad != nil || b.Obscure() || b.On(w) && w.Runs(b)) {
					back, h.Actor = b, id
				}
			}
			if h.Reason = back.denies(w); h.Reason != "" {
				halves = append(halves, h)
			}
		}
	}
	return halves, nil
}

// denies says why the worker is not that of an actor which points at it; "" when it is.
func (r *WorkerRow) denies(a *ActorRow) string {
	switch {
	case r == nil:
		return "the worker is missing"
	case r.ActorID == "":
		return "the worker is free"
	case !r.Runs(a):
		return "the worker runs actor " + r.actorIDs()[0]
	}
	return ""
}

// denies says why the actor is not that of a worker which points at it; "" when it is.
func (r *ActorRow) denies(w *WorkerRow) string {
	switch {
	case r == nil:
		return "the actor is missing"
	case r.bad != nil, r.Obscure():
		return "" // nothing is known of it
	case r.Worker() == "":
		return "the actor is on no worker"
	case !r.On(w):
		return "the actor is on worker " + r.Worker()
	case !w.Runs(r):
		return "the actor is of another atespace"
	}
	return ""
}

// index reads rows into a map by id.
func index[R interface{ ID() string }](ctx context.Context, read func(context.Context, []string) ([]R, error), ids []string) (map[string]R, error) {
	rows, err := read(ctx, ids)
	out := make(map[string]R, len(rows))
	for _, r := range rows {
		out[r.ID()] = r
	}
	return out, err
}

// eachRow reads the rows of every key under a prefix.
func eachRow[R any](ctx context.Context, c redis.UniversalClient, prefix string, read func(context.Context, []string) ([]R, error), fn func(R)) error {
	return eachPage(ctx, c, prefix, func(keys []string) (func(), error) {
		ids := make([]string, len(keys))
		for i, k := range keys {
			ids[i] = k[len(prefix):]
		}
		rows, err := read(ctx, ids)
		return func() {
			for _, r := range rows {
				fn(r)
			}
		}, err
	})
}
