package kvstore

import (
	"crypto/rand"
	"fmt"

	"holdfast/core/conn"
)

// ErrHistory (returned wrapped) means that the master's changes belong to another history than those that the replica has
// applied: the database was flushed, restored or made anew, and its numbers say nothing about the replica's pairs.
var ErrHistory = conn.Precondition("the master has another history than the replica followed: start from a snapshot")

// MaxHistory is how long the identity of a history may be, in bytes.
const MaxHistory = 64

// NewHistory makes the identity of a new history.
func NewHistory() string { return rand.Text() }

// Historian is an engine whose histories can be told apart. A history is what change numbers count in. Its identity is
// random, made in the step that takes the first number (a change, or a restore into a database that never had one), and
// goes with the database's other keys or files: whatever deletes them ends the history. A restore over a database that had
// changes goes on in its history, because it takes a number that no follower has. The identity is empty before the first
// number, and stays so where that was taken before identities were kept.
//
// A snapshot carries both identities (SnapshotHeader). PutSnapshot stores History as the applied one and RestoreFrom
// AppliedHistory, as they do with the numbers.
type Historian interface {
	// History identifies the history of the database's own changes.
	History() (string, error)
	// LoadChangesOf is LoadChanges of that history alone: ErrHistory if the database has another one by now.
	LoadChangesOf(history string, fromChangeNumber uint64, maxChanges int) ([]*ChangeRecord, error)
	// AppliedHistory identifies the history of the master whose changes were applied. It is stored with the applied number.
	AppliedHistory() (string, error)
	// SaveChangesOf is SaveChanges of changes of that history, which it stores with the first of them: ErrHistory, and
	// nothing applied, if the database has applied changes and the stored identity differs, be it empty.
	SaveChangesOf(history string, changes []*ChangeRecord) (uint64, error)
}

// CheckHistory decides what Historian promises of SaveChangesOf: may a database that has applied changes up to a number of
// one history go on with another?
func CheckHistory(applied uint64, stored, offered string) error {
	if applied > 0 && stored != offered {
		return fmt.Errorf("%d changes of history %q applied, offered are those of %q: %w", applied, stored, offered, ErrHistory)
	}
	return nil
}

// loadChanges is LoadChangesOf where a master can tell its histories apart.
func loadChanges(from ChangePropagator, history string, number uint64, most int) ([]*ChangeRecord, error) {
	if h, is := from.(Historian); is {
		return h.LoadChangesOf(history, number, most)
	}
	return from.LoadChanges(number, most)
}

// saveChanges is SaveChangesOf where both sides can tell histories apart.
func saveChanges(from ChangePropagator, to ChangeApplier, history string, changes []*ChangeRecord) (uint64, error) {
	_, told := from.(Historian)
	if h, is := to.(Historian); told && is {
		return h.SaveChangesOf(history, changes)
	}
	return to.SaveChanges(changes)
}
