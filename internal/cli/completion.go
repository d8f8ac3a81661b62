package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/suggest"
	"holdfast/internal/config"
	"holdfast/themes"
	"holdfast/views"
)

func completionCommand(o *options) *cobra.Command {
	scripts := []struct {
		shell  string
		script func(root *cobra.Command, w io.Writer) error
		load   string
	}{
		{"bash", func(c *cobra.Command, w io.Writer) error { return c.GenBashCompletionV2(w, true) }, "source <(holdfast completion bash), with the package bash-completion"},
		{"zsh", (*cobra.Command).GenZshCompletion, "source <(holdfast completion zsh)"},
		{"fish", func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) }, "holdfast completion fish | source"},
		{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc, "holdfast completion powershell | Out-String | Invoke-Expression"},
	}
	var shells []string
	about := "Print a completion script for a shell. It is loaded with\n\n"
	for _, s := range scripts {
		shells = append(shells, s.shell)
		about += fmt.Sprintf("  %-11s %s\n", s.shell, s.load)
	}
	c := &cobra.Command{
		Use: "completion SHELL", GroupID: other, Args: arguments(1, 1), ValidArgs: shells,
		Short: "print a completion script for bash, zsh, fish or PowerShell",
		Long: about + "\nViews, connections and themes are completed as they are then, from the configuration file. Keys, stores and databases are\n" +
			"asked of the server only if " + completeKeys + "=true is set in the environment",
	}
	o.configFlag(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		for _, s := range scripts {
			if s.shell == args[0] {
				return s.script(cmd.Root(), cmd.OutOrStdout())
			}
		}
		return fmt.Errorf("%w: unknown shell %q: one of %s%s", errUsage, args[0], strings.Join(shells, " "), suggest.DidYouMean(args[0], shells))
	}
	return c
}

// completeKeys is the variable that has completion ask the server.
const completeKeys = environPrefix + "COMPLETION_KEYS"

// valuesOf are the words that an argument or a flag may be, by what stands before it.
type valuesOf func(cmd *cobra.Command, args []string) []string

func words(list []string) valuesOf { return func(*cobra.Command, []string) []string { return list } }

// completeArgs completes arguments in their order; nil: a file.
func (o *options) completeArgs(each ...valuesOf) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) >= len(each):
			return nil, cobra.ShellCompDirectiveNoFileComp
		case each[len(args)] == nil:
			return nil, cobra.ShellCompDirectiveDefault
		}
		return beginning(begun, each[len(args)](cmd, args)), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

func beginning(begun string, list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(word string) bool { return !strings.HasPrefix(word, begun) })
}

// completeFlags registers what the flags of one command may be; cobra keeps that for good. The others take a file.
func (o *options) completeFlags(c *cobra.Command) error {
	values := map[string]valuesOf{
		"view": o.viewNames, "output": words([]string{"table", "json", "jsonl", "csv"}),
		"theme": func(cmd *cobra.Command, _ []string) []string {
			if f := o.completionFile(cmd); f != nil {
				return f.ThemeNames()
			}
			return themes.Names()
		},
		"connection": func(cmd *cobra.Command, _ []string) []string {
			if f := o.completionFile(cmd); f != nil {
				return f.Names()
			}
			return nil
		},
		"db": o.keysOf("kv"),
	}
	for name, list := range values {
		if c.Flags().Lookup(name) == nil {
			continue
		}
		err := c.RegisterFlagCompletionFunc(name, func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return beginning(begun, list(cmd, nil)), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// gettable are the views that get prints.
func (o *options) gettable(cmd *cobra.Command, args []string) []string {
	return append(o.viewNames(cmd, args), "keys")
}

// viewNames are the views, with those of layouts.
func (o *options) viewNames(cmd *cobra.Command, _ []string) []string {
	if f := o.completionFile(cmd); f != nil {
		return f.ViewNames(o.connection)
	}
	return views.All().Names()
}

// completionFile is the configuration as it is now; nil: it cannot be read, which is no matter while one types.
func (o *options) completionFile(cmd *cobra.Command) *config.File {
	_ = fromEnvironment(cmd.Flags(), o.environ)
	f, err := config.Load(cmd.Context(), o.config)
	if err != nil {
		return nil
	}
	return f
}

// completionTime is how long a shell may wait for the server.
const completionTime = 2 * time.Second

// keysOf are the names of the rows of a view, or of that in the first argument, if completion is to ask the server.
func (o *options) keysOf(view string) valuesOf {
	return func(cmd *cobra.Command, args []string) []string {
		if view == "" {
			return o.keysOf(args[0])(cmd, args)
		}
		if asked, _ := strconv.ParseBool(variables(o.environ)[completeKeys]); !asked {
			return nil
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		cmd.SetContext(ctx)
		if err := o.settle(cmd, ""); err != nil {
			return nil
		}
		if from := cmd.Flags().Lookup("from"); from != nil {
			o.urls = []string{from.Value.String()}
		}
		slices.Sort(o.urls)
		o.urls = slices.Compact(o.urls) // a completed line is parsed more than once
		var names []string
		_ = o.with(ctx, func(c *core.Core) error { // what goes wrong is no matter while one types
			if v, err := viewOf(c, view); err == nil && v.Kind != "" {
				names = rowNames(ctx, c, v.Kind)
			}
			return nil
		})
		return names
	}
}

func rowNames(ctx context.Context, c *core.Core, of kind.Name) (names []string) {
	read := slices.DeleteFunc(c.Kinds(), func(k kind.Kind) bool { return k.Name != of })
	snap, err := live.New(c.Conn, read, live.Options{}).ReadAll(ctx)
	if err != nil {
		return nil
	}
	for _, r := range snap.Table(of).All(0) {
		names = append(names, r.ID())
	}
	return names
}
