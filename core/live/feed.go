// Package live is what the dashboard reads: it discovers keys, keeps the rows of every kind current, and hands out
// immutable snapshots with what changed. It knows no kind itself: each is a kind.Kind, whose source recognises and decodes
// its own keys. Nothing here writes to the server.
package live

import (
	"context"
	"slices"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Row is one row as tables show it: a kind.Row, or one that a view derives. It never changes.
type Row interface {
	ID() string     // unique in its kind, stable while the state lives
	Problem() error // why the row is unreadable; nil for a good one
}

// feed is a kind as the model reads it.
type feed struct {
	kind.Kind
	several   bool                                                                                               // keys may make up one row
	size      func(ctx context.Context, id string) (int64, error)                                                // nil: see kind.Sizing
	page      func(ctx context.Context, id, from string) (body []byte, next, part string, found bool, err error) // nil: see kind.Paging
	related   func(id string, body []byte) []string                                                              // nil: rows of the kind name no other documents
	unwatched func(id string) bool                                                                               // nil: the server tells all changes
	collects  func(id string) bool                                                                               // nil: each ID is of one row
}

func newFeed(k kind.Kind) feed {
	f := feed{Kind: k, several: len(k.Source.Keys("x")) > 1}
	if s, is := k.Source.(kind.Sizing); is {
		f.size = s.Size
	}
	if r, is := k.Source.(kind.Relating); is {
		f.related = r.Related
	}
	if u, is := k.Source.(kind.Unwatched); is {
		f.unwatched = u.Unwatched
	}
	if p, is := k.Source.(kind.Paging); is {
		f.page = p.InspectPage
	}
	if c, is := k.Source.(kind.Collecting); is {
		f.collects, f.several = c.Collects, true
	}
	return f
}

// read reads rows; a server that answers nothing at all is an error, not a row's problem.
func (f feed) read(ctx context.Context, ids []string) ([]kind.Row, error) {
	rows, err := f.Source.Read(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if r.Bad() && conn.NoAnswer(r.Problem()) {
			return nil, r.Problem()
		}
	}
	return rows, nil
}

// slowTrip is when a deadline is too old as it arrives: rows count as the same when their deadlines differ by
// kind.DeadlineTolerance at most.
const slowTrip = kind.DeadlineTolerance - 100*time.Millisecond

// readInTime reads once more what took so long that the deadlines in it are late by what the answer was on its way. If
// that happens again the line is slow, and it stays at that.
func (f feed) readInTime(ctx context.Context, ids []string) ([]kind.Row, error) {
	sent := time.Now()
	rows, err := f.read(ctx, ids)
	ends := func(r kind.Row) bool { return !r.Deadline().IsZero() }
	if err == nil && time.Since(sent) > slowTrip && slices.ContainsFunc(rows, ends) {
		return f.read(ctx, ids)
	}
	return rows, err
}
