// Package redisdb is the engine of core/kvstore on Redis: databases that many processes share and the dashboard shows
// live. Here are its key layout, its scripts and the rows of all databases; what a store promises is said in
// core/kvstore, and the snapshot format is there, too.
//
// Every mutation is one script over data, index, sequence and log, in one round trip, at most once. What is acknowledged
// is as durable as the server makes it (appendonly with fsync always loses nothing; a failover to a replica that lagged
// forgets). A transport error leaves open whether a mutation ran.
package redisdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb/internal/logentry"
)

// Options of a Store; the zero value is what most callers want.
type Options struct {
	// Prefix comes before the database in every key; empty means "kv:".
	Prefix string
	// Retain is how many changes the log keeps at least, and at most some hundred more; 0 means all of them, which on a
	// busy database fills the server's memory. Every handle trims by its own value, and those with 0 do not.
	Retain int64
	// Stat counts the calls; nil counts nothing.
	Stat *kvstore.Stat
}

// Errors of this engine besides those of core/kvstore, returned wrapped as those: test with errors.Is, never with ==.
var (
	ErrBadArgument = errors.New("bad argument")
	ErrNotFound    = errors.New("no such key")
	ErrChanged     = conn.Precondition("the value of the key has changed")
	ErrExists      = conn.Precondition("the key already exists")
	ErrRestoring   = errors.New("the database is being restored")
	ErrFull        = errors.New("the server is out of memory (maxmemory): it takes no writes but deletions")
	errMalformed   = logentry.ErrMalformed
)

// Store is one database, and the kvstore.Engine on it (seed 003). It is safe for concurrent use and runs no goroutines.
type Store struct {
	space
	db     string
	c      redis.UniversalClient
	retain int64
	begins string // what the identity of a history begins with that this handle begins
	stat   *kvstore.Stat
	forget func() // ends the collection of metrics

	expired atomic.Pointer[[]string] // keys of pairs to be taken out of the index by the next write

	turn   sync.RWMutex // calls hold it for reading; Close, and a snapshot of ours that takes the state's place, for writing
	epoch  string       // which state this handle is of
	closed bool
}

var (
	_ kvstore.Engine    = (*Store)(nil)
	_ kvstore.Historian = (*Store)(nil)
)

const engine = "redis"

// Open opens a database: any name but none (ErrBadArgument). It asks the server for the epoch of the database, and
// finishes a restore that somebody decided and did not survive. The client stays the caller's.
func Open(c redis.UniversalClient, db string, o Options) (*Store, error) {
	return OpenContext(context.Background(), c, db, o)
}

// OpenContext is Open that ends with the context. The calls of the Store that take none do not.
func OpenContext(ctx context.Context, c redis.UniversalClient, db string, o Options) (*Store, error) {
	const op = "kv: open"
	if conn.IsNil(c) {
		return nil, conn.Fail(op, db, fmt.Errorf("%w: nil client", ErrBadArgument))
	}
	if db == "" {
		return nil, conn.Fail(op, "", fmt.Errorf("%w: empty database name", ErrBadArgument))
	}
	if o.Retain < 0 {
		return nil, conn.Fail(op, db, fmt.Errorf("%w: a log of %d changes", ErrBadArgument, o.Retain))
	}
	s := &Store{
		space: newSpace(cmp.Or(o.Prefix, KeyPrefix.Usual), db), db: db, c: c,
		retain: o.Retain, begins: kvstore.NewHistory(), stat: o.Stat,
	}
	epoch, err := s.text(ctx, s.epochKey)
	if err == nil {
		s.epoch, err = s.finish(ctx, cmp.Or(epoch, "0"))
	}
	if err != nil {
		return nil, conn.Fail(op, s.epochKey, err)
	}
	s.forget = s.stat.Watch(engine, db, s)
	return s, nil
}

// Close ends the handle: it waits for running calls, and later ones answer ErrClosed. The client stays open.
func (s *Store) Close() error {
	s.forget() // first, because the collector may be waiting for a turn
	s.turn.Lock()
	defer s.turn.Unlock()
	s.closed = true
	return nil
}

// Database is the name the store was opened with.
func (s *Store) Database() string { return s.db }

// begin takes a turn and tells the epoch that the call is to be sent with. Unless the error is ErrClosed, end the turn.
//
// The interface gives calls no context: each command ends at the latest with the timeouts of the client.
func (s *Store) begin() (epoch string, end func(), err error) {
	s.turn.RLock()
	if s.closed {
		s.turn.RUnlock()
		return "", nil, kvstore.ErrClosed
	}
	return s.epoch, s.turn.RUnlock, nil
}

// now is begin for what is made of several calls and must not go on in another state than it began in.
func (s *Store) now() (epoch string, err error) {
	epoch, end, err := s.begin()
	if err == nil {
		end()
	}
	return epoch, err
}

// fail wraps what went wrong with an operation, in the words of core/kvstore.
func (s *Store) fail(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return conn.Fail("kv: "+op, key, meaning(err))
}

// meaning is the sentinel for what a script refused.
func meaning(err error) error {
	if _, said := errors.AsType[redis.Error](err); said {
		switch word, _, _ := strings.Cut(err.Error(), " "); word {
		case "STALE":
			return kvstore.ErrStale
		case "RESTORING":
			return ErrRestoring
		case "OOM":
			return ErrFull
		}
	}
	return err
}

// done notes a call in the statistics; deferred with the address of the error it will return.
func (s *Store) done(op string, start time.Time, err *error) { s.stat.Done(engine, op, start, *err) }
