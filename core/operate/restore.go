package operate

import (
	"context"
	"errors"
	"fmt"
	"os"

	"holdfast/core/conn"
	"holdfast/core/files"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
)

// Restore plans to replace a KV database by the contents of a backup file (kvstore.Backupable); "-" is standard input.
// The file is verified to its end before anything is sent. A database that ever had a change is kvstore.ErrNotEmpty,
// unless replace is set. staged is called with how many of how many pairs the server has.
func (o *Operator) Restore(db, path string, replace bool, staged func(pairs, all uint64)) Action {
	id, file := conn.Escape(db), path
	if path == "-" {
		file = "standard input"
	}
	a := Action{
		Verb: Restore, Kind: "kv", ID: id, Destructive: replace,
		Summary:  fmt.Sprintf("restore database %s from %s if it is empty", db, file),
		Commands: []string{o.script("restore", "kv", id)},
	}
	if replace {
		a.Summary = fmt.Sprintf("restore database %s from %s, replacing all that it holds", db, file)
	}
	a.run = func(ctx context.Context) (Outcome, error) {
		v, err := openSnapshot(ctx, path)
		if err != nil {
			return Outcome{}, err
		}
		defer v.Close()
		out := Outcome{NoUndo: "the previous contents are gone"}
		read, err := o.core.KVRows.Read(ctx, []string{id})
		if err != nil {
			return Outcome{}, err
		}
		if len(read) == 1 {
			was := map[string]any{}
			for _, c := range []kind.Column{redisdb.Columns.Keys.Column, redisdb.Columns.Changes.Column, redisdb.Columns.Applied.Column} {
				if was[c.Name()] = c.Value(read[0]); c.Err(read[0]) != nil {
					was[c.Name()] = nil // not known
				}
			}
			out.Before = was
		}
		s, err := o.core.KVContext(ctx, db)
		if err != nil {
			return out, err
		}
		defer s.Close()
		restored, err := s.Restore(ctx, v, replace, func(pairs uint64) { staged(pairs, v.Pairs) })
		if conn.Unreachable(err) || errors.Is(err, context.Canceled) { // its last steps do not end with ctx, and so escape conn.InDoubt
			return out, fmt.Errorf("%w: %w", ErrInDoubt, err)
		}
		if err != nil {
			return out, err
		}
		defer restored.Close()
		change, err := restored.CommittedChange(ctx)
		if err != nil {
			return out, fmt.Errorf("it is done, but its change number is not known: %w", err)
		}
		out.After = map[string]any{"keys": v.Pairs, "changes": change, "applied": v.Applied, "backup": file}
		out.Text = fmt.Sprintf("restored %s: %d pairs, change %d", db, v.Pairs, change)
		out.Data = []string{fmt.Sprintf("%d %d", change, v.Pairs)}
		return out, nil
	}
	return a
}

// openSnapshot verifies a backup. A pipe can be read but once, so that it goes through a temporary file.
func openSnapshot(ctx context.Context, path string) (*kvstore.VerifiedSnapshot, error) {
	if path == "-" {
		v, err := kvstore.OpenSnapshot(files.Reader(ctx, os.Stdin), "")
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return v, nil
	}
	f, err := files.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, regular := f.(*os.File); regular {
		return kvstore.OpenSnapshotFile(path)
	}
	v, err := kvstore.OpenSnapshot(f, "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}
