package actorstore

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"unique"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// ActorRow is one actor as a table shows it. There may be a million: what is the actor's own stands in one text, and what
// many have in common is kept once.
type ActorRow struct {
	Version int64

	text       string // id, worker and IP, one after the other
	worker, ip uint32 // where they begin in it
	common     unique.Handle[actorCommon]
	bad        problem
}

type actorCommon struct {
	atespace string
	status   Status
	template string
	unread   string
}

// ID is the key behind its prefix: "a1", or "space:a1" in the newer layout.
func (r *ActorRow) ID() string { return r.text[:r.worker] }

// ActorID is the ID without the atespace; the whole of it where the record cannot be read.
func (r *ActorRow) ActorID() string {
	if _, id, spaced := strings.Cut(r.ID(), ":"); spaced && r.bad == nil {
		return id
	}
	return r.ID()
}

// Worker is the worker's row id namespace:pool:pod; namespace/pod when the pool is not known; empty when on none.
func (r *ActorRow) Worker() string { return r.text[r.worker:r.ip] }

// PodIP is the address of the worker's pod, as the actor knows it.
func (r *ActorRow) PodIP() string { return r.text[r.ip:] }

// Atespace is empty in the older layout unless the document names it.
func (r *ActorRow) Atespace() string { return r.common.Value().atespace }

// Status is the name of the status, also of the zero.
func (r *ActorRow) Status() string { return r.common.Value().status.String() }

// Template is namespace/name, or empty.
func (r *ActorRow) Template() string { return r.common.Value().template }

// Unread is the member for which nothing acts on the actor, see members.go; empty: there is none.
func (r *ActorRow) Unread() string { return r.common.Value().unread }

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
	return &ActorRows{documents{c, "actor", prefix}}
}

// Read reads rows; missing ones are omitted.
func (r *ActorRows) Read(ctx context.Context, ids []string) ([]*ActorRow, error) {
	const op = "actorstore: read actor"
	rows, err := readEach(ctx, r.c, conn.Heads, r.prefix, keysOf(r.prefix, ids), newRowBuilder().actor, func(key string, err error) *ActorRow {
		id := key[len(r.prefix):]
		end := uint32(len(id))
		return &ActorRow{text: strings.Clone(id), worker: end, ip: end, common: unique.Make(actorCommon{}), bad: &conn.OpError{Op: op, Key: key, Err: err}}
	})
	return rows, conn.Fail(op, "", err)
}

// Inspect reads the raw document.
func (r *ActorRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return inspect(ctx, r.c, "actorstore: inspect actor", r.prefix+id)
}

// Load reads the raw document and its version for an edit. Errors: ErrNotFound, ErrBadRecord, ErrUnversioned.
func (r *ActorRows) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	return r.load(ctx, "actorstore: load actor", id, func(doc string) (int64, error) {
		a, err := readActor(id, doc)
		return a.Version, cmp.Or(err, unversioned(a.newer, a.at))
	})
}

// Replace stores an edited document if the stored version still is version, adds 1 to it, whatever version the body
// says, and keeps the time to live. The body's known members are spelled as protojson spells them, its unknown ones stay
// just as they are; those removed from the body are gone. A document of the newer layout stays just as it was typed but for
// its version. Errors: ErrInvalid (no actor's JSON), ErrNotFound, ErrPersistenceRetry, ErrUnreadMember (the edit changes
// status or assignment beside a member that could carry one), ErrFailedPrecondition (an immutable field or the atespace of
// the key differs).
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
	return edit.save(ctx, r.c, r.prefix+id, text, a.newer, a.at)
}

// Remove deletes an actor that is suspended and whose version still is version. Errors: ErrNotFound,
// ErrPersistenceRetry, ErrFailedPrecondition, ErrUnreadMember.
func (r *ActorRows) Remove(ctx context.Context, id string, version int64) error {
	err := remove(ctx, r.c, r.prefix+id, removal{kind: "actor", version: decimal(version), suspended: true})
	return conn.Fail("actorstore: remove actor", r.prefix+id, err)
}

// Keep is Load for an actor about to be removed: back stores the document again, unless it exists again. Errors of
// back: ErrAlreadyExists, and ErrNotFound if its time to live has ended.
func (r *ActorRows) Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error) {
	return r.keep(ctx, "actorstore: put actor back", id, r.Load)
}

func (b *rowBuilder) actor(id, doc string) (*ActorRow, error) {
	var a Actor
	if err := a.load(id, doc, false); err != nil {
		return nil, err
	}
	common := actorCommon{atespace: a.Atespace, status: a.Status, unread: a.unreadMember()}
	if a.ActorTemplateNamespace != "" || a.ActorTemplateName != "" {
		common.template = b.share(a.ActorTemplateNamespace, "/", a.ActorTemplateName)
	}
	r := &ActorRow{Version: a.Version, worker: uint32(len(id)), common: unique.Make(common)}
	switch {
	case a.AteomPodName == "":
		r.text = b.own(id, a.AteomPodIp)
	case a.WorkerPoolName != "":
		r.text = b.own(id, a.AteomPodNamespace, ":", a.WorkerPoolName, ":", a.AteomPodName, a.AteomPodIp)
	default:
		r.text = b.own(id, a.AteomPodNamespace, "/", a.AteomPodName, a.AteomPodIp)
	}
	r.ip = uint32(len(r.text) - len(a.AteomPodIp))
	return r, nil
}
