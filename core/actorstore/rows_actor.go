package actorstore

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/names"
	"holdfast/core/actorstore/internal/store"
	"holdfast/core/conn"
	"holdfast/core/kind"
)

var actorSchema = kind.NewSchema(ErrBadRecord, conn.ErrTooLarge)

// ActorColumns are the columns of an actor. Its ID is the key behind the prefix: "a1", or "space:a1" in the newer layout.
var ActorColumns = struct {
	Atespace kind.Text // empty in the older layout unless the document names it
	Status   kind.Text // the name of the status, also of the zero
	Template kind.Text // namespace/name, or empty
	Unread   kind.Text // the member for which nothing acts on the actor, see internal/rule; empty: there is none
	Version  kind.Int
	Worker   kind.Text // the worker's row id namespace:pool:pod; namespace/pod when the pool is not known; empty when on none
	IP       kind.Text // the address of the worker's pod, as the actor knows it
}{
	Atespace: actorSchema.Word("atespace"), Status: actorSchema.Word("status"), Template: actorSchema.Word("template"),
	Unread: actorSchema.Word("unread"), Version: actorSchema.Int("version"), Worker: actorSchema.Text("worker"),
	IP: actorSchema.Text("ip"),
}

// ActorID is the ID without the atespace; the whole of it where the record cannot be read.
func ActorID(actor kind.Row) string {
	if _, id, spaced := strings.Cut(actor.ID(), ":"); spaced && !actor.Bad() {
		return id
	}
	return actor.ID()
}

// documents are what all rows of documents share.
type documents = store.Documents

// ActorRows reads and edits the actors under one prefix.
type ActorRows struct{ documents }

// NewActorRows reads actors under prefix, such as "actor:".
func NewActorRows(c redis.UniversalClient, prefix string) *ActorRows {
	return &ActorRows{documents{C: c, Type: "actor", Prefix: prefix}}
}

// Kind is the kind "actors".
func (r *ActorRows) Kind() kind.Kind {
	return kind.Kind{Name: "actors", Schema: actorSchema, Source: r, Documents: r}
}

// Read reads rows of ActorColumns; missing ones are omitted.
func (r *ActorRows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	return r.ReadAs(ctx, "actorstore: read actor", actorSchema, ids, setActor)
}

// Inspect reads the raw document.
func (r *ActorRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return store.Inspect(ctx, r.C, "actorstore: inspect actor", r.Prefix+id)
}

// Load reads the raw document and its version for an edit. Errors: ErrNotFound, ErrBadRecord, ErrUnversioned.
func (r *ActorRows) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	return r.LoadAs(ctx, "actorstore: load actor", id, func(doc string) (int64, error) {
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
	return newVersion, conn.Fail(op, r.Prefix+id, err)
}

func (r *ActorRows) replace(ctx context.Context, id string, version int64, body []byte) (int64, error) {
	space, actor, err := names.SplitActor(id)
	if err != nil {
		return 0, err
	}
	text, err := store.Compact(body)
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
	return edit.Save(ctx, r.C, r.Prefix+id, text, a.newer, a.at)
}

// Remove deletes an actor that is suspended and whose version still is version. Errors: ErrNotFound,
// ErrPersistenceRetry, ErrFailedPrecondition, ErrUnreadMember.
func (r *ActorRows) Remove(ctx context.Context, id string, version int64) error {
	err := store.Remove(ctx, r.C, r.Prefix+id, store.Removal{Kind: "actor", Version: store.Decimal(version), Suspended: true})
	return conn.Fail("actorstore: remove actor", r.Prefix+id, err)
}

// Keep is Load for an actor about to be removed: back stores the document again, unless it exists again. Errors of
// back: ErrAlreadyExists, and ErrNotFound if its time to live has ended.
func (r *ActorRows) Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error) {
	return r.KeepAs(ctx, "actorstore: put actor back", id, r.Load)
}

// setActor sets the columns of the actor stored under a name.
func setActor(b *kind.Builder, name, doc string) error {
	var a Actor
	if err := a.load(name, doc, false); err != nil {
		return err
	}
	c := &ActorColumns
	c.Atespace.Set(b, a.Atespace)
	c.Status.Set(b, a.Status.String())
	if a.ActorTemplateNamespace != "" || a.ActorTemplateName != "" {
		c.Template.SetParts(b, a.ActorTemplateNamespace, "/", a.ActorTemplateName)
	}
	c.Unread.Set(b, a.unreadMember())
	c.Version.Set(b, a.Version)
	switch {
	case a.AteomPodName == "":
	case a.WorkerPoolName != "":
		c.Worker.SetParts(b, a.AteomPodNamespace, ":", a.WorkerPoolName, ":", a.AteomPodName)
	default:
		c.Worker.SetParts(b, a.AteomPodNamespace, "/", a.AteomPodName)
	}
	c.IP.Set(b, a.AteomPodIp)
	return nil
}
