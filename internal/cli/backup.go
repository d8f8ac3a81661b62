package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/operate"
	"holdfast/internal/cli/internal/lookup"
	"holdfast/internal/cli/internal/meter"
)

// standard names the standard stream where a verb takes a file.
const standard = "-"

func backupCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "backup DB FILE", GroupID: databases, Args: arguments(2, 2), ValidArgsFunction: o.completeArgs(o.keysOf("kv"), nil),
		Short: "write a KV database to a new file",
		Long: "Write a KV database to a new file, read it back and print its change number and its number of pairs. If FILE is -, the backup\n" +
			"goes to standard output and these to standard error.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.backup(cmd.Context(), args[0], args[1], cmd.OutOrStdout())
		},
	}
	o.serverFlags(c)
	o.readingFlags(c)
	return c
}

func (o options) backup(ctx context.Context, db, path string, stdout io.Writer) error {
	if path == standard && isTerminal(stdout) {
		return fmt.Errorf("%w: a backup cannot go to a terminal: redirect standard output, or name a file", errUsage)
	}
	if _, err := os.Lstat(path); path != standard && err == nil {
		return fmt.Errorf("back up %q: %s: %w", db, path, kvstore.ErrExists)
	}
	told := stdout
	if path == standard {
		told = o.stderr
	}
	return o.with(ctx, func(c *core.Core) error {
		change, pairs, err := o.backUp(ctx, c, db, path, stdout)
		if err != nil {
			return fmt.Errorf("back up %q: %w", db, err)
		}
		_, err = fmt.Fprintln(told, change, pairs)
		return err
	})
}

// backUp tells of what was read back, or of what went to standard output.
func (o options) backUp(ctx context.Context, c *core.Core, db, path string, stdout io.Writer) (change, pairs uint64, err error) {
	row, s, err := o.openDatabase(ctx, c, db)
	if err != nil {
		return 0, 0, err
	}
	defer s.Close()
	m := meter.New(o.stderr, "backup of "+db)
	defer m.End()
	r, err := s.Snapshot(ctx, func(pairs uint64) { m.At(pairs, uint64(redisdb.Columns.Keys.Of(row)), "pairs") })
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	if path == standard {
		return verified(io.TeeReader(untilDone{ctx, r}, stdout))
	}
	if err := kvstore.WriteBackup(path, untilDone{ctx, r}); err != nil {
		return 0, 0, err
	}
	v, err := kvstore.OpenSnapshotFile(path)
	if err != nil {
		return 0, 0, err
	}
	return v.Change, v.Pairs, v.Close()
}

// verified reads a snapshot to its end.
func verified(r io.Reader) (change, pairs uint64, err error) {
	s, err := kvstore.NewSnapshotReader(r)
	if err != nil {
		return 0, 0, err
	}
	for ; ; pairs++ {
		if _, err := s.Next(); err == io.EOF {
			return s.Change, pairs, nil
		} else if err != nil {
			return 0, 0, err
		}
	}
}

func isTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(f.Fd())
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
func (o options) openDatabase(ctx context.Context, c *core.Core, db string) (kind.Row, *redisdb.Store, error) {
	row, err := c.Live.ReadRow(ctx, "kv", conn.Escape(db))
	restoring := redisdb.Columns.Restoring
	switch {
	case err != nil:
		return row, nil, err
	case db == "" || row.None():
		return row, nil, lookup.ErrMissing
	case row.Bad():
		return row, nil, row.Problem()
	case o.readOnly && restoring.Err(row) != nil:
		return row, nil, fmt.Errorf("opening it might resume an unfinished restore; whether there is one is not known: %w", restoring.Err(row))
	case restoring.Of(row) && o.readOnly:
		return row, nil, fmt.Errorf("opening it would resume an unfinished restore: %w", operate.ErrReadOnly)
	}
	s, err := c.KVContext(ctx, db)
	return row, s, err
}
