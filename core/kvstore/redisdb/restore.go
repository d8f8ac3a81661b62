package redisdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// A restore never blocks the server for long and never shows a mixture of two states:
//
//  1. the snapshot is verified as a whole in a temporary file, and staged in a list beside the database, which stays as
//     it is; what is staged ends by itself in an hour if nobody goes on;
//  2. one script decides (commit.lua): numbers, an empty log, and an epoch that no handle knows, so that all answer
//     ErrStale. A crash before leaves the old state whole, a crash from here on leaves the new one to be finished;
//  3. small scripts (adopt.lua) put the staged pairs in the place of the old ones. Whoever opens the database first
//     finishes that. Until then it takes the memory of both states.

// Bounds of the scripts that restore, and of the life of what was staged.
const (
	stagePairs = 500
	stageBytes = 1 << 20
	stageLife  = time.Hour
)

// PutSnapshot is kvstore.KVStore. It spools to a temporary file; other handles on this database answer ErrStale after
// it. A transport error in its last steps leaves open whether the snapshot took the state's place: opening the
// database again tells, and finishes it.
func (s *Store) PutSnapshot(r io.ReadCloser) (err error) {
	defer s.done("put snapshot", time.Now(), &err)
	const op = "put snapshot"
	if r == nil {
		return s.fail(op, s.base, fmt.Errorf("%w: there is nothing to read", kvstore.ErrSnapshot))
	}
	defer r.Close()
	if _, err := s.now(); err != nil { // before anything is read
		return s.fail(op, s.base, err)
	}
	v, err := kvstore.OpenSnapshot(r, "")
	if err != nil {
		return s.fail(op, s.base, err)
	}
	defer v.Close()
	token, items, err := s.stage(context.Background(), v, func(uint64) {})
	if err != nil {
		return s.fail(op, s.base, err)
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.closed {
		return s.fail(op, s.base, kvstore.ErrClosed) // what is staged ends by itself
	}
	epoch, err := s.replace(context.Background(), s.epoch, load{token, items, v.Change, v.Change, v.History}, anything)
	if err == nil {
		s.epoch = epoch
	}
	return s.fail(op, s.base, err)
}

// BackupTo is kvstore.Backupable: one file in the snapshot format.
func (s *Store) BackupTo(path string) (err error) {
	defer s.done("backup", time.Now(), &err)
	r, err := s.GetSnapshot()
	if err != nil {
		return err
	}
	defer r.Close()
	return s.fail("back up", s.base, kvstore.WriteBackup(path, r))
}

// RestoreFrom is kvstore.Backupable. What it returns is one new Store, to be closed besides this one.
func (s *Store) RestoreFrom(path string) (kvstore.KVStore, kvstore.Backupable, kvstore.ChangePropagator, kvstore.ChangeApplier, error) {
	restored, err := s.restore(path)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	return restored, restored, restored, restored, nil
}

func (s *Store) restore(path string) (restored *Store, err error) {
	defer s.done("restore", time.Now(), &err)
	const op = "restore"
	if _, err := s.now(); err != nil {
		return nil, s.fail(op, s.base, err)
	}
	v, err := kvstore.OpenSnapshotFile(path)
	if err != nil {
		return nil, s.fail(op, s.base, err)
	}
	defer v.Close()
	restored, err = s.become(context.Background(), v, anything, func(uint64) {})
	return restored, s.fail(op, s.base, err)
}

// Restore is RestoreFrom for somebody who waits: it takes a backup that was verified, tells how many of its pairs the
// server has, and ends with the context as long as nothing was decided. It replaces what is there only where it is told
// to; else a database that ever had a change is kvstore.ErrNotEmpty, decided by the server in the moment it matters.
func (s *Store) Restore(ctx context.Context, v *kvstore.VerifiedSnapshot, replace bool, staged func(pairs uint64)) (restored *Store, err error) {
	defer s.done("restore", time.Now(), &err)
	over := nothing
	if replace {
		over = anything
	}
	restored, err = s.become(ctx, v, over, staged)
	return restored, s.fail("restore", s.base, err)
}

// become makes the database what a backup holds, over what it may hold, and returns its new handle.
func (s *Store) become(ctx context.Context, v *kvstore.VerifiedSnapshot, over string, staged func(uint64)) (*Store, error) {
	if over == nothing { // so that nobody waits for a refusal; the script has the last word
		switch at, err := s.latest(ctx); {
		case err != nil:
			return nil, err
		case at.committed > 0:
			return nil, kvstore.ErrNotEmpty
		}
	}
	token, items, err := s.stage(ctx, v, staged)
	if err != nil {
		return nil, err
	}
	from, end, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	epoch, err := s.replace(ctx, from, load{token, items, v.Change, v.Applied, v.AppliedHistory}, over)
	if err != nil {
		return nil, err
	}
	restored := &Store{space: s.space, db: s.db, c: s.c, retain: s.retain, begins: s.begins, stat: s.stat, epoch: epoch}
	restored.forget = s.stat.Watch(engine, s.db, restored)
	return restored, nil
}

// stage puts a verified snapshot beside the database, and returns the token of its list and the list's length.
func (s *Store) stage(ctx context.Context, v *kvstore.VerifiedSnapshot, staged func(pairs uint64)) (token string, items int64, err error) {
	if max(v.Change, v.Applied) > kvstore.MaxChangeNumber {
		return "", 0, fmt.Errorf("%w: its change number is %d", kvstore.ErrSnapshot, max(v.Change, v.Applied))
	}
	token = rand.Text()
	list := s.load(token)
	defer func() {
		if err != nil {
			_ = lasting(ctx, func(ctx context.Context) error { return conn.Once(ctx, s.c, "UNLINK", list).Err() }) // or it ends by itself
		}
	}()
	args, size := []any{stageLife.Milliseconds()}, 0
	for {
		p, err := v.Next()
		if err != nil && err != io.EOF {
			return "", 0, err
		}
		if err == nil {
			if p.ExpireTS > kvstore.MaxExpireTS {
				return "", 0, fmt.Errorf("%w: key %q: %w", kvstore.ErrSnapshot, p.Key, kvstore.ErrExpireTS)
			}
			args = append(args, filled(p.Key), filled(p.Value), p.ExpireTS)
			size += len(p.Key) + len(p.Value)
		}
		if len(args) > 1 && (err == io.EOF || len(args) > 3*stagePairs || size >= stageBytes) {
			items += int64(len(args) - 1)
			n, err := stageScript.Run(ctx, s.c, []string{list}, args...).Int64()
			if err != nil {
				return "", 0, err
			}
			if n != items {
				return "", 0, errLost
			}
			staged(uint64(items) / 3)
			args, size = args[:1], 0
		}
		if err == io.EOF {
			return token, items, nil
		}
	}
}

// What a restore may replace, as commit.lua takes it.
const (
	anything = "1"
	nothing  = "0" // only a database that never had a change
)

var errLost = errors.New("what the restore has staged was removed meanwhile")

// load is a snapshot that the server has, and the numbers that go with it.
type load struct {
	token           string
	items           int64
	change, applied uint64
	source          string // the history that applied counts in
}

// replace decides the restore, carries it out and returns the new epoch.
func (s *Store) replace(ctx context.Context, epoch string, with load, over string) (string, error) {
	n, err := strconv.ParseUint(epoch, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%w: the epoch is %q", errMalformed, epoch)
	}
	next := strconv.FormatUint(n+1, 10) + "-" + with.token
	keys := []string{s.epochKey, s.seq, s.appliedKey, s.log, s.ix, s.exp, s.load(with.token), s.replicas, s.history, s.source}
	err = lasting(ctx, func(ctx context.Context) error {
		return commitScript.Run(ctx, s.c, keys, epoch, next, with.items, with.change, with.applied, with.source, over, kvstore.NewHistory()).Err()
	})
	if err != nil {
		if refused(err) {
			_ = lasting(ctx, func(ctx context.Context) error { return conn.Once(ctx, s.c, "UNLINK", s.load(with.token)).Err() })
		}
		switch word, _, _ := strings.Cut(err.Error(), " "); word {
		case "LOST":
			err = errLost
		case "FULL":
			err = kvstore.ErrNotEmpty
		}
		return "", err
	}
	return s.finish(ctx, next)
}

// finish carries on a restore that was decided, if there is one, and returns the epoch it ends with.
func (s *Store) finish(ctx context.Context, epoch string) (string, error) {
	var next []string // the keys that are dealt with next, as the step before named them
	for {
		at := strings.IndexAny(epoch, "-+")
		if at < 0 {
			return epoch, nil
		}
		keys := []string{s.epochKey, s.ix, s.exp, s.load(epoch[at+1:])}
		for _, key := range next {
			keys = append(keys, s.key([]byte(key)))
		}
		var said []string
		err := lasting(ctx, func(ctx context.Context) (err error) {
			said, err = adoptScript.Run(ctx, s.c, keys, epoch, s.data, stagePairs, stageBytes).StringSlice()
			return err
		})
		if err != nil {
			return "", meaning(err)
		}
		epoch, next = said[0], said[1:]
	}
}

// grace is how long a step may take that should not be left undone when its context ends.
const grace = 30 * time.Millisecond

// lasting runs a step of what was decided. A server that answers is not left in the midst of it when the context ends; one
// that does not is given up, and who opens the database next goes on.
func lasting(ctx context.Context, step func(context.Context) error) error {
	if ctx == nil {
		return step(ctx) // which says so
	}
	on, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	err := step(on)
	if on.Err() != nil && errors.Is(err, on.Err()) {
		return ctx.Err()
	}
	return err
}
