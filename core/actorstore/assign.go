package actorstore

import (
	"context"
	"errors"
	"fmt"

	"holdfast/core/conn"
)

// An actor and its worker lie in different slots, so no script can write both. The order is fixed instead: a worker is
// claimed before an actor points at it and freed after the actor has left. A crash in between leaves a worker that is
// claimed for nothing, which Halves shows; never an actor on a worker that another one may claim.

// Assign puts an actor on a free worker (or one that a crashed Assign claimed for it): first the worker, then the actor,
// each by compare-and-set on the version in the value. Set the actor's status before; it is written with the rest.
// When the actor's write is refused the worker is freed again. The callers' values change on success only.
// Errors: those of UpdateWorker and UpdateActor, ErrUnreadMember, ErrFailedPrecondition (the worker is busy or not ACTIVE,
// the actor is on one).
//
// Documents of the seed get the members of the seed alone, which a strict reader of it takes.
func (s *Persistence) Assign(ctx context.Context, actor *Actor, worker *Worker) error {
	const op = "actorstore: assign"
	if err := refuseUnread(actor, worker); err != nil {
		return conn.Fail(op, actor.ActorId, err)
	}
	if !open(worker.state) {
		return conn.Fail(op, actor.ActorId, fmt.Errorf("%w: the worker is %s", ErrFailedPrecondition, worker.state))
	}
	if worker.ActorId != "" && !worker.claimedBy(actor) {
		return conn.Fail(op, actor.ActorId, fmt.Errorf("%w: the worker runs actor %q", ErrFailedPrecondition, worker.ActorId))
	}
	if actor.AteomPodName != "" {
		return conn.Fail(op, actor.ActorId, fmt.Errorf("%w: the actor is on pod %q", ErrFailedPrecondition, actor.AteomPodName))
	}
	w, a := *worker, *actor
	w.ActorNamespace, w.ActorTemplate = a.ActorTemplateNamespace, a.ActorTemplateName
	w.ActorId, w.ActorAtespace = a.ActorId, a.Atespace
	if err := s.UpdateWorker(ctx, &w, w.Version); err != nil {
		return err
	}
	a.AteomPodNamespace, a.AteomPodName = w.WorkerNamespace, w.WorkerPod
	a.AteomPodIp, a.AteomPodUid = w.Ip, w.WorkerPodUid
	if a.afterSeed() || w.afterSeed() {
		a.WorkerPoolName = w.WorkerPool
	}
	if err := s.UpdateActor(ctx, &a, a.Version); err != nil {
		if ctx.Err() == nil && !conn.Unreachable(err) { // surely not written
			w.free()
			return errors.Join(err, s.UpdateWorker(ctx, &w, w.Version))
		}
		return err
	}
	*worker, *actor = w, a
	return nil
}

// Release takes an actor off its worker: first the actor, whose status the caller has set, then the worker, each by
// compare-and-set on the version in the value. The callers' values change with what was written.
// Errors: those of UpdateActor and UpdateWorker, ErrUnreadMember, ErrFailedPrecondition (the worker is not the actor's).
func (s *Persistence) Release(ctx context.Context, actor *Actor, worker *Worker) error {
	if err := refuseUnread(actor, worker); err != nil {
		return conn.Fail("actorstore: release", actor.ActorId, err)
	}
	if !worker.claimedBy(actor) {
		return conn.Fail("actorstore: release", actor.ActorId,
			fmt.Errorf("%w: the worker runs actor %q", ErrFailedPrecondition, worker.ActorId))
	}
	a, w := *actor, *worker
	a.leave()
	if err := s.UpdateActor(ctx, &a, a.Version); err != nil {
		return err
	}
	*actor = a
	w.free()
	if err := s.UpdateWorker(ctx, &w, w.Version); err != nil {
		return err
	}
	*worker = w
	return nil
}

func (w *Worker) claimedBy(a *Actor) bool {
	return w.ActorId == a.ActorId && w.ActorAtespace == a.Atespace
}

// leave clears where the actor runs.
func (a *Actor) leave() {
	a.AteomPodNamespace, a.AteomPodName, a.AteomPodIp, a.AteomPodUid, a.WorkerPoolName = "", "", "", "", ""
}

// free clears whom the worker runs.
func (w *Worker) free() {
	w.ActorNamespace, w.ActorTemplate, w.ActorId, w.ActorAtespace = "", "", "", ""
}

// afterSeed tells whether a document has members which the seed's writer did not write, so that its readers know them.
func (a *Actor) afterSeed() bool {
	return a.spaced() || a.Atespace != "" || a.AteomPodUid != "" || a.WorkerPoolName != "" ||
		a.LatestSnapshotInfo != nil || a.WorkerSelector != nil
}

func (w *Worker) afterSeed() bool {
	return w.later != "" || w.WorkerPodUid != "" || w.NodeName != "" || w.ActorAtespace != ""
}
