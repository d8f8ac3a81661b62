package record

import (
	"context"
	"errors"
	"time"

	"holdfast/core/conn"
)

// WaitForVersionChange is Storage.WaitForVersionChange. It outlives outages of the server that begin after it has found
// the record. All waits of a storage share one subscription and one slow poll; after Close they end with ErrClosed.
//
// Users under an ACL need the channels of the prefix (&rec:*) beside its keys: without them waits go by the poll alone.
// Several changes in quick succession may be seen as one: what is returned is the record as it is now.
func (s *RedisStorage) WaitForVersionChange(ctx context.Context, key Key, version Version) (Record, error) {
	if err := check(ctx, key); err != nil {
		return Record{}, conn.Fail("record: wait", s.base, err)
	}
	r, changed, err := s.changed(ctx, key, version)
	if changed || err != nil {
		return r, err
	}
	w, err := s.watch.join(key)
	if err != nil {
		return Record{}, conn.Fail("record: wait", s.record(key), err)
	}
	defer s.watch.leave(w)
	for {
		// Asked again after joining: whatever changes after this reading wakes w.
		r, changed, err := s.changed(ctx, key, version)
		var again <-chan time.Time
		switch {
		case errors.Is(err, ErrNotFound):
			return Record{}, nil
		case err != nil && conn.Unreachable(err):
			again = time.After(maxRetry)
		case changed || err != nil:
			return r, err
		}
		select {
		case <-w.wake:
		case <-again:
		case <-ctx.Done():
			return Record{}, ctx.Err()
		case <-s.life.Done():
			return Record{}, conn.Fail("record: wait", s.record(key), ErrClosed)
		}
	}
}

// changed tells whether the record exists with another version. An ended context is told as such, whatever it did to
// the reading.
func (s *RedisStorage) changed(ctx context.Context, key Key, version Version) (Record, bool, error) {
	r, err := s.Get(ctx, key)
	if ctx.Err() != nil {
		return Record{}, false, ctx.Err()
	}
	if err != nil || r.Version == version {
		return Record{}, false, err
	}
	return r, true, nil
}
