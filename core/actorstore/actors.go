package actorstore

import (
	"context"
	"slices"

	"holdfast/core/conn"
)

// GetActor reads an actor by its id, or by "<atespace>:<id>" when it lies in the newer layout. Errors: ErrNotFound,
// ErrBadRecord.
func (s *Persistence) GetActor(ctx context.Context, id string) (*Actor, error) {
	const op = "actorstore: get actor"
	key := s.prefixes.Actor + id
	if _, _, err := splitActor(id); err != nil {
		return nil, conn.Fail(op, key, err)
	}
	doc, err := fetch(ctx, s.c, key)
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	a, err := readActor(id, doc)
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	return a, nil
}

// CreateActor stores a new actor with version 1 and leaves the caller's value alone. It is stored under actor:<id>,
// as the seed documents it; only a value that was read from the newer layout goes back there (undoing a delete).
// Errors: ErrAlreadyExists.
func (s *Persistence) CreateActor(ctx context.Context, actor *Actor) error {
	const op = "actorstore: create actor"
	key := s.prefixes.Actor + actor.Name()
	if err := actor.checkName(); err != nil {
		return conn.Fail(op, key, err)
	}
	doc, _, err := actor.encode(1)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	return conn.Fail(op, key, create(ctx, s.c, key, doc))
}

// UpdateActor replaces an actor's document if its stored version is the expected one, adds 1 to the version and sets it
// in the caller's value. Errors, in this order: ErrNotFound, ErrPersistenceRetry, ErrFailedPrecondition (the id, or
// the template's namespace or name differs); after each nothing is written and the caller's value is as before.
//
// Every known field is the caller's. Top-level members that this package does not know are never lost: those stored are
// kept, whether the caller read the actor or built it from scratch. Inside latestSnapshotInfo and workerSelector the
// caller's value decides, with the unknown members it was read with.
func (s *Persistence) UpdateActor(ctx context.Context, actor *Actor, expectedVersion int64) error {
	const op = "actorstore: update actor"
	key := s.prefixes.Actor + actor.Name()
	if err := actor.checkName(); err != nil {
		return conn.Fail(op, key, err)
	}
	w, err := actor.swap(expectedVersion)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	var read Actor
	if read.decode(actor.read, false) == nil && read.Version == expectedVersion && slices.Equal(read.fixed(), w.fixed) {
		w.read = actor.read
	}
	merged, err := w.run(ctx, s.c, key)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	actor.Version, actor.read = expectedVersion+1, w.doc
	if merged {
		actor.read = ""
	}
	return nil
}

// DeleteActor deletes an actor that is in STATUS_SUSPENDED. Errors: ErrNotFound, ErrFailedPrecondition.
func (s *Persistence) DeleteActor(ctx context.Context, id string) error {
	const op = "actorstore: delete actor"
	key := s.prefixes.Actor + id
	if _, _, err := splitActor(id); err != nil {
		return conn.Fail(op, key, err)
	}
	return conn.Fail(op, key, remove(ctx, s.c, key, "", true))
}

// ListActors reads every actor of both layouts, in no order, by pipelined GETs a page. Each actor that is there
// throughout is listed exactly once; those written or deleted meanwhile may be missing. With records that cannot be
// read it returns the good ones and a BadRecords error; with any other error, none.
func (s *Persistence) ListActors(ctx context.Context) ([]*Actor, error) {
	return list(ctx, s.c, "actorstore: list actors", s.prefixes.Actor, readActor)
}
