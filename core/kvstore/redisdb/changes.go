package redisdb

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// stand is where a database stands at one moment.
type stand struct{ committed, applied, now uint64 }

func (s *Store) stand(epoch string) (at stand, err error) {
	said, err := numbersScript.Run(context.Background(), s.c, []string{s.epochKey, s.seq, s.appliedKey}, epoch).Slice()
	if err != nil {
		return stand{}, err
	}
	if at.committed, err = number("the change number", said[0]); err != nil {
		return stand{}, err
	}
	if at.applied, err = number("the applied number", said[1]); err != nil {
		return stand{}, err
	}
	at.now, err = number("the clock", said[2])
	return at, err
}

func (s *Store) latest() (stand, error) {
	epoch, end, err := s.begin()
	if err != nil {
		return stand{}, err
	}
	defer end()
	return s.stand(epoch)
}

// GetLatestCommittedChangeNumber is kvstore.ChangePropagator.
func (s *Store) GetLatestCommittedChangeNumber() (n uint64, err error) {
	defer s.done("committed", time.Now(), &err)
	at, err := s.latest()
	return at.committed, s.fail("committed change", s.seq, err)
}

// GetLatestAppliedChangeNumber is kvstore.ChangeApplier.
func (s *Store) GetLatestAppliedChangeNumber() (n uint64, err error) {
	defer s.done("applied", time.Now(), &err)
	at, err := s.latest()
	return at.applied, s.fail("applied change", s.appliedKey, err)
}

// loadMost is how many entries of the log one trip fetches.
const loadMost = 1000

// LoadChanges is kvstore.ChangePropagator. It fetches up to 1,000 changes a trip.
func (s *Store) LoadChanges(fromChangeNumber uint64, maxChanges int) (list []*kvstore.ChangeRecord, err error) {
	defer s.done("load", time.Now(), &err)
	epoch, end, err := s.begin()
	if err != nil {
		return nil, s.fail("load changes", s.log, err)
	}
	defer end()
	list, err = s.loadAll(epoch, max(fromChangeNumber, 1), maxChanges)
	return list, s.fail("load changes", s.log, err)
}

func (s *Store) loadAll(epoch string, from uint64, most int) (list []*kvstore.ChangeRecord, err error) {
	for most > 0 {
		some, last, err := s.loadSome(epoch, from, min(most, loadMost))
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

// loadSome fetches changes in one trip, and the number of the last there is. Epoch, number and log are of one moment.
func (s *Store) loadSome(epoch string, from uint64, most int) (list []*kvstore.ChangeRecord, last uint64, err error) {
	if from > kvstore.MaxChangeNumber {
		from = kvstore.MaxChangeNumber // nothing is there, and Redis takes greater ids for time
	}
	var now, seq *redis.StringCmd
	ctx := context.Background()
	log := redis.NewRawCmd(ctx, "xrange", s.log, strconv.FormatUint(from, 10)+"-0", "+", "count", most)
	_, err = s.c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		now, seq = p.Get(ctx, s.epochKey), p.Get(ctx, s.seq)
		return p.Process(ctx, log)
	})
	for _, e := range []error{now.Err(), seq.Err(), log.Err()} {
		if e != nil && e != redis.Nil {
			return nil, 0, e
		}
	}
	if err != nil && err != redis.Nil {
		return nil, 0, err
	}
	if got := now.Val(); got != epoch && !(got == "" && epoch == "0") {
		return nil, 0, kvstore.ErrStale
	}
	if text := seq.Val(); text != "" {
		if last, err = number("the change number", text); err != nil {
			return nil, 0, err
		}
	}
	made, err := readLog(log.Val())
	if err != nil {
		return nil, 0, err
	}
	list = make([]*kvstore.ChangeRecord, 0, len(made))
	for i := range made {
		c := &made[i].ChangeRecord
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
	saveMost  = 100
	saveBytes = 4 << 20
)

// SaveChanges is kvstore.ChangeApplier. Each change is one script; up to 100 scripts share a round trip, and each of
// them runs only if the one before has.
func (s *Store) SaveChanges(changes []*kvstore.ChangeRecord) (last uint64, err error) {
	defer s.done("save", time.Now(), &err)
	epoch, end, err := s.begin()
	if err != nil {
		return 0, s.fail("save changes", s.appliedKey, err)
	}
	defer end()
	at, err := s.stand(epoch)
	if err != nil {
		return 0, s.fail("save changes", s.appliedKey, err)
	}
	last = at.applied
	for len(changes) > 0 {
		n, size := 0, 0
		var refused error
		for n < min(len(changes), saveMost) && size < saveBytes {
			if refused = kvstore.CheckChange(changes[n]); refused != nil {
				break
			}
			for _, e := range changes[n].Trxns {
				size += len(e.Key) + len(e.Value)
			}
			n++
		}
		if last, err = s.save(epoch, changes[:n], last); err == nil {
			err = refused
		}
		if err != nil {
			return last, s.fail("save changes", s.appliedKey, err)
		}
		changes = changes[n:]
	}
	return last, nil
}

// save applies some changes and returns the number of the last one applied. What is sent together has no gap in it, so
// that after the first failure nothing else can be applied.
func (s *Store) save(epoch string, changes []*kvstore.ChangeRecord, last uint64) (_ uint64, err error) {
	for len(changes) > 0 && err == nil {
		if changes[0].ChangeNumber <= last {
			changes = changes[1:]
			continue
		}
		n := 1
		for n < len(changes) && changes[n].ChangeNumber == changes[n-1].ChangeNumber+1 {
			n++
		}
		last, err = s.pipeline(epoch, changes[:n], last)
		changes = changes[n:]
	}
	return last, err
}

// pipeline applies changes, at least one, whose numbers have no gap, in one trip but the first's.
func (s *Store) pipeline(epoch string, changes []*kvstore.ChangeRecord, last uint64) (uint64, error) {
	// The first one alone: it teaches the server the script, which a pipeline cannot.
	last, err := s.apply(epoch, changes[0], last)
	if err != nil || len(changes) == 1 {
		return last, err
	}
	cmds := make([]*redis.Cmd, len(changes)-1)
	err = conn.Pipeline(context.Background(), s.c, func(p redis.Pipeliner) {
		for i, c := range changes[1:] {
			keys, args := s.applying(epoch, c)
			cmds[i] = applyScript.Run(context.Background(), p, keys, args...)
		}
	})
	if err != nil {
		return last, err
	}
	for i, cmd := range cmds {
		code, err := cmd.Int64()
		if err != nil && strings.HasPrefix(err.Error(), "NOSCRIPT") { // forgotten meanwhile; not run
			last, err = s.apply(epoch, changes[i+1], last)
		} else {
			last, err = result(code, err, changes[i+1], last)
		}
		if err != nil {
			return last, err
		}
	}
	return last, nil
}

// apply applies one change.
func (s *Store) apply(epoch string, c *kvstore.ChangeRecord, last uint64) (uint64, error) {
	keys, args := s.applying(epoch, c)
	code, err := applyScript.Run(context.Background(), s.c, keys, args...).Int64()
	return result(code, err, c, last)
}

// result is what the code of apply.lua means.
func result(code int64, err error, c *kvstore.ChangeRecord, last uint64) (uint64, error) {
	switch {
	case err != nil:
		return last, conn.Fail("change "+strconv.FormatUint(c.ChangeNumber, 10), "", meaning(err))
	case code < 0:
		return last, conn.Fail("change "+strconv.FormatUint(c.ChangeNumber, 10), "", kvstore.ErrGap)
	}
	return max(last, c.ChangeNumber), nil
}
