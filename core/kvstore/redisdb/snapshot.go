package redisdb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"holdfast/core/kvstore"
)

// GetSnapshot is kvstore.KVStore. Nothing is blocked while it is taken: the pages of a walk, each of another moment,
// and after each the changes since the walk began are spooled to temporary files; together they are the state at the
// last of these changes. Memory holds only the keys that changed meanwhile. A log that is trimmed faster than it is read
// here is ErrTrimmed. Closing the reader removes the files.
func (s *Store) GetSnapshot() (io.ReadCloser, error) {
	return s.Snapshot(context.Background(), func(uint64) {})
}

// Snapshot is GetSnapshot for somebody who waits: it ends with the context, and tells after each page how many pairs it
// has walked over.
func (s *Store) Snapshot(ctx context.Context, walked func(pairs uint64)) (_ io.ReadCloser, err error) {
	defer s.done("snapshot", time.Now(), &err)
	m := &merge{changed: map[string]place{}}
	header, err := s.spool(ctx, m, walked)
	if err != nil {
		m.Close()
		return nil, s.fail("get snapshot", s.base, err)
	}
	return kvstore.NewSnapshotStream(header, m), nil
}

// spool fills m and says which moment it shows.
func (s *Store) spool(ctx context.Context, m *merge, walked func(uint64)) (h kvstore.SnapshotHeader, err error) {
	if err := m.create(); err != nil {
		return h, err
	}
	epoch, err := s.now()
	if err != nil {
		return h, err
	}
	buf := bufio.NewWriterSize(m.walk, 256<<10)
	w, err := kvstore.NewSnapshotWriter(buf, h)
	if err != nil {
		return h, err
	}
	var seen, pairs uint64 // the change up to which m.changed has all of them; how many the walk has met
	walk := s.walk(epoch, "-", "+")
	for first := true; !walk.over; first = false {
		p, err := walk.next(ctx, pageKeys)
		if err != nil {
			return h, err
		}
		if first {
			seen = p.change
		}
		for _, pair := range p.pairs {
			if err := w.Add(pair); err != nil {
				return h, err
			}
		}
		if seen, err = s.follow(ctx, m, epoch, seen, p.change); err != nil {
			return h, err
		}
		pairs += uint64(len(p.pairs))
		walked(pairs)
	}
	if err := errors.Join(w.Close(), buf.Flush()); err != nil {
		return h, err
	}
	end, err := s.stand(ctx, epoch)
	if err != nil {
		return h, err
	}
	if _, err := s.follow(ctx, m, epoch, seen, end.committed); err != nil {
		return h, err
	}
	m.now = end.now
	h = kvstore.SnapshotHeader{Change: end.committed, Applied: end.applied, History: end.history, AppliedHistory: end.source}
	return h, m.rewind()
}

// follow spools the changes after seen, up to the number given, and returns that.
func (s *Store) follow(ctx context.Context, m *merge, epoch string, seen, to uint64) (uint64, error) {
	for seen < to {
		list, _, err := s.loadSome(ctx, epoch, anyHistory, seen+1, int(min(to-seen, maxLoad)))
		if err != nil {
			return seen, err
		}
		for _, c := range list {
			for _, e := range c.Trxns {
				if err := m.note(e); err != nil {
					return seen, err
				}
			}
		}
		seen += uint64(len(list))
	}
	return seen, nil
}

// place is where the last effect on a key lies in the file of effects.
type place struct {
	offset  int64
	size    int
	expires uint64
	deleted bool
}

// merge is the iterator over what was spooled: the walk, where nothing changed meanwhile, and the last effect on each
// key, where something did. Pairs that had ended at the moment of the snapshot are left out.
type merge struct {
	walk, effects *kvstore.Scratch
	changed       map[string]place
	written       int64 // bytes of effects
	now           uint64

	from *kvstore.SnapshotReader
	keys []string        // of changed, sorted, still to come
	base *kvstore.KVPair // of the walk, still to come; nil at its end
	next *kvstore.KVPair // what Next returns; nil if it is not known yet
	err  error
}

func (m *merge) create() (err error) {
	if m.walk, err = kvstore.CreateScratch("", "kv-walk-"); err != nil {
		return err
	}
	m.effects, err = kvstore.CreateScratch("", "kv-changes-")
	return err
}

func (m *merge) note(e *kvstore.TrxnRecord) error {
	p := place{offset: m.written, size: len(e.Value), expires: e.ExpireTS, deleted: e.Type == kvstore.TrxnDelete}
	m.changed[string(e.Key)] = p
	n, err := m.effects.Write(e.Value)
	m.written += int64(n)
	return err
}

func (m *merge) rewind() (err error) {
	m.keys = slices.Sorted(maps.Keys(m.changed))
	if _, err = m.walk.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if m.from, err = kvstore.NewSnapshotReader(m.walk); err != nil {
		return err
	}
	return m.advance()
}

// advance reads the next pair of the walk.
func (m *merge) advance() (err error) {
	if m.base, err = m.from.Next(); err == io.EOF {
		return nil
	}
	return err
}

func (m *merge) HasNext() bool {
	for m.next == nil && m.err == nil && (m.base != nil || len(m.keys) > 0) {
		m.next, m.err = m.step()
		if m.next != nil && m.next.ExpireTS != 0 && m.next.ExpireTS <= m.now {
			m.next = nil
		}
	}
	return m.next != nil
}

// step takes the lesser key of both sides; nil where it was deleted.
func (m *merge) step() (*kvstore.KVPair, error) {
	if len(m.keys) == 0 || (m.base != nil && string(m.base.Key) < m.keys[0]) {
		p := m.base
		return p, m.advance()
	}
	key := m.keys[0]
	m.keys = m.keys[1:]
	if m.base != nil && bytes.Equal(m.base.Key, []byte(key)) {
		if err := m.advance(); err != nil {
			return nil, err
		}
	}
	p := m.changed[key]
	if p.deleted {
		return nil, nil
	}
	value := make([]byte, p.size)
	if _, err := m.effects.ReadAt(value, p.offset); err != nil {
		return nil, err
	}
	return &kvstore.KVPair{Key: []byte(key), Value: value, ExpireTS: p.expires}, nil
}

func (m *merge) Next() *kvstore.KVPair {
	if !m.HasNext() {
		return nil
	}
	p := m.next
	m.next = nil
	return p
}

func (m *merge) Err() error { return m.err }

// Close frees the files.
func (m *merge) Close() (err error) {
	for _, f := range []*kvstore.Scratch{m.walk, m.effects} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	m.walk, m.effects = nil, nil
	m.keys, m.base, m.next = nil, nil, nil
	return err
}
