package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/operate"
)

func unlockCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "unlock KEY --token T", GroupID: act, Args: arguments(1, 1), ValidArgsFunction: o.completeArgs(o.keysOf("locks")),
		Short: "release a lock that this token holds",
	}
	token := c.Flags().String("token", "", "the token that holds the lock, as get locks shows it")
	o.serverFlags(c)
	o.readingFlags(c)
	o.actingFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if *token == "" {
			return fmt.Errorf("%w: unlock needs --token, as `holdfast get locks` shows it", errUsage)
		}
		return o.act(cmd, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
			return op.ReleaseLock(args[0], *token, 0), nil
		})
	}
	return c
}
