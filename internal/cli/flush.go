package cli

import (
	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/operate"
)

func flushCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "flush STORE", GroupID: act, Args: arguments(1, 1), ValidArgsFunction: o.completeArgs(o.keysOf("buffers")),
		Short: "write a buffer to a file and delete it; prints the files",
		Long: "Write a buffer, and batches left by earlier flushes, to --flush-dir, then delete them. It prints the files; none if there is\n" +
			"nothing to persist.",
	}
	o.serverFlags(c)
	o.readingFlags(c)
	o.actingFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return o.act(cmd, func(_ *core.Core, op *operate.Operator) (operate.Action, error) { return op.FlushStore(args[0]), nil })
	}
	return c
}
