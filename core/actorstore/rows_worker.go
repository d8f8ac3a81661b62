package actorstore

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// WorkerRow is one worker as a table shows it.
type WorkerRow struct {
	Namespace  string
	Pool       string
	Pod        string
	IP         string
	Version    int64
	ActorID    string // empty: free, unless Unread says that this is not known
	ActorSpace string

	id   string // the key behind its prefix
	more *workerMore
}

// workerMore is what few workers have, or many of them share; a pointer, so that the others spend one word on it.
type workerMore struct {
	state, unread string
	bad           problem
}

var noMore = &workerMore{}

func (r *WorkerRow) rest() *workerMore { return cmp.Or(r.more, noMore) }

// State is ACTIVE, DRAINING or another name of a later document; empty: it has none.
func (r *WorkerRow) State() string { return r.rest().state }

// Unread is the member for which nothing acts on the worker, see members.go; empty: there is none.
func (r *WorkerRow) Unread() string { return r.rest().unread }

// ID is the key behind its prefix: namespace:pool:pod, or the uid of the pod in the newest layout.
func (r *WorkerRow) ID() string { return r.id }

// Problem is why the record cannot be read; nil for a good row.
func (r *WorkerRow) Problem() error {
	if bad := r.rest().bad; bad != nil {
		return bad
	}
	return nil
}

// Equal tells whether both rows say the same.
func (r *WorkerRow) Equal(other *WorkerRow) bool {
	a, b := *r, *other
	a.more, b.more = nil, nil
	return a == b && r.State() == other.State() && r.Unread() == other.Unread() && sameProblem(r.rest().bad, other.rest().bad)
}

// WorkerRows reads and edits the workers under one prefix.
type WorkerRows struct{ documents }

// NewWorkerRows reads workers under prefix, such as "worker:".
func NewWorkerRows(c redis.UniversalClient, prefix string) *WorkerRows {
	return &WorkerRows{documents{c, "worker", prefix}}
}

// Read reads rows; missing ones are omitted.
func (r *WorkerRows) Read(ctx context.Context, ids []string) ([]*WorkerRow, error) {
	const op = "actorstore: read worker"
	rows, err := readEach(ctx, r.c, conn.Heads, r.prefix, keysOf(r.prefix, ids), newRowBuilder().worker, func(key string, err error) *WorkerRow {
		id := key[len(r.prefix):]
		return &WorkerRow{Pod: id, id: id, more: &workerMore{bad: &conn.OpError{Op: op, Key: key, Err: err}}}
	})
	return rows, conn.Fail(op, "", err)
}

// Inspect reads the raw document.
func (r *WorkerRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return inspect(ctx, r.c, "actorstore: inspect worker", r.prefix+id)
}

// Name is namespace:pool:pod in every layout.
func (r *WorkerRow) Name() string { return r.Namespace + ":" + r.Pool + ":" + r.Pod }

// Load reads the raw document and its version for an edit. Errors: ErrNotFound, ErrBadRecord, ErrUnversioned.
func (r *WorkerRows) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	return r.load(ctx, "actorstore: load worker", id, func(doc string) (int64, error) {
		w, err := readWorker(id, doc)
		return w.Version, cmp.Or(err, unversioned(w.newer, w.at))
	})
}

// Replace stores an edited document as ActorRows.Replace does; immutable are the namespace, pool, pod and ip.
func (r *WorkerRows) Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error) {
	const op = "actorstore: replace worker"
	newVersion, err = r.replace(ctx, id, version, body)
	return newVersion, conn.Fail(op, r.prefix+id, err)
}

func (r *WorkerRows) replace(ctx context.Context, id string, version int64, body []byte) (int64, error) {
	if err := checkWorkerName(id); err != nil {
		return 0, err
	}
	text, err := compact(body)
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
	edit.kind = "worker"
	return edit.save(ctx, r.c, r.prefix+id, text, w.newer, w.at)
}

// Remove deletes a worker whose version still is version. Errors: ErrNotFound, ErrPersistenceRetry.
func (r *WorkerRows) Remove(ctx context.Context, id string, version int64) error {
	return conn.Fail("actorstore: remove worker", r.prefix+id, remove(ctx, r.c, r.prefix+id, removal{kind: "worker", version: decimal(version)}))
}

// Keep is Load for a worker about to be removed: back stores the document again, unless it exists again. Errors of
// back: ErrAlreadyExists, and ErrNotFound if its time to live has ended.
func (r *WorkerRows) Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error) {
	return r.keep(ctx, "actorstore: put worker back", id, r.Load)
}

func (b *rowBuilder) worker(id, doc string) (*WorkerRow, error) {
	var w Worker
	if err := w.load(id, doc, false); err != nil {
		return nil, err
	}
	row := &WorkerRow{
		Version: w.Version, ActorSpace: b.share(w.ActorAtespace), more: b.more(w.state, w.unreadMember()), id: id,
	}
	own := b.own(w.Ip, w.ActorId) // one allocation for both
	row.IP, row.ActorID = own[:len(w.Ip)], own[len(w.Ip):]
	if byUID(id) {
		row.Namespace, row.Pool, row.Pod = b.share(w.WorkerNamespace), b.share(w.WorkerPool), b.own(w.WorkerPod)
		return row, nil
	}
	rest := id // pieces of the id, not of the document
	row.Namespace, rest, _ = strings.Cut(rest, ":")
	row.Pool, row.Pod, _ = strings.Cut(rest, ":")
	return row, nil
}
