package cli

import (
	"context"

	"github.com/spf13/cobra"

	"holdfast/demo"
)

func demoCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "demo", GroupID: look, Args: arguments(0, 0), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "the dashboard on an embedded Redis with a live workload",
		Long: "The dashboard on an embedded Redis with a live workload; it needs nothing. The address of the server is on the screen, so that\n" +
			"other programs can join.",
	}
	seed := c.Flags().Int64("seed", 1, "seed of a repeatable run")
	o.readingFlags(c)
	o.actingFlags(c)
	o.screenFlags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error { return o.demo(cmd.Context(), *seed) }
	return c
}

// demo runs the dashboard on an embedded Redis with a live workload.
func (o options) demo(ctx context.Context, seed int64) error {
	d, err := demo.Start(ctx, demo.Options{Seed: seed})
	if err != nil {
		return err
	}
	defer d.Close()
	o.urls = []string{d.URL}
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
