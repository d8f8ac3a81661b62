// Package replica is the folder of a replica: which database it has one of, and how it becomes one of another.
package replica

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
)

// ErrWrongDatabase keeps the histories of two databases apart, whose change numbers would seem to continue each other.
var ErrWrongDatabase = conn.Precondition("the folder has a replica of another database")

// The file pebbledb.SourceName says which database a folder has a replica of. One that is not whole, or not there, counts
// for nothing: a crash came before the first change, or while a replica was replaced by one of another database.

// source is what a folder says it has a replica of; named: anything.
func source(to *pebbledb.Store) (db string, named bool, err error) {
	text, err := os.ReadFile(filepath.Join(to.Dir(), pebbledb.SourceName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", false, err
	}
	db, named = strings.CutSuffix(string(text), "\n")
	return db, named, nil
}

// Adopt makes sure that a folder has a replica of a database, or nothing yet: ErrWrongDatabase, kvstore.ErrNotEmpty where it has a
// database that is no replica, and what kvstore.ReadProgress finds. Then it names the folder.
func Adopt(from kvstore.ChangePropagator, to *pebbledb.Store, db string) error {
	had, named, err := source(to)
	switch {
	case err != nil:
		return err
	case named && had != conn.Escape(db):
		return fmt.Errorf("%w: %q", ErrWrongDatabase, had)
	case named:
		return nil
	}
	applied, err := to.GetLatestAppliedChangeNumber()
	if err != nil {
		return err
	}
	all := to.Iterate(nil)
	pairs := all.HasNext()
	if err := errors.Join(all.Err(), all.Close()); err != nil {
		return err
	}
	if applied == 0 && pairs {
		return fmt.Errorf("%s is not a replica: %w", to.Dir(), kvstore.ErrNotEmpty)
	}
	if _, err := kvstore.ReadProgress(from, to); err != nil {
		return err
	}
	return name(to, db)
}

// Replace makes a folder a replica by a snapshot, whatever it had. Wherever that ends, the folder has the old state or
// the new one. While one is replaced by that of another database it has no name, so that neither is taken for the other.
func Replace(ctx context.Context, from kvstore.KVStore, to *pebbledb.Store, db string) error {
	had, named, err := source(to)
	if err != nil {
		return err
	}
	other := named && had != conn.Escape(db)
	if other {
		if err := os.Remove(filepath.Join(to.Dir(), pebbledb.SourceName)); err != nil {
			return err
		}
		if err := kvstore.SyncFolder(to.Dir()); err != nil {
			return err
		}
	}
	if err := kvstore.Bootstrap(ctx, from, to); err != nil {
		if old, bad := conn.Unescape(had); other && bad == nil {
			err = errors.Join(err, name(to, old))
		}
		return err
	}
	return name(to, db)
}

// name says on the disk which database a folder has a replica of.
func name(to *pebbledb.Store, db string) error {
	f, err := os.OpenFile(filepath.Join(to.Dir(), pebbledb.SourceName), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(conn.Escape(db) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return kvstore.SyncFolder(to.Dir())
}
