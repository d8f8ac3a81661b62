// Package kvstore is the key-value store with a change log (seed 003_28e7e80493a104cf): the interfaces, the plain types
// they speak in, iteration, the snapshot format and the file helpers. The engines have a folder each: redisdb keeps a
// database on a shared Redis, pebbledb on a local disk. Nothing here stores anything by itself.
package kvstore

import (
	"errors"
	"fmt"
	"io"

	"holdfast/core/conn"
)

// Bounds of a key, in bytes. There is no bound on values but the engine's.
const (
	MinKey = 1
	MaxKey = 64 << 10
)

// MaxExpireTS is the latest expiry of a pair: the last second of the year 9999. A greater number is not a time in
// seconds but a mistake, such as milliseconds.
const MaxExpireTS = 253402300799

// MaxChangeNumber is the last change number: what every engine and its scripts count exactly.
const MaxChangeNumber = 1<<53 - 1

// Errors of the engines, which return them wrapped with the operation and the key: test with errors.Is, never with ==. (The
// published package has none that is returned bare.)
var (
	ErrKey      = errors.New("a key must be 1 to 65536 bytes long")
	ErrExpireTS = errors.New("not an expiry in epoch seconds up to the year 9999")
	ErrStart    = errors.New("the start key lies outside the prefix")
	ErrSnapshot = errors.New("not a whole snapshot of this format")
	ErrVersion  = errors.New("a snapshot of a newer format")
	ErrExists   = errors.New("the path exists")
	ErrStale    = errors.New("the store was restored: open it again")
	ErrClosed   = errors.New("the store is closed")
	ErrTrimmed  = conn.Precondition("the changes asked for were trimmed from the log: start from a snapshot")
	ErrGap      = conn.Precondition("a change is missing before this one")
	ErrNotEmpty = conn.Precondition("the database is not empty")
	ErrChange   = errors.New("not a valid change record")
	ErrReplica  = errors.New("the name of a replica must be 1 to 256 bytes long")
)

// CheckKey is ErrKey unless a key is of a legal length.
func CheckKey(key []byte) error {
	if len(key) < MinKey || len(key) > MaxKey {
		return fmt.Errorf("key of %d bytes: %w", len(key), ErrKey)
	}
	return nil
}

// KVPair is a key with its value; a nil value is an empty one. ExpireTS is when it ends, in epoch seconds of the
// engine's clock: a pair is gone as soon as now >= ExpireTS; 0 means never. Expiry is no change: the log has none for it,
// and replicas expire by themselves. A pair put with an ExpireTS in the past is a change, after which the key is gone.
type KVPair struct {
	Key, Value []byte
	ExpireTS   uint64
}

// CompareAndSetRequest asks to set NewValue where Key has OldValue. A nil OldValue asks to create Key, which must not
// exist; an empty one that is not nil asks for an existing empty value.
type CompareAndSetRequest struct {
	Key, OldValue, NewValue []byte
	ExpireTS                uint64 // of the new pair, as in KVPair; 0: never
	KeepExpireTS            bool   // the pair keeps the expiry that it has, if any; ExpireTS must be 0 then
}

// Check is ErrKey or ErrExpireTS unless a request can be carried out.
func (r *CompareAndSetRequest) Check() error {
	if r == nil {
		return fmt.Errorf("%w: there is no request", ErrKey)
	}
	if r.KeepExpireTS && r.ExpireTS != 0 {
		return fmt.Errorf("%w: %d is asked for, and to keep the old one", ErrExpireTS, r.ExpireTS)
	}
	return (&TrxnRecord{Type: TrxnPut, Key: r.Key, ExpireTS: r.ExpireTS}).check()
}

// IterateRequest bounds an iteration; nil parts bound nothing.
type IterateRequest struct {
	KeyPrefix, StartKey []byte
}

// TrxnType is what a transaction record did.
type TrxnType uint8

// The kinds of transaction records. Their numbers are part of the stored and transported forms.
const (
	TrxnPut    TrxnType = 1
	TrxnDelete TrxnType = 2
)

// TrxnRecord is one effect of a change.
type TrxnRecord struct {
	Type     TrxnType
	Key      []byte
	Value    []byte // of a put
	ExpireTS uint64 // of a put
}

// ChangeRecord is one committed mutation with all its effects, to be applied in their order. Numbers start at 1 and have
// no gaps: a Put, a Delete of a key that was there, a CompareAndSet that was true and an applied change take one each.
type ChangeRecord struct {
	ChangeNumber uint64
	Trxns        []*TrxnRecord
}

// KVStore is one database (seed 003). All methods may be called concurrently.
type KVStore interface {
	io.Closer
	// Put stores all pairs or none, as one change with one effect for each key; the last of duplicate keys wins. A pair
	// without expiry clears an old one. No pairs: nothing happens. ErrKey, ErrExpireTS.
	Put(pairs ...*KVPair) error
	// Get returns the pairs of keys, with their expiry, in the order asked and as often as asked; missing and expired
	// ones are left out.
	Get(keys ...[]byte) ([]*KVPair, error)
	// Delete deletes a key; one that is not there is no error and no change.
	Delete(key []byte) error
	// GetSnapshot streams the whole state of one moment, in the format of this package.
	GetSnapshot() (io.ReadCloser, error)
	// PutSnapshot replaces the whole state by a snapshot. One that is not whole is an error and changes nothing. The
	// database is then a replica of where the snapshot comes from, as far as the snapshot's change number, which
	// GetLatestAppliedChangeNumber returns. It closes the reader.
	//
	// A replacement cannot be told as a record of the log. It takes the number max(snapshot's, own + 1), and the log
	// begins after it: whoever follows this database gets ErrTrimmed, never a history that does not lead to the state.
	PutSnapshot(io.ReadCloser) error
	// Iterate walks the pairs in the order of their keys; nil options mean all. A start outside the prefix is ErrStart.
	Iterate(IterationOptions) Iterator
	// CompareAndSet sets a key if it has the expected value and tells whether it did. False changes nothing. ErrKey,
	// ErrExpireTS.
	CompareAndSet(request *CompareAndSetRequest) (bool, error)
}

// Backupable is a store that can be copied to and from the file system (seed 003).
type Backupable interface {
	// BackupTo writes the entire state to a path, which must not exist (ErrExists).
	BackupTo(path string) error
	// RestoreFrom replaces the entire state by a backup and returns the newly restored store. Handles from before
	// answer ErrStale. It numbers and trims as PutSnapshot does, but the applied number is the one that the backed up
	// database had: this is that database again, not a replica of it. A failure leaves the old handles at work.
	RestoreFrom(path string) (KVStore, Backupable, ChangePropagator, ChangeApplier, error)
}

// ChangePropagator is the master's side of replication (seed 003). If the latest number is below the number that a
// replica has applied, the replica followed another history, and only a snapshot repairs that.
type ChangePropagator interface {
	// GetLatestCommittedChangeNumber is 0 before the first change.
	GetLatestCommittedChangeNumber() (uint64, error)
	// LoadChanges returns changes from a number up (0 is as 1), contiguous, at most maxChanges; none past the end or
	// where maxChanges <= 0. A number that the log no longer has is ErrTrimmed.
	LoadChanges(fromChangeNumber uint64, maxChanges int) ([]*ChangeRecord, error)
}

// ChangeApplier is the replica's side of replication (seed 003).
type ChangeApplier interface {
	// GetLatestAppliedChangeNumber is the master's number of the last change applied; 0 before the first.
	GetLatestAppliedChangeNumber() (uint64, error)
	// SaveChanges applies changes in order and returns the number of the last one applied, now or before. Those applied
	// before are skipped; a gap is ErrGap, a record that is not valid ErrChange or ErrKey; the first failure ends it.
	// Each change also takes the next number of the replica's own log, which counts apart from the master's.
	SaveChanges(changes []*ChangeRecord) (uint64, error)
}

// Engine is all that an engine does.
type Engine interface {
	KVStore
	Backupable
	ChangePropagator
	ChangeApplier
}
