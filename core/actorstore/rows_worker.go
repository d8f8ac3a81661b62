package actorstore

import (
	"cmp"
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/names"
	"holdfast/core/actorstore/internal/store"
	"holdfast/core/conn"
	"holdfast/core/kind"
)

var workerSchema = kind.NewSchema(ErrBadRecord, conn.ErrTooLarge)

// WorkerColumns are the columns of a worker. Its ID is the key behind the prefix: namespace:pool:pod, or the uid of the pod in
// the newest layout.
var WorkerColumns = struct {
	Namespace  kind.Text
	Pool       kind.Text
	ActorSpace kind.Text // the atespace of Actor
	State      kind.Text // ACTIVE, DRAINING or another name of a later document; empty: it has none
	Unread     kind.Text // the member for which nothing acts on the worker, see internal/rule; empty: there is none
	Version    kind.Int
	Pod        kind.Text
	IP         kind.Text
	Actor      kind.Text // the id of the actor that it runs; empty: free, unless Unread says that this is not known
	Layout     kind.Text // the layout that the worker was read by (package layout); empty: a worker of ours
	Job        kind.Text // what a worker of a layout runs; empty: nothing, or not told
	Started    kind.Time // when it began, where a layout tells
	AliveUntil kind.Time // it is dead unless it says otherwise until then; zero: not told
}{
	Namespace: workerSchema.Word("namespace"), Pool: workerSchema.Word("pool"), ActorSpace: workerSchema.Word("actor_atespace"),
	State: workerSchema.Word("state"), Unread: workerSchema.Word("unread"), Version: workerSchema.Int("version"),
	Pod: workerSchema.Text("pod"), IP: workerSchema.Text("ip"), Actor: workerSchema.Text("actor_id"),
	Layout: workerSchema.Word("layout"), Job: workerSchema.Text("job"), Started: workerSchema.Time("started"), AliveUntil: workerSchema.Deadline("alive_until"),
}

// WorkerName is namespace:pool:pod in every layout.
func WorkerName(worker kind.Row) string {
	c := &WorkerColumns
	return c.Namespace.Of(worker) + ":" + c.Pool.Of(worker) + ":" + c.Pod.Of(worker)
}

// WorkerRows reads and edits the workers under one prefix.
type WorkerRows struct{ documents }

// NewWorkerRows reads workers under prefix, such as "worker:".
func NewWorkerRows(c redis.UniversalClient, prefix string) *WorkerRows {
	return &WorkerRows{documents{C: c, Type: "worker", Prefix: prefix}}
}

// Kind is the kind "workers".
func (r *WorkerRows) Kind() kind.Kind {
	return kind.Kind{Name: "workers", Schema: workerSchema, Source: r, Documents: r}
}

// Read reads rows of WorkerColumns; missing ones are omitted.
func (r *WorkerRows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	return r.ReadAs(ctx, "actorstore: read worker", workerSchema, ids, setWorker)
}

// Inspect reads the raw document.
func (r *WorkerRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return store.Inspect(ctx, r.C, "actorstore: inspect worker", r.Prefix+id)
}

// Load reads the raw document and its version for an edit. Errors: ErrNotFound, ErrBadRecord, ErrUnversioned.
func (r *WorkerRows) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	return r.LoadAs(ctx, "actorstore: load worker", id, func(doc string) (int64, error) {
		w, err := readWorker(id, doc)
		return w.Version, cmp.Or(err, unversioned(w.newer, w.at))
	})
}

// Replace stores an edited document as ActorRows.Replace does; immutable are the namespace, pool, pod and ip.
func (r *WorkerRows) Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error) {
	const op = "actorstore: replace worker"
	newVersion, err = r.replace(ctx, id, version, body)
	return newVersion, conn.Fail(op, r.Prefix+id, err)
}

func (r *WorkerRows) replace(ctx context.Context, id string, version int64, body []byte) (int64, error) {
	if err := names.CheckWorkerName(id); err != nil {
		return 0, err
	}
	text, err := store.Compact(body)
	if err != nil {
		return 0, err
	}
	var w Worker
	if err := w.decode(text, true); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := w.belongs(id); err != nil {
		return 0, fmt.Errorf("%w: the key is fixed: %w", ErrFailedPrecondition, err)
	}
	edit, err := w.swap(version)
	if err != nil {
		return 0, err
	}
	edit.Kind = "worker"
	return edit.Save(ctx, r.C, r.Prefix+id, text, w.newer, w.at)
}

// Remove deletes a worker whose version still is version. Errors: ErrNotFound, ErrPersistenceRetry.
func (r *WorkerRows) Remove(ctx context.Context, id string, version int64) error {
	return conn.Fail("actorstore: remove worker", r.Prefix+id, store.Remove(ctx, r.C, r.Prefix+id, store.Removal{Kind: "worker", Version: store.Decimal(version)}))
}

// Keep is Load for a worker about to be removed: back stores the document again, unless it exists again. Errors of
// back: ErrAlreadyExists, and ErrNotFound if its time to live has ended.
func (r *WorkerRows) Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error) {
	return r.KeepAs(ctx, "actorstore: put worker back", id, r.Load)
}

// setWorker sets the columns of the worker stored under a name.
func setWorker(b *kind.Builder, name, doc string) error {
	var w Worker
	if err := w.load(name, doc, false); err != nil {
		return err
	}
	c := &WorkerColumns
	c.Namespace.Set(b, w.WorkerNamespace)
	c.Pool.Set(b, w.WorkerPool)
	c.ActorSpace.Set(b, w.ActorAtespace)
	c.State.Set(b, w.state)
	c.Unread.Set(b, w.unreadMember())
	c.Version.Set(b, w.Version)
	c.Pod.Set(b, w.WorkerPod)
	c.IP.Set(b, w.Ip)
	c.Actor.Set(b, w.ActorId)
	return nil
}
