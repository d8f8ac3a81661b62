package actorstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// ActorRow is one actor as a table shows it.
type ActorRow struct {
	Atespace string
	ActorID  string
	Version  int64
	Status   string // by name, also of the zero
	Template string // namespace/name
	Worker   string // the worker's row id namespace:pool:pod; namespace/pod when the pool is not known; empty when on none
	PodIP    string

	id  string // the key behind its prefix
	bad problem
}

// ID is the key behind its prefix: "a1", or "space:a1" in the newer layout.
func (r *ActorRow) ID() string { return r.id }

// Problem is why the record cannot be read; nil for a good row.
func (r *ActorRow) Problem() error {
	if r.bad == nil {
		return nil
	}
	return r.bad
}

// Equal tells whether both rows say the same.
func (r *ActorRow) Equal(other *ActorRow) bool {
	a, b := *r, *other
	a.bad, b.bad = nil, nil
	return a == b && sameProblem(r.bad, other.bad)
}

// ActorRows reads and edits the actors under one prefix.
type ActorRows struct{ documents }

// NewActorRows reads actors under prefix, such as "actor:".
func NewActorRows(c redis.UniversalClient, prefix string) *ActorRows {
	return &ActorRows{documents{c, prefix}}
}

// Read reads rows; missing ones are omitted.
func (r *ActorRows) Read(ctx context.Context, ids []string) ([]*ActorRow, error) {
	const op = "actorstore: read actor"
	rows, err := readEach(ctx, r.c, r.prefix, keysOf(r.prefix, ids), newRowBuilder().actor, func(key string, err error) *ActorRow {
		id := key[len(r.prefix):]
		return &ActorRow{ActorID: id, id: id, bad: &conn.OpError{Op: op, Key: key, Err: err}}
	})
	return rows, conn.Fail(op, "", err)
}

// Inspect reads the raw document.
func (r *ActorRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return inspect(ctx, r.c, "actorstore: inspect actor", r.prefix+id)
}

// Load reads the raw document and its version for an edit. Errors: ErrNotFound, ErrBadRecord.
func (r *ActorRows) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	const op = "actorstore: load actor"
	doc, err := fetch(ctx, r.c, r.prefix+id)
	if err != nil {
		return nil, 0, conn.Fail(op, r.prefix+id, err)
	}
	a, err := readActor(id, doc)
	if err != nil {
		return nil, 0, conn.Fail(op, r.prefix+id, err)
	}
	return []byte(doc), a.Version, nil
}

// Replace stores an edited document if the stored version still is version, adds 1 to it, whatever version the body
// says, and keeps the time to live. The body's known members are spelled as protojson spells them, its unknown ones stay
// just as they are; those removed from the body are gone. Errors: ErrInvalid (no actor's JSON), ErrNotFound,
// ErrPersistenceRetry, ErrFailedPrecondition (an immutable field or the atespace of the key differs).
func (r *ActorRows) Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error) {
	const op = "actorstore: replace actor"
	newVersion, err = r.replace(ctx, id, version, body)
	return newVersion, conn.Fail(op, r.prefix+id, err)
}

func (r *ActorRows) replace(ctx context.Context, id string, version int64, body []byte) (int64, error) {
	space, actor, err := splitActor(id)
	if err != nil {
		return 0, err
	}
	text, err := compact(body)
	if err != nil {
		return 0, err
	}
	var a Actor
	if err := a.decode(text, true); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := a.belongs(space, actor); err != nil {
		return 0, fmt.Errorf("%w: the key is fixed: %w", ErrFailedPrecondition, err)
	}
	edit, err := a.swap(version)
	if err != nil {
		return 0, err
	}
	edit.known = 0
	if _, err := edit.run(ctx, r.c, r.prefix+id); err != nil {
		return 0, err
	}
	return version + 1, nil
}

// Remove deletes an actor that is suspended and whose version still is version. Errors: ErrNotFound,
// ErrPersistenceRetry, ErrFailedPrecondition.
func (r *ActorRows) Remove(ctx context.Context, id string, version int64) error {
	return conn.Fail("actorstore: remove actor", r.prefix+id, remove(ctx, r.c, r.prefix+id, decimal(version), true))
}

func (b *rowBuilder) actor(id, doc string) (*ActorRow, error) {
	var a Actor
	if err := a.load(id, doc, false); err != nil {
		return nil, err
	}
	r := &ActorRow{ActorID: id, Version: a.Version, Status: a.Status.String(), id: id}
	if a.spaced {
		r.Atespace, r.ActorID, _ = strings.Cut(id, ":")
	} else {
		r.Atespace = b.share(a.Atespace)
	}
	if a.ActorTemplateNamespace != "" || a.ActorTemplateName != "" {
		r.Template = b.share(a.ActorTemplateNamespace, "/", a.ActorTemplateName)
	}
	own := a.AteomPodIp // with the worker before it, one allocation
	switch {
	case a.AteomPodName == "":
		own = b.own(own)
	case a.WorkerPoolName != "":
		own = b.own(a.AteomPodNamespace, ":", a.WorkerPoolName, ":", a.AteomPodName, own)
	default:
		own = b.own(a.AteomPodNamespace, "/", a.AteomPodName, own)
	}
	cut := len(own) - len(a.AteomPodIp)
	r.Worker, r.PodIP = own[:cut], own[cut:]
	return r, nil
}
