package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
	"holdfast/core/kvstore/redisdb"
	"holdfast/tui"
)

// replicate keeps a replica of a KV database in a folder until it is interrupted.
func (o options) replicate(ctx context.Context, _ []string, _ io.Writer) error {
	for name, value := range map[string]string{"from": o.from, "db": o.db, "to": o.to} {
		if value == "" {
			return fmt.Errorf("%w: replicate needs --from, --db and --to; --%s is missing", errUsage, name)
		}
	}
	name, err := o.replicaName()
	if err != nil {
		return fmt.Errorf("%w: --name: %w", errUsage, err)
	}
	o.name, o.urls = name, []string{o.from}
	return o.with(ctx, func(c *core.Core) error {
		err := o.replicateTo(ctx, c)
		if ctx.Err() != nil { // it was to go on until it is interrupted
			return nil
		}
		return fmt.Errorf("replicate %q to %s: %w", o.db, o.to, err)
	})
}

// replicaName is what the replica reports itself as; empty if it is to write nothing.
func (o options) replicaName() (string, error) {
	if o.readOnly {
		return "", nil
	}
	name := o.name
	if name == "" {
		folder, err := filepath.Abs(o.to)
		if err != nil {
			return "", err
		}
		host, err := os.Hostname()
		if err != nil {
			host = "unknown host"
		}
		name = host + ":" + filepath.Base(folder)
		name = name[:min(len(name), kvstore.MaxReplicaName)]
	}
	return name, kvstore.CheckReplicaName(name)
}

func (o options) replicateTo(ctx context.Context, c *core.Core) (err error) {
	to, err := openReplica(o.to, o.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	told := &lag{w: o.stderr, meter: newMeter(o.stderr, "replica of "+o.db), db: o.db, every: o.refresh}
	defer told.meter.end()
	for {
		err := o.follow(ctx, c, to, told)
		switch {
		case errors.Is(err, kvstore.ErrStale): // the source was restored: open it again
		case conn.Unreachable(err) || conn.Moving(err): // while it was opened or read as a whole; changes are asked for again by themselves
			applied, _ := to.GetLatestAppliedChangeNumber()
			told.report(kvstore.Progress{Applied: applied, Err: err})
		default:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.refresh):
		}
	}
}

// follow applies changes until something is in the way. Where the log does not reach back as far as the replica stands,
// it first takes a snapshot.
func (o options) follow(ctx context.Context, c *core.Core, to *pebbledb.Store, told *lag) error {
	row, from, err := o.openDatabase(ctx, c, o.db)
	if err != nil {
		return err
	}
	defer from.Close()
	for {
		r := kvstore.Replicator{From: from, To: to, Name: o.name, Report: told.report}
		if err := r.Run(ctx); !errors.Is(err, kvstore.ErrTrimmed) {
			return err
		}
		told.line("the log does not reach back to what the replica has: taking a snapshot")
		whole := snapshots{from, ctx, func(pairs uint64) { told.meter.at(pairs, uint64(row.Keys), "pairs") }}
		if err := kvstore.Bootstrap(ctx, whole, to); err != nil {
			return err
		}
	}
}

// snapshots is a source whose snapshots end with a context.
type snapshots struct {
	*redisdb.Store
	ctx    context.Context
	walked func(pairs uint64)
}

func (s snapshots) GetSnapshot() (io.ReadCloser, error) { return s.Snapshot(s.ctx, s.walked) }

// lag tells how far a replica is: on a terminal by a line that changes, elsewhere by one line at most each time every.
type lag struct {
	w     io.Writer
	meter *meter
	db    string
	every time.Duration
	said  string
	at    time.Time
}

func (l *lag) report(p kvstore.Progress) {
	if l.meter.w != nil && p.Err == nil {
		l.meter.at(p.Applied, p.Latest, "changes")
		return
	}
	text := fmt.Sprintf("%d changes applied, %d behind", p.Applied, p.Lag())
	if p.Err != nil {
		text = fmt.Sprintf("%d changes applied, waiting: %v", p.Applied, p.Err)
	}
	if text != l.said && time.Since(l.at) >= l.every {
		l.said, l.at = text, time.Now()
		l.line(text)
	}
}

func (l *lag) line(text string) {
	l.meter.end()
	fmt.Fprintf(l.w, "replica of %s: %s\n", tui.Clean(l.db), tui.Clean(withoutSecrets(text)))
}

// keepChanges is how much history a replica keeps for replicas of its own; without a bound its log outgrows its data.
const keepChanges = 100_000

// errOther keeps the histories of two databases apart, whose change numbers would seem to continue each other.
var errOther = conn.Precondition("the folder has a replica of another database")

// openReplica opens the replica of a database in a folder, or makes one. It says in the file pebbledb.SourceName which
// database that is; a folder with a database that is no replica is kvstore.ErrNotEmpty.
func openReplica(dir, db string) (_ *pebbledb.Store, err error) {
	s, err := pebbledb.Open(dir, pebbledb.Options{KeepChanges: keepChanges})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	path := filepath.Join(dir, pebbledb.SourceName)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if name, whole := strings.CutSuffix(string(text), "\n"); whole { // else a crash came before the first change
		if name != conn.Escape(db) {
			return nil, fmt.Errorf("%w: %q", errOther, name)
		}
		return s, nil
	}
	applied, err := s.GetLatestAppliedChangeNumber()
	if err != nil {
		return nil, err
	}
	all := s.Iterate(nil)
	pairs := all.HasNext()
	if err := errors.Join(all.Err(), all.Close()); err != nil {
		return nil, err
	}
	if applied == 0 && pairs {
		return nil, fmt.Errorf("%s is no replica: %w", dir, kvstore.ErrNotEmpty)
	}
	return s, name(path, conn.Escape(db)+"\n")
}

// name writes a small file to the disk.
func name(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return kvstore.SyncFolder(filepath.Dir(path))
}
