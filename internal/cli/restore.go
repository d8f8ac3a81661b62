package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/kvstore"
	"holdfast/core/operate"
	"holdfast/internal/cli/internal/meter"
)

func restoreCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "restore DB FILE", GroupID: databases, Args: arguments(2, 2), ValidArgsFunction: o.completeArgs(o.keysOf("kv"), nil),
		Short: "restore a KV database from a backup",
		Long: "Restore a KV database from a backup, verified to its end before anything is written. It prints the change number and the\n" +
			"number of pairs. A database that ever had a change is refused without --replace. FILE may be - for standard input.",
	}
	replace := c.Flags().Bool("replace", false, "replace all that the database holds")
	o.serverFlags(c)
	o.readingFlags(c)
	o.actingFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error { return o.restore(cmd, args[0], args[1], *replace) }
	return c
}

// behind writes where a meter was.
type behind struct {
	m *meter.Meter
	io.Writer
}

func (b behind) Write(p []byte) (int, error) {
	b.m.End()
	return b.Writer.Write(p)
}

func (o options) restore(cmd *cobra.Command, db, path string, replace bool) error {
	if path == standard && isTerminal(os.Stdin) {
		return fmt.Errorf("%w: a backup cannot come from a terminal: redirect standard input, or name a file", errUsage)
	}
	m := meter.New(o.stderr, "restore of "+db)
	err := o.actTo(cmd.Context(), behind{m, cmd.OutOrStdout()}, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
		return op.Restore(db, path, replace, func(pairs, all uint64) { m.At(pairs, all, "pairs") }), nil
	})
	m.End()
	if errors.Is(err, kvstore.ErrNotEmpty) {
		err = fmt.Errorf("%w; --replace restores it anyway and discards what it holds", err)
	}
	return err
}
