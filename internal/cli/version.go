package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "version", GroupID: other, Args: arguments(0, 0), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "print the version",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "holdfast %s\n", version())
			return err
		},
	}
	o.configFlag(c)
	return c
}

func version() string {
	v, sum := "development", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				sum = " " + s.Value
			}
		}
	}
	return v + sum
}
