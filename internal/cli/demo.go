package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast/core/suggest"
	"holdfast/demo"
)

func demoCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "demo", GroupID: look, Args: arguments(0, 0), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "the dashboard on an embedded Redis with a live workload",
		Long: "The dashboard on an embedded Redis with a live workload; it needs nothing. The address of the server is on the screen, so that\n" +
			"other programs can join.",
	}
	d := demo.Options{}
	c.Flags().Int64Var(&d.Seed, "seed", 1, "seed of a repeatable run")
	stage := c.Flags().String("stage", string(demo.Shop), "shop, or libraries: locks, workers and queues of other libraries")
	o.readingFlags(c)
	o.actingFlags(c)
	o.screenFlags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if !slices.Contains(demo.Stages(), *stage) {
			return fmt.Errorf("%w: unknown stage %q: one of %s%s", errUsage, *stage, strings.Join(demo.Stages(), ", "), suggest.DidYouMean(*stage, demo.Stages()))
		}
		d.Stage = demo.Stage(*stage)
		return o.demo(cmd.Context(), d)
	}
	return c
}

// demo runs the dashboard on an embedded Redis with a live workload.
func (o options) demo(ctx context.Context, play demo.Options) error {
	d, err := demo.Start(ctx, play)
	if err != nil {
		return err
	}
	defer d.Close()
	o.urls = []string{d.URL}
	if play.Stage == demo.Libraries {
		o.conf.Suggest(demo.LibraryKeys)
	}
	keys, err := o.startable()
	if err != nil {
		return err
	}
	if err := redirectLog(o.logFile); err != nil {
		return err
	}
	st, err := o.session(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	_, err = st.show(ctx, keys, "demo on "+d.URL, "")
	return err
}
