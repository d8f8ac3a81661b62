// Package record keeps versioned records and the leases they may depend on, namespace by namespace. It implements the
// record storage of seed 004 on any redis.UniversalClient, and gives the dashboard the rows of both kinds.
//
// A namespace is the unit of atomicity and of sharding: all its keys share the hash tag {namespace}. What a record's
// value means is the caller's affair and never known here. What is acknowledged is as durable as the server makes it: a
// failover to a replica that lagged forgets, as with every write to Redis.
package record

import (
	"context"
	"errors"
	"time"

	"holdfast/core/conn"
)

type (
	// Key names a record in its namespace: any bytes but none at all. Ranges sort keys byte by byte.
	Key string
	// Value is what a record holds: any bytes, also none.
	Value []byte
	// Version of a record. The namespace counts its changes from 1, so versions also rise across delete and create.
	Version int64
	// LeaseId names a lease in its namespace; it is never given twice.
	LeaseId int64
)

// NoLeaseId is the lease of a record that lives until it is deleted.
const NoLeaseId = 0

// Record is one key with its value (seed 004). Version and Lease are the storage's: writes ignore Version except to
// compare it, and Lease counts only when the record is created.
type Record struct {
	Key     Key
	Value   Value
	Version Version
	Lease   LeaseId
}

// Records is what a range holds, sorted by key.
type Records []Record

// The sentinels of the package. Packages published under the names of seed 004 return theirs bare; these come wrapped, with the
// operation and the key, so code that compares them with == has to be changed. With each of them nothing was written.
var (
	// ErrAlreadyExists comes wrapped: test for it with errors.Is, not with ==. The key holds a record.
	ErrAlreadyExists = conn.Precondition("record already exists")
	// ErrNotFound comes wrapped: test for it with errors.Is, not with ==. There is no record, or its lease is gone.
	ErrNotFound = errors.New("record not found")
	// ErrWrongVersion comes wrapped: test for it with errors.Is, not with ==. The record has changed.
	ErrWrongVersion = conn.Precondition("record has another version")
	// ErrWrongLeaseId comes wrapped: test for it with errors.Is, not with ==. The lease is gone, or there never was one.
	ErrWrongLeaseId = conn.Precondition("no such lease: it has expired or was released")
	// ErrBadArgument comes wrapped: test for it with errors.Is, not with ==. Nothing was sent.
	ErrBadArgument = errors.New("bad argument")
	// ErrClosed comes wrapped: test for it with errors.Is, not with ==. The storage was closed before or during the call.
	ErrClosed = errors.New("record storage is closed")
)

// Storage is the record storage of seed 004. Every mutation is one atomic script that acts at most once; a record whose
// lease is gone does not exist for any of these methods, and is removed beside a later mutation. A nil context is
// ErrBadArgument.
//
// While a hash slot moves to another node of a cluster, reading finds every record wherever it is. A mutation waits until its
// keys are together, at most for its context, and after that fails with an error for which conn.Moving holds.
type Storage interface {
	// Lessor manages the leases of the same namespace.
	Lessor() Lessor
	// Create adds a record and returns its version. ErrAlreadyExists comes with the version that exists, ErrWrongLeaseId
	// means that record.Lease is gone.
	Create(ctx context.Context, record Record) (Version, error)
	// Get returns a record or ErrNotFound.
	Get(ctx context.Context, key Key) (Record, error)
	// GetRange returns the records from startKey to endKey, both included, sorted and of one instant; a reversed range
	// is empty. Foreign keys that cannot be read as records are told in the error, beside the records that can. A range that
	// changes faster than it can be read is an error.
	GetRange(ctx context.Context, startKey, endKey Key) (Records, error)
	// CasByVersion replaces the value if the version still is record.Version, and returns the new version. The lease
	// stays. ErrNotFound (it never creates) or ErrWrongVersion.
	CasByVersion(ctx context.Context, record Record) (Version, error)
	// Delete removes a record, or answers ErrNotFound.
	Delete(ctx context.Context, key Key) error
	// WaitForVersionChange returns the record as soon as its version is not version; at once with ErrNotFound if there
	// is none; the zero Record without an error when it goes away during the wait (deleted, released or expired); and
	// ctx.Err() when ctx ends.
	WaitForVersionChange(ctx context.Context, key Key, version Version) (Record, error)
}

// Lessor grants leases (seed 004).
type Lessor interface {
	// NewLease grants a lease for ttl, counted by the server and rounded up to the millisecond. With keepAlive it is
	// prolonged until Release, the storage's Close or the end of the process, whatever becomes of ctx.
	NewLease(ctx context.Context, ttl time.Duration, keepAlive bool) (Lease, error)
	// GetLease finds a lease, whoever was granted it, or answers ErrWrongLeaseId.
	GetLease(lid LeaseId) (Lease, error)
}

// Lease is a span of time that records may depend on (seed 004).
type Lease interface {
	Id() LeaseId
	// TTL counts down to the deadline last heard of, and is 0 from there on.
	TTL() time.Duration
	// Release ends the lease and removes its records in one step. A lease that is gone is ErrWrongLeaseId.
	Release() error
}
