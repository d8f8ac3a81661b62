// Package live is what the dashboard reads: it discovers keys, keeps typed rows of every kind current, and hands out
// immutable snapshots with what changed. It knows no kind itself; each primitive's package recognises and decodes its
// own keys through a Feed. Nothing here writes to the server.
package live

import (
	"context"
	"slices"
	"time"

	"holdfast/core/conn"
)

// Kind names one kind of row: the name of its view, such as "buffers".
type Kind string

// Row is one typed row. The value behind it never changes once it is in a snapshot.
type Row interface {
	ID() string     // unique in its kind, stable while the state lives
	Problem() error // why the record cannot be read; nil for a good row
}

// Source reads one kind of state; each primitive's package has one for each of its kinds. R is a pointer to its row.
type Source[R any] interface {
	// Patterns are the SCAN patterns under which the keys lie.
	Patterns() []string
	// Identify tells which row a raw key belongs to.
	Identify(key string) (id string, ok bool)
	// Read fetches rows in one trip. Missing rows are left out, bad ones carry their Problem. The error is a transport error only.
	Read(ctx context.Context, ids []string) ([]R, error)
	// Keys are the raw keys that may make up a row.
	Keys(id string) []string
	// Inspect fetches the whole content of a row.
	Inspect(ctx context.Context, id string) (body []byte, found bool, err error)
}

// comparableRow is a row that knows whether a later reading of it means a change.
type comparableRow[R any] interface {
	Row
	Equal(R) bool
}

// Beside its own methods a Source may tell that a row ends with a key that is not its own, and a row when it ends or
// changes by itself. Where pushes come such rows are read again in time; nothing else reads them.
type (
	dependent[R any] interface{ Needs(row R) (key string) } // empty: on none
	expirer          interface{ Deadline() time.Time }      // on our clock; zero: never
)

// A Source may tell the keys of documents that a row names in its content and that no kind lists, for its detail.
type relating interface {
	Related(id string, body []byte) (keys []string)
}

// sizing is a Source that tells how many bytes of content Inspect would read, or 0 where Inspect reads but the beginning of what
// is large. Of others the size is that of the row's strings and hashes.
type sizing interface {
	Size(ctx context.Context, id string) (int64, error)
}

// A Source may also tell what its rows weigh and in which group, for Table.Sum; and a row may take over from an earlier
// reading of it, before anybody else sees it, such as what only two readings can tell.
type (
	weighed[R any] interface {
		Weigh(row R) (group string, n int64)
	} // n >= 0
	follower[R any] interface{ Follow(old R) }
)

// Feed is a Source of any row type, as the model holds it.
type Feed struct {
	Kind     Kind
	patterns []string
	identify func(key string) (string, bool)
	read     func(ctx context.Context, ids []string) ([]Row, error)
	equal    func(a, b Row) bool
	keys     func(id string) []string
	inspect  func(ctx context.Context, id string) ([]byte, bool, error)
	size     func(ctx context.Context, id string) (int64, error) // nil: see sizing
	several  bool                                                // keys may make up one row
	needs    func(r Row) (key string)                            // nil: no row of the kind needs a key of another
	weigh    func(r Row) (group string, n int64)                 // nil: rows of the kind have no weight
	follow   func(old, r Row)                                    // nil: each reading stands for itself
	related  func(id string, body []byte) []string               // nil: rows of the kind name no other documents
}

// NewFeed makes a Feed: one line of the registry.
func NewFeed[R comparableRow[R]](kind Kind, s Source[R]) Feed {
	f := Feed{
		Kind: kind, patterns: s.Patterns(), identify: s.Identify, keys: s.Keys, inspect: s.Inspect,
		several: len(s.Keys("x")) > 1,
		read: func(ctx context.Context, ids []string) ([]Row, error) {
			typed, err := s.Read(ctx, ids)
			if err != nil {
				return nil, err
			}
			rows := make([]Row, len(typed))
			for i, r := range typed {
				if err := r.Problem(); err != nil && conn.NoAnswer(err) {
					return nil, err
				}
				rows[i] = r
			}
			return rows, nil
		},
		equal: func(a, b Row) bool { return a.(R).Equal(b.(R)) },
	}
	if d, is := s.(dependent[R]); is {
		f.needs = func(r Row) string { return d.Needs(r.(R)) }
	}
	if w, is := s.(weighed[R]); is {
		f.weigh = func(r Row) (string, int64) { return w.Weigh(r.(R)) }
	}
	if n, is := s.(sizing); is {
		f.size = n.Size
	}
	if n, is := s.(relating); is {
		f.related = n.Related
	}
	if _, is := any(*new(R)).(follower[R]); is {
		f.follow = func(old, r Row) { r.(follower[R]).Follow(old.(R)) }
	}
	return f
}

// slowTrip is when a deadline is too old as it arrives: rows count as equal when their deadlines are 500 ms apart.
const slowTrip = 400 * time.Millisecond

// readInTime reads once more what took so long that the deadlines in it are late by what the answer was on its way. If
// that happens again the line is slow, and it stays at that.
func (f Feed) readInTime(ctx context.Context, ids []string) ([]Row, error) {
	sent := time.Now()
	rows, err := f.read(ctx, ids)
	if err == nil && time.Since(sent) > slowTrip && slices.ContainsFunc(rows, hasDeadline) {
		return f.read(ctx, ids)
	}
	return rows, err
}

func hasDeadline(r Row) bool {
	m, is := r.(expirer)
	return is && !m.Deadline().IsZero()
}
