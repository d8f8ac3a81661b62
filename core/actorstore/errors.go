package actorstore

import (
	"fmt"

	"holdfast/core/actorstore/internal/sentinel"
)

// The sentinels of this package. All come wrapped in a *conn.OpError that names the operation and the key: test for them with
// errors.Is, not with ==. After each of them nothing was written.
var (
	// ErrNotFound, wrapped (errors.Is): there is no such actor, worker or lock.
	ErrNotFound = sentinel.ErrNotFound
	// ErrAlreadyExists, wrapped (errors.Is): a create met a key that is taken.
	ErrAlreadyExists = sentinel.ErrAlreadyExists
	// ErrPersistenceRetry, wrapped (errors.Is): the stored version is not the expected one; read again and retry.
	ErrPersistenceRetry = sentinel.ErrPersistenceRetry
	// ErrFailedPrecondition, wrapped (errors.Is): an immutable field differs, the actor is not suspended, the lock is
	// another's, the worker is busy.
	ErrFailedPrecondition = sentinel.ErrFailedPrecondition
	// ErrInvalid, wrapped (errors.Is): an argument that cannot be stored; nothing was sent.
	ErrInvalid = sentinel.ErrInvalid
	// ErrBadRecord, wrapped (errors.Is): what is stored is not what this package reads (foreign key, wrong type, malformed
	// document).
	ErrBadRecord = sentinel.ErrBadRecord
)

// BadRecords is the error of a listing that met records it cannot read; the good ones are returned beside it. Each
// element is a *conn.OpError that names its key and is an ErrBadRecord.
type BadRecords []error

func (b BadRecords) Error() string {
	if len(b) == 1 {
		return b[0].Error()
	}
	return fmt.Sprintf("%d unreadable records, the first: %v", len(b), b[0])
}

// Unwrap lets errors.Is and errors.As see each record's error.
func (b BadRecords) Unwrap() []error { return b }

// orNil is the listing's error: none when no record was bad.
func (b BadRecords) orNil() error {
	if len(b) == 0 {
		return nil
	}
	return b
}

// ErrUnreadMember, wrapped (errors.Is), refuses to act on a document that has a member which this package does not read and which could carry
// an assignment or a state, or that is of a newer layout which it only reads. It comes with ErrFailedPrecondition.
var ErrUnreadMember = sentinel.ErrUnreadMember
