package actorstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/sentinel"
	"holdfast/core/actorstore/internal/store"
	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Halves reports every one-sided assignment. Each is read a second time before it is reported, so that an assignment
// that completes meanwhile is left out; one that still waits for its second write is reported. Unreadable records, and
// those with an unread member that could carry an assignment (ErrUnreadMember), come as a BadRecords error beside the
// report, because nothing is known of them.
func (s *Persistence) Halves(ctx context.Context) ([]Half, error) {
	const op = "actorstore: find one-sided assignments"
	actors, workers := NewActorRows(s.c, s.actor), NewWorkerRows(s.c, s.worker)
	var bad BadRecords

	var all []kind.Row // of the workers that can be read
	byID := make(map[string]kind.Row)
	err := eachRow(ctx, s.c, s.worker, workers.Read, func(w kind.Row) {
		if w.Bad() {
			bad = append(bad, w.Clone().Problem())
			return
		}
		if WorkerObscure(w) {
			bad = append(bad, conn.Fail(op, s.worker+w.ID(), sentinel.Unread(WorkerColumns.Unread.Of(w))))
		}
		all = append(all, w)
		byID[w.ID()] = w
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	pairing := Pairing{Worker: in(byID), Workers: slices.All(all)}
	paired := make(map[string]bool) // workers whose actor points back
	var suspects []pair
	err = eachRow(ctx, s.c, s.actor, actors.Read, func(a kind.Row) {
		if a.Bad() {
			bad = append(bad, a.Clone().Problem())
			return
		}
		if ActorObscure(a) {
			bad = append(bad, conn.Fail(op, s.actor+a.ID(), sentinel.Unread(ActorColumns.Unread.Of(a))))
		}
		name := ActorColumns.Worker.Of(a)
		if name == "" {
			return
		}
		if w, whole := pairing.workerOf(a); whole {
			paired[w.ID()] = true
		} else {
			suspects = append(suspects, pair{actor: strings.Clone(a.ID()), worker: cmp.Or(w.ID(), strings.Clone(name)), ofActor: true})
		}
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	for _, w := range all {
		if ids := actorIDs(w); ids != nil && !paired[w.ID()] {
			suspects = append(suspects, pair{actor: ids[0], worker: w.ID()})
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
	key := s.worker + h.Worker
	if h.OfActor {
		key = s.actor + h.Actor
	}
	found, err := confirm(ctx, NewActorRows(s.c, s.actor), NewWorkerRows(s.c, s.worker),
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
	if err := sentinel.Unread(a.unreadMember()); err != nil {
		return conn.Fail(op, s.actor+h.Actor, err)
	}
	a.leave()
	if a.Status != StatusPaused {
		a.Status = StatusSuspended
	}
	return s.UpdateActor(ctx, a, h.Version)
}

func (s *Persistence) mendWorker(ctx context.Context, op string, h Half) error {
	key := s.worker + h.Worker
	doc, err := store.Fetch(ctx, s.c, key)
	if err != nil {
		return conn.Fail(op, key, err)
	}
	w, err := readWorker(h.Worker, doc)
	if err == nil {
		err = sentinel.Unread(w.unreadMember())
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
	var ids []string
	for _, p := range pairs {
		ids = append(ids, p.actor)
		ids = append(ids, actorIDs(ws[p.worker])...)
	}
	as, err := index(ctx, actors.Read, ids)
	if err != nil {
		return nil, err
	}
	var halves []Half
	for _, p := range pairs {
		pairing := Pairing{Actor: in(as), Worker: in(ws), Workers: func(yield func(int, kind.Row) bool) { // of other names: the suspect alone
			if w, found := ws[p.worker]; found {
				yield(0, w)
			}
		}}
		row := ws[p.worker]
		if p.ofActor {
			row = as[p.actor]
		}
		if h, oneSided := pairing.HalfOf(row); oneSided && (!p.ofActor || h.Worker == p.worker) { // else it points elsewhere by now
			halves = append(halves, h)
		}
	}
	return halves, nil
}

// index reads rows into a map by id.
func index(ctx context.Context, read reader, ids []string) (map[string]kind.Row, error) {
	rows, err := read(ctx, ids)
	out := make(map[string]kind.Row, len(rows))
	for _, r := range rows {
		out[r.ID()] = r
	}
	return out, err
}

// in looks rows up in a map.
func in(rows map[string]kind.Row) func(id string) (kind.Row, bool) {
	return func(id string) (kind.Row, bool) {
		r, found := rows[id]
		return r, found
	}
}

// reader is Read of a kind.
type reader func(ctx context.Context, ids []string) ([]kind.Row, error)

// eachRow reads the rows of every key under a prefix.
func eachRow(ctx context.Context, c redis.UniversalClient, prefix string, read reader, fn func(kind.Row)) error {
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
