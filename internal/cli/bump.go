package cli

import (
	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/operate"
)

func bumpCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "bump NAMESPACE KEY", GroupID: act, Args: arguments(2, 2), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "raise a generation; prints it",
	}
	o.serverFlags(c)
	o.readingFlags(c)
	o.actingFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return o.act(cmd, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
			return op.BumpGeneration(args[0], args[1]), nil
		})
	}
	return c
}
