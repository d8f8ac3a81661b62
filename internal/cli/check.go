package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/insight"
	"holdfast/core/live"
	"holdfast/internal/print"
)

// errFound ends a check that found what it was to fail on. It is no error of the check: nothing is told on standard error.
var errFound = errors.New("findings")

// checkVerb are the flags of `check`.
type checkVerb struct {
	*options
	output, failOn string
}

func checkCommand(o *options) *cobra.Command {
	v := &checkVerb{options: o}
	c := &cobra.Command{
		Use: "check", GroupID: look, Args: arguments(0, 0), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "say what is wrong, and fail if something is",
		Long: "Read all state once and print what is wrong with it, the worst first. Exits with 1 if something is as bad as --fail-on, or worse. " +
			"What one reading cannot tell is listed as unknown.",
		RunE: v.check,
	}
	f := c.Flags()
	f.StringVarP(&v.output, "output", "o", "table", "table, json, junit, prometheus or nagios")
	f.StringVar(&v.failOn, "fail-on", "bad", "what to fail on: bad, or also warn")
	o.serverFlags(c)
	o.readingFlags(c)
	return c
}

func (v *checkVerb) check(cmd *cobra.Command, _ []string) error {
	format, err := print.ParseReport(v.output)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	failOn := insight.Bad
	switch v.failOn {
	case "bad":
	case "warn":
		failOn = insight.Warn
	default:
		return fmt.Errorf("%w: unknown --fail-on %q: bad or warn", errUsage, v.failOn)
	}
	rules := insight.Options{}
	return v.with(cmd.Context(), func(c *core.Core) error {
		return v.report(cmd.Context(), c, format, failOn, rules, cmd)
	})
}

func (v *checkVerb) report(ctx context.Context, c *core.Core, format print.Report, failOn insight.Severity, rules insight.Options, cmd *cobra.Command) error {
	m := live.New(c.Conn, c.Kinds(), live.Options{})
	snap, err := m.ReadAll(ctx)
	if err != nil {
		return fmt.Errorf("check %s: %w", c.Conn.Place(), err)
	}
	found := insight.New(rules).Follow(snap)
	err = format.Write(cmd.OutOrStdout(), print.Checked{Place: c.Conn.Place(), Findings: found, Snapshot: snap, At: time.Now(), FailOn: failOn})
	switch {
	case err != nil:
		return err
	case found.AtLeast(failOn):
		return errFound
	}
	return nil // what could not be read is among the findings, or unknown
}
