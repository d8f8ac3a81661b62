package actorstore

import (
	"context"
	"fmt"

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
	ActorID    string // empty: free
	ActorSpace string

	id  string // the key behind its prefix
	bad problem
}

// ID is the key behind its prefix: namespace:pool:pod.
func (r *WorkerRow) ID() string { return r.id }

// Problem is why the record cannot be read; nil for a good row.
func (r *WorkerRow) Problem() error {
	if r.bad == nil {
		return nil
	}
	return r.bad
}

// Equal tells whether both rows say the same.
func (r *WorkerRow) Equal(other *WorkerRow) bool {
	a, b := *r, *other
	a.bad, b.bad = nil, nil
	return a == b && sameProblem(r.bad, other.bad)
}

// WorkerRows reads and edits the workers under one prefix.
type WorkerRows struct{ documents }

// NewWorkerRows reads workers under prefix, such as "worker:".
func NewWorkerRows(c redis.UniversalClient, prefix string) *WorkerRows {
	return &WorkerRows{documents{c, prefix}}
}

// Read reads rows; missing ones are omitted.
func (r *WorkerRows) Read(ctx context.Context, ids []string) ([]*WorkerRow, error) {
	const op = "actorstore: read worker"
	rows, err := readEach(ctx, r.c, conn.Heads, r.prefix, keysOf(r.prefix, ids), newRowBuilder().worker, func(key string, err error) *WorkerRow {
		id := key[len(r.prefix):]
		return &WorkerRow{Pod: id, id: id, bad: &conn.OpError{Op: op, Key: key, Err: err}}
	})
	return rows, conn.Fail(op, "", err)
}

// Inspect reads the raw document.
func (r *WorkerRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return inspect(ctx, r.c, "actorstore: inspect worker", r.prefix+id)
}

// Load reads the raw document and its version for an edit. Errors: ErrNotFound, ErrBadRecord.
func (r *WorkerRows) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	return r.load(ctx, "actorstore: load worker", id, func(doc string) (int64, error) {
		w, err := readWorker(id, doc)
		return w.Version, err
	})
}

// Replace stores an edited document as ActorRows.Replace does; immutable are the namespace, pool, pod and ip.
func (r *WorkerRows) Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error) {
	const op = "actorstore: replace worker"
	newVersion, err = r.replace(ctx, id, version, body)
	return newVersion, conn.Fail(op, r.prefix+id, err)
}

func (r *WorkerRows) replace(ctx context.Context, id string, version int64, body []byte) (int64, error) {
	namespace, pool, pod, err := splitWorker(id)
	if err != nil {
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
	if err := w.belongs(namespace, pool, pod); err != nil {
		return 0, fmt.Errorf("%w: the key is fixed: %w", ErrFailedPrecondition, err)
	}
	edit, err := w.swap(version)
	if err != nil {
		return 0, err
	}
	edit.known = 0
	if _, err := edit.run(ctx, r.c, r.prefix+id); err != nil {
		return 0, err
	}
	return version + 1, nil
}

// Remove deletes a worker whose version still is version. Errors: ErrNotFound, ErrPersistenceRetry.
func (r *WorkerRows) Remove(ctx context.Context, id string, version int64) error {
	return conn.Fail("actorstore: remove worker", r.prefix+id, remove(ctx, r.c, r.prefix+id, decimal(version), false))
}

// Keep is Load for one that is to be removed: back stores the document again as it was, if nobody has made one since.
// Errors of back: ErrAlreadyExists, and ErrNotFound if its time to live is over.
func (r *WorkerRows) Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error) {
	return r.keep(ctx, "actorstore: put worker back", id, r.Load)
}

func (b *rowBuilder) worker(id, doc string) (*WorkerRow, error) {
	var w Worker
	if err := w.load(id, doc, false); err != nil {
		return nil, err
	}
	namespace, pool, pod, _ := splitWorker(id) // pieces of the id, not of the document
	own := b.own(w.Ip, w.ActorId)              // one allocation for both
	cut := len(w.Ip)
	return &WorkerRow{
		Namespace: namespace, Pool: pool, Pod: pod, IP: own[:cut], ActorID: own[cut:],
		Version: w.Version, ActorSpace: b.share(w.ActorAtespace), id: id,
	}, nil
}
