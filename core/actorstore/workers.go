package actorstore

import (
	"context"
	"slices"

	"holdfast/core/actorstore/internal/names"
	"holdfast/core/actorstore/internal/sentinel"
	"holdfast/core/actorstore/internal/store"
	"holdfast/core/conn"
)

// GetWorker reads a worker. Errors: ErrNotFound, ErrBadRecord.
func (s *Persistence) GetWorker(ctx context.Context, namespace, pool, pod string) (*Worker, error) {
	const op = "actorstore: get worker"
	name, err := names.OfWorker(namespace, pool, pod)
	key := s.worker + name
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	doc, err := store.Fetch(ctx, s.c, key)
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	w, err := readWorker(name, doc)
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	return w, nil
}

// CreateWorker stores a new worker with version 1 and does not change the caller's value. Like every write of a worker
// it is published on the channel worker-changes, see internal/store/lua/publish.lua. Errors: ErrAlreadyExists.
func (s *Persistence) CreateWorker(ctx context.Context, worker *Worker) error {
	const op = "actorstore: create worker"
	name, err := names.OfWorker(worker.WorkerNamespace, worker.WorkerPool, worker.WorkerPod)
	key := s.worker + name
	if err == nil {
		err = sentinel.Unread(worker.newer)
	}
	if err != nil {
		return conn.Fail(op, key, err)
	}
	doc, _, err := worker.encode(1)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	return conn.Fail(op, key, store.CreateWorker(ctx, s.c, key, doc, ""))
}

// UpdateWorker replaces a worker's document if its stored version is the expected one, adds 1 to the version and sets it
// in the caller's value. Errors, in this order: ErrNotFound, ErrPersistenceRetry, ErrFailedPrecondition (the
// namespace, pool, pod or ip differs). Unknown members are kept as UpdateActor keeps them; a value built from scratch
// cannot replace a document with an assignment in it, or be assigned in a later document: ErrUnreadMember.
func (s *Persistence) UpdateWorker(ctx context.Context, worker *Worker, expectedVersion int64) error {
	const op = "actorstore: update worker"
	name, err := names.OfWorker(worker.WorkerNamespace, worker.WorkerPool, worker.WorkerPod)
	key := s.worker + name
	if err == nil {
		err = sentinel.Unread(worker.newer)
	}
	if err != nil {
		return conn.Fail(op, key, err)
	}
	w, err := worker.swap(expectedVersion)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	var read Worker
	if read.decode(worker.read, false) == nil && read.Version == expectedVersion && slices.Equal(read.fixed(), w.Fixed) {
		w.Read = worker.read
	}
	merged, err := w.Run(ctx, s.c, key)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	worker.Version, worker.read = expectedVersion+1, w.Doc
	if worker.assignee() != worker.assigned {
		worker.assignment = ""
	}
	if merged {
		worker.read = ""
	}
	return nil
}

// DeleteWorker deletes a worker, whatever it runs; one that is missing already is no error.
func (s *Persistence) DeleteWorker(ctx context.Context, namespace, pool, pod string) error {
	const op = "actorstore: delete worker"
	name, err := names.OfWorker(namespace, pool, pod)
	key := s.worker + name
	if err != nil {
		return conn.Fail(op, key, err)
	}
	if err := store.Remove(ctx, s.c, key, store.Removal{Kind: "worker"}); err != ErrNotFound {
		return conn.Fail(op, key, err)
	}
	return nil
}

// ListWorkers reads every worker; order, guarantees and errors are those of ListActors.
func (s *Persistence) ListWorkers(ctx context.Context) ([]*Worker, error) {
	return list(ctx, s.c, "actorstore: list workers", s.worker, readWorker)
}
