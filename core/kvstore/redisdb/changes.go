package redisdb

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// stand is where a database stands at one moment.
type stand struct {
	committed, applied, now uint64
	history, source         string
}

func (s *Store) stand(ctx context.Context, epoch string) (at stand, err error) {
	keys := []string{s.epochKey, s.seq, s.history, s.appliedKey, s.source}
	said, err := numbersScript.Query(ctx, s.c, keys, epoch).Slice()
	if err != nil {
		return stand{}, err
	}
	if at.committed, err = number("the change number", said[0]); err != nil {
		return stand{}, err
	}
	if at.applied, err = number("the applied number", said[2]); err != nil {
		return stand{}, err
	}
	at.history, _ = said[1].(string)
	at.source, _ = said[3].(string)
	at.now, err = number("the clock", said[4])
	return at, err
}

func (s *Store) latest(ctx context.Context) (stand, error) {
	epoch, end, err := s.begin()
	if err != nil {
		return stand{}, err
	}
	defer end()
	return s.stand(ctx, epoch)
}

// GetLatestCommittedChangeNumber is kvstore.ChangePropagator.
func (s *Store) GetLatestCommittedChangeNumber() (n uint64, err error) {
	return s.CommittedChange(context.Background())
}

// CommittedChange is GetLatestCommittedChangeNumber that ends with the context.
func (s *Store) CommittedChange(ctx context.Context) (n uint64, err error) {
	defer s.done("committed", time.Now(), &err)
	at, err := s.latest(ctx)
	return at.committed, s.fail("committed change", s.seq, err)
}

// GetLatestAppliedChangeNumber is kvstore.ChangeApplier.
func (s *Store) GetLatestAppliedChangeNumber() (n uint64, err error) {
	defer s.done("applied", time.Now(), &err)
	at, err := s.latest(context.Background())
	return at.applied, s.fail("applied change", s.appliedKey, err)
}

// History is kvstore.Historian.
func (s *Store) History() (history string, err error) {
	defer s.done("history", time.Now(), &err)
	at, err := s.latest(context.Background())
	return at.history, s.fail("history", s.history, err)
}

// AppliedHistory is kvstore.Historian.
func (s *Store) AppliedHistory() (history string, err error) {
	defer s.done("applied history", time.Now(), &err)
	at, err := s.latest(context.Background())
	return at.source, s.fail("applied history", s.source, err)
}

// maxLoad is how many entries of the log one trip fetches.
const maxLoad = 1000

// LoadChanges is kvstore.ChangePropagator. It fetches up to 1,000 changes a trip.
func (s *Store) LoadChanges(fromChangeNumber uint64, maxChanges int) (list []*kvstore.ChangeRecord, err error) {
	defer s.done("load", time.Now(), &err)
	return s.loadChanges(anyHistory, fromChangeNumber, maxChanges)
}

// LoadChangesOf is kvstore.Historian.
func (s *Store) LoadChangesOf(history string, fromChangeNumber uint64, maxChanges int) (list []*kvstore.ChangeRecord, err error) {
	defer s.done("load", time.Now(), &err)
	return s.loadChanges(history, fromChangeNumber, maxChanges)
}

func (s *Store) loadChanges(history string, from uint64, most int) (list []*kvstore.ChangeRecord, err error) {
	epoch, end, err := s.begin()
	if err != nil {
		return nil, s.fail("load changes", s.log, err)
	}
	defer end()
	list, err = s.loadAll(epoch, history, max(from, 1), most)
	return list, s.fail("load changes", s.log, err)
}

func (s *Store) loadAll(epoch, history string, from uint64, most int) (list []*kvstore.ChangeRecord, err error) {
	for most > 0 {
		some, last, err := s.loadSome(context.Background(), epoch, history, from, min(most, maxLoad))
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
		from += uint64(len(some))
		most -= len(some)
		if from > last || len(some) == 0 {
			break
		}
	}
	return list, nil
}

// loadSome fetches changes in one trip, and the number of the last there is.
func (s *Store) loadSome(ctx context.Context, epoch, history string, from uint64, most int) (list []*kvstore.ChangeRecord, last uint64, err error) {
	from = min(from, kvstore.MaxChangeNumber) // nothing is beyond, and Redis takes greater ids for time
	read, err := s.readLog(ctx, from, most)
	if err != nil {
		return nil, 0, err
	}
	if cmp.Or(read.epoch, "0") != epoch {
		return nil, 0, kvstore.ErrStale
	}
	if history != anyHistory && read.history != history {
		return nil, 0, fmt.Errorf("history %q, not %q: %w", read.history, history, kvstore.ErrHistory)
	}
	if read.seq != "" {
		if last, err = number("the change number", read.seq); err != nil {
			return nil, 0, err
		}
	}
	list = make([]*kvstore.ChangeRecord, 0, len(read.entries))
	for i := range read.entries {
		c := &read.entries[i].ChangeRecord
		if c.ChangeNumber != from+uint64(i) {
			return nil, 0, kvstore.ErrTrimmed
		}
		list = append(list, c)
	}
	if len(list) == 0 && from <= last {
		return nil, 0, kvstore.ErrTrimmed
	}
	return list, last, nil
}

// A pipeline of changes to apply, bounded.
const (
	maxSave   = 100
	saveBytes = 4 << 20
)

// anyHistory is what an identity never is: apply.lua takes it for whichever.
const anyHistory = "*"

// SaveChanges is kvstore.ChangeApplier. Each change is one script; up to 100 scripts share a round trip, and each of
// them runs only if the one before has.
func (s *Store) SaveChanges(changes []*kvstore.ChangeRecord) (last uint64, err error) {
	defer s.done("save", time.Now(), &err)
	return s.saveAll(anyHistory, changes)
}

// SaveChangesOf is kvstore.Historian.
func (s *Store) SaveChangesOf(history string, changes []*kvstore.ChangeRecord) (last uint64, err error) {
	defer s.done("save", time.Now(), &err)
	return s.saveAll(history, changes)
}

func (s *Store) saveAll(history string, changes []*kvstore.ChangeRecord) (last uint64, err error) {
	epoch, end, err := s.begin()
	if err != nil {
		return 0, s.fail("save changes", s.appliedKey, err)
	}
	defer end()
	at, err := s.stand(context.Background(), epoch)
	if err != nil {
		return 0, s.fail("save changes", s.appliedKey, err)
	}
	last = at.applied
	if history != anyHistory {
		if err := kvstore.CheckHistory(last, at.source, history); err != nil {
			return last, s.fail("save changes", s.source, err)
		}
	}
	w := writer{s, epoch, history}
	for len(changes) > 0 {
		n, size := 0, 0
		var refused error
		for n < min(len(changes), maxSave) && size < saveBytes {
			if refused = kvstore.CheckChange(changes[n]); refused != nil {
				break
			}
			for _, e := range changes[n].Trxns {
				size += len(e.Key) + len(e.Value)
			}
			n++
		}
		if last, err = w.save(changes[:n], last); err == nil {
			err = refused
		}
		if err != nil {
			return last, s.fail("save changes", s.appliedKey, err)
		}
		changes = changes[n:]
	}
	return last, nil
}

// writer applies changes of a master.
type writer struct {
	*Store
	epoch, history string
}

// save applies some changes and returns the number of the last one applied. What is sent together has no gap in it, so
// that after the first failure nothing else can be applied.
func (w writer) save(changes []*kvstore.ChangeRecord, last uint64) (_ uint64, err error) {
	for len(changes) > 0 && err == nil {
		if changes[0].ChangeNumber <= last {
			changes = changes[1:]
			continue
		}
		n := 1
		for n < len(changes) && changes[n].ChangeNumber == changes[n-1].ChangeNumber+1 {
			n++
		}
		last, err = w.pipeline(changes[:n], last)
		changes = changes[n:]
	}
	return last, err
}

// pipeline applies changes, at least one, whose numbers have no gap, in one trip but the first's.
func (w writer) pipeline(changes []*kvstore.ChangeRecord, last uint64) (uint64, error) {
	// The first one alone: it teaches the server the script, which a pipeline cannot.
	last, err := w.apply(changes[0], last)
	if err != nil || len(changes) == 1 {
		return last, err
	}
	cmds := make([]*redis.Cmd, len(changes)-1)
	err = conn.Pipeline(context.Background(), w.c, func(p redis.Pipeliner) {
		for i, c := range changes[1:] {
			keys, args := w.spell(w.epoch, w.call(c))
			cmds[i] = applyScript.Run(context.Background(), p, keys, args...)
		}
	})
	if err != nil {
		return last, err
	}
	for i, cmd := range cmds {
		got, expired, err := code(cmd)
		w.keepExpired(expired)
		switch {
		case err != nil && strings.HasPrefix(err.Error(), "NOSCRIPT"), // forgotten meanwhile; not run
			err == nil && got == tooEarly: // the one before was sent a second time
			last, err = w.apply(changes[i+1], last)
		default:
			last, err = result(got, err, changes[i+1], last)
		}
		if err != nil {
			return last, err
		}
	}
	return last, nil
}

func (w writer) call(c *kvstore.ChangeRecord) call {
	return call{effects: c.Trxns, keys: []string{w.appliedKey, w.source}, args: []any{c.ChangeNumber, w.history}}
}

// apply applies one change.
func (w writer) apply(c *kvstore.ChangeRecord, last uint64) (uint64, error) {
	got, err := w.run(context.Background(), applyScript, w.epoch, w.call(c))
	return result(got, err, c, last)
}

// What apply.lua returns for a change that it does not apply.
const (
	tooEarly = -1
	another  = -2
)

// result is what the code of apply.lua means.
func result(code int64, err error, c *kvstore.ChangeRecord, last uint64) (uint64, error) {
	switch {
	case err != nil:
		err = meaning(err)
	case code == tooEarly:
		err = kvstore.ErrGap
	case code == another:
		err = kvstore.ErrHistory
	default:
		return max(last, c.ChangeNumber), nil
	}
	return last, conn.Fail("change "+strconv.FormatUint(c.ChangeNumber, 10), "", err)
}
