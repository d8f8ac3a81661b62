package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/operate"
)

// backup writes a KV database to a file, reads the file back and prints its change number and how many pairs it has.
func (o options) backup(ctx context.Context, args []string, stdout io.Writer) error {
	db, path := args[0], args[1]
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up %q: %s: %w", db, path, kvstore.ErrExists)
	}
	return o.with(ctx, func(c *core.Core) error {
		v, err := o.backUp(ctx, c, db, path)
		if err != nil {
			return fmt.Errorf("back up %q: %w", db, err)
		}
		defer v.Close()
		_, err = fmt.Fprintln(stdout, v.Change, v.Pairs)
		return err
	})
}

func (o options) backUp(ctx context.Context, c *core.Core, db, path string) (*kvstore.VerifiedSnapshot, error) {
	row, s, err := o.openDatabase(ctx, c, db)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	m := newMeter(o.stderr, "backup of "+db)
	defer m.end()
	r, err := s.Snapshot(ctx, func(pairs uint64) { m.at(pairs, uint64(row.Keys), "pairs") })
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := kvstore.WriteBackup(path, untilDone{ctx, r}); err != nil {
		return nil, err
	}
	return kvstore.OpenSnapshotFile(path)
}

// untilDone is a reader that ends with a context.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// openDatabase opens a KV database that is there, to read it. Opening would carry on a restore that somebody did not
// finish: a read-only run is refused that.
func (o options) openDatabase(ctx context.Context, c *core.Core, db string) (*redisdb.Row, *redisdb.Store, error) {
	rows, err := c.KVRows.Read(ctx, []string{conn.Escape(db)})
	switch {
	case err != nil:
		return nil, nil, err
	case db == "" || len(rows) == 0:
		return nil, nil, errMissing
	case rows[0].Problem() != nil:
		return nil, nil, rows[0].Problem()
	case rows[0].Restoring && o.readOnly:
		return nil, nil, fmt.Errorf("a restore of it is not finished, and opening it would go on with that: %w", operate.ErrReadOnly)
	}
	s, err := c.KV(db)
	return rows[0], s, err
}

// behind writes where a meter was.
type behind struct {
	m *meter
	io.Writer
}

func (b behind) Write(p []byte) (int, error) {
	b.m.end()
	return b.Writer.Write(p)
}

// restore makes a KV database from a backup.
func (o options) restore(ctx context.Context, args []string, stdout io.Writer) error {
	m := newMeter(o.stderr, "restore of "+args[0])
	err := o.act(ctx, behind{m, stdout}, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
		return op.Restore(args[0], args[1], o.replace, func(pairs, all uint64) { m.at(pairs, all, "pairs") }), nil
	})
	m.end()
	if errors.Is(err, kvstore.ErrNotEmpty) {
		err = fmt.Errorf("%w; --replace restores it all the same, and what it holds is gone", err)
	}
	return err
}
