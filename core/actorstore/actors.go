package actorstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holdfast/core/actorstore/internal/names"
	"holdfast/core/actorstore/internal/sentinel"
	"holdfast/core/actorstore/internal/store"
	"holdfast/core/conn"
)

// An actor with an atespace lies under actor:<atespace>:<id>. Older versions of this package stored it under actor:<id>,
// with the atespace in the document alone: there it is still found.

// GetActor reads an actor by its id, or by "<atespace>:<id>" when it has an atespace. Errors: ErrNotFound, ErrBadRecord.
func (s *Persistence) GetActor(ctx context.Context, id string) (*Actor, error) {
	const op = "actorstore: get actor"
	key := s.actor + id
	space, short, err := names.SplitActor(id)
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	doc, err := store.Fetch(ctx, s.c, key)
	if err == ErrNotFound && space != "" {
		return s.getPlain(ctx, op, space, short)
	}
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	a, err := readActor(id, doc)
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	return a, nil
}

// getPlain reads an actor of an atespace that lies under its id alone.
func (s *Persistence) getPlain(ctx context.Context, op, space, id string) (*Actor, error) {
	missing := conn.Fail(op, s.actor+space+":"+id, ErrNotFound)
	key := s.actor + id
	doc, err := store.Fetch(ctx, s.c, key)
	if err == ErrNotFound {
		return nil, missing
	}
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	a, err := readActor(id, doc)
	if err != nil {
		return nil, conn.Fail(op, key, err)
	}
	if a.Atespace != space {
		return nil, missing
	}
	return a, nil
}

// CreateActor stores a new actor with version 1 and leaves the caller's value alone: under actor:<atespace>:<id>, or
// under actor:<id> if it has no atespace or was read from there (undoing a delete). Errors: ErrAlreadyExists.
func (s *Persistence) CreateActor(ctx context.Context, actor *Actor) error {
	const op = "actorstore: create actor"
	key := s.actor + actor.Name()
	err := actor.checkName()
	if err == nil {
		err = sentinel.Unread(actor.newer)
	}
	if err != nil {
		return conn.Fail(op, key, err)
	}
	doc, _, err := actor.encode(1)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	if actor.spaced() {
		switch _, err := s.getPlain(ctx, op, actor.Atespace, actor.ActorId); {
		case err == nil:
			return conn.Fail(op, s.actor+actor.ActorId, ErrAlreadyExists)
		case !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrBadRecord):
			return err
		}
	}
	return conn.Fail(op, key, store.Create(ctx, s.c, key, doc))
}

// UpdateActor replaces an actor's document if its stored version is the expected one, adds 1 to the version and sets it
// in the caller's value. Errors, in this order: ErrNotFound, ErrPersistenceRetry, ErrUnreadMember (the document is of the
// newer layout), ErrFailedPrecondition (the id, or the template's namespace or name differs); after each nothing is
// written and the caller's value is as before.
//
// Every known field is the caller's. Top-level members that this package does not know are never lost: those stored are
// kept, whether the caller read the actor or built it from scratch. Inside latestSnapshotInfo and workerSelector the
// caller's value decides, with the unknown members it was read with.
func (s *Persistence) UpdateActor(ctx context.Context, actor *Actor, expectedVersion int64) error {
	const op = "actorstore: update actor"
	key := s.actor + actor.Name()
	err := actor.checkName()
	if err == nil {
		err = sentinel.Unread(actor.newer)
	}
	if err != nil {
		return conn.Fail(op, key, err)
	}
	w, err := actor.swap(expectedVersion)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	var read Actor
	if read.decode(actor.read, false) == nil && read.Version == expectedVersion && slices.Equal(read.fixed(), w.Fixed) {
		w.Read = actor.read
	}
	merged, err := w.Run(ctx, s.c, key)
	if errors.Is(err, ErrNotFound) && actor.layout == anyKey && actor.spaced() {
		if _, plain := s.getPlain(ctx, op, actor.Atespace, actor.ActorId); plain == nil {
			merged, err = w.Run(ctx, s.c, s.actor+actor.ActorId)
		} else if !errors.Is(plain, ErrNotFound) {
			return plain
		}
	}
	if err != nil {
		return conn.Fail(op, key, err)
	}
	actor.Version, actor.read = expectedVersion+1, w.Doc
	if merged {
		actor.read = ""
	}
	return nil
}

// DeleteActor deletes an actor that is in STATUS_SUSPENDED, by what GetActor takes. Errors: ErrNotFound,
// ErrFailedPrecondition, ErrUnreadMember.
func (s *Persistence) DeleteActor(ctx context.Context, id string) error {
	const op = "actorstore: delete actor"
	key := s.actor + id
	space, short, err := names.SplitActor(id)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	err = store.Remove(ctx, s.c, key, store.Removal{Kind: "actor", Suspended: true})
	if err == ErrNotFound && space != "" {
		err = store.Remove(ctx, s.c, s.actor+short, store.Removal{Kind: "actor", Suspended: true, Space: space})
	}
	return conn.Fail(op, key, err)
}

// ListActors reads every actor of both layouts, in no order, by pipelined GETs a page. Each actor that is there
// throughout is listed exactly once; those written or deleted meanwhile may be missing. With records that cannot be
// read it returns the good ones and a BadRecords error; with any other error, none.
func (s *Persistence) ListActors(ctx context.Context) ([]*Actor, error) {
	return list(ctx, s.c, "actorstore: list actors", s.actor, readActor)
}

// refuseUnread is why nothing acts on an actor or a worker; nil when both are wholly read.
func refuseUnread(a *Actor, w *Worker) error {
	if err := sentinel.Unread(a.unreadMember()); err != nil {
		return fmt.Errorf("actor %s: %w", a.Name(), err)
	}
	if err := sentinel.Unread(w.unreadMember()); err != nil {
		return fmt.Errorf("worker %s: %w", w.name(), err)
	}
	return nil
}
