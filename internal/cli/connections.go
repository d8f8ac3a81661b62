package cli

import (
	"github.com/spf13/cobra"

	"holdfast/internal/print"
)

func connectionsCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "connections", GroupID: look, Args: arguments(0, 0), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "print the names of the connections in the configuration file",
	}
	o.configFlag(c)
	c.PreRunE = func(cmd *cobra.Command, _ []string) error { return o.settle(cmd, "") }
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return print.Lines(cmd.OutOrStdout(), o.conf.Names()...)
	}
	return c
}
