package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/operate"
)

func lockCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "lock KEY --ttl D", GroupID: act, Args: arguments(1, 1), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "take a lock; prints its token and fence",
	}
	ttl := c.Flags().Duration("ttl", 0, "how long it is held, such as 30s")
	yes := c.Flags().Bool("yes", false, "allow a lock that no view would show, or one of more than 24 hours")
	o.serverFlags(c)
	o.readingFlags(c)
	o.actingFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error { return o.lock(cmd, args[0], *ttl, *yes) }
	return c
}

func (o options) lock(cmd *cobra.Command, key string, ttl time.Duration, yes bool) error {
	if ttl <= 0 {
		return fmt.Errorf("%w: lock needs --ttl above 0, such as --ttl 30s", errUsage)
	}
	return o.act(cmd, func(_ *core.Core, op *operate.Operator) (operate.Action, error) {
		take, err := op.TakeLock(key, "", ttl)
		if err == nil && take.Warning != "" && !yes && !op.ReadOnly() {
			err = fmt.Errorf("lock %q: %w: %s; to take it anyway, add --yes", key, errUnusual, take.Warning)
		}
		return take, err
	})
}

// errUnusual refuses what may be a mistake.
var errUnusual = conn.Precondition("not taken")
