package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/core/suggest"
	"holdfast/internal/config"
)

// Groups of verbs in the help.
const (
	look      = "Look"
	act       = "Act"
	databases = "KV databases"
	other     = "Other"
)

// newRoot is the command with all its verbs; without a verb it is the dashboard. Help, manual and completion are made from
// this tree.
func newRoot(o *options) *cobra.Command {
	root := &cobra.Command{
		Use: "holdfast", Short: "the dashboard on --connection or --url", Long: whatItIs, Args: noVerb, ValidArgsFunction: cobra.NoFileCompletions,
		SilenceErrors: true, SilenceUsage: true,
		TraverseChildren: true, // so that verbs are completed behind flags
		RunE:             func(cmd *cobra.Command, _ []string) error { return o.dashboard(cmd.Context()) },
	}
	o.serverFlags(root)
	o.readingFlags(root)
	o.actingFlags(root)
	o.screenFlags(root)
	for _, g := range []string{look, act, databases, other} {
		root.AddGroup(&cobra.Group{ID: g, Title: g})
	}
	root.AddCommand(demoCommand(o), getCommand(o), checkCommand(o), layoutsCommand(o), connectionsCommand(o),
		flushCommand(o), bumpCommand(o), lockCommand(o), unlockCommand(o), editCommand(o),
		backupCommand(o), restoreCommand(o), replicateCommand(o),
		versionCommand(o), completionCommand(o))
	root.SetHelpCommand(helpCommand())
	root.InitDefaultHelpCmd()
	root.SetFlagErrorFunc(flagError)
	for _, c := range allCommands(root) {
		c.DisableFlagsInUseLine = true
		c.Flags().BoolP("help", "h", false, "show this help")
		c.Flags().VisitAll(setOnce)
	}
	return root
}

// allCommands are that of the dashboard and the verbs.
func allCommands(root *cobra.Command) []*cobra.Command {
	return append([]*cobra.Command{root}, root.Commands()...)
}

// noVerb refuses what stands in the place of a verb and is none.
func noVerb(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var verbs []string
	for _, c := range root.Commands() {
		verbs = append(verbs, c.Name())
	}
	return fmt.Errorf("%w: unknown verb %q%s", errUsage, args[0], suggest.DidYouMean(args[0], verbs))
}

// arguments checks their number.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("%w: %d arguments for: holdfast %s", errUsage, len(args), synopsis(cmd))
		}
		return nil
	}
}

// synopsis is a verb with its arguments, without its flags.
func synopsis(c *cobra.Command) string {
	words, _, _ := strings.Cut(c.Use, " --")
	return words
}

// verbFirst moves the verb to the front, as a flag may stand before or after it. Each command has flags of its own, which
// cobra knows only behind it.
func verbFirst(root *cobra.Command, args []string) []string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--" && i+1 == len(args):
			return args
		case args[i] == "--":
			i++
		case strings.HasPrefix(args[i], "-") && args[i] != "-":
			if takesNext(root, args[i]) {
				i++
			}
			continue
		}
		return slices.Concat(args[i:i+1], args[:i], args[i+1:])
	}
	return args
}

// takesNext tells whether the next word is the value of a flag.
func takesNext(root *cobra.Command, word string) bool {
	takes := func(is func(f *pflag.FlagSet) *pflag.Flag) bool {
		return slices.ContainsFunc(allCommands(root), func(c *cobra.Command) bool {
			f := is(c.Flags())
			return f != nil && f.NoOptDefVal == ""
		})
	}
	if name, long := strings.CutPrefix(word, "--"); long {
		return takes(func(f *pflag.FlagSet) *pflag.Flag { return f.Lookup(name) })
	}
	for i := 1; i < len(word); i++ { // short flags; behind the first that takes a value stands that, if anything does
		if takes(func(f *pflag.FlagSet) *pflag.Flag { return f.ShorthandLookup(word[i : i+1]) }) {
			return i+1 == len(word)
		}
	}
	return false
}

// parse reads a command line, the environment and the configuration file, and runs nothing. With a connection, that was
// asked for since: what the command line says of a server is that of another then.
func parse(ctx context.Context, connection string, args, environ []string) (options, error) {
	o := &options{args: args, environ: environ, stderr: io.Discard}
	root := newRoot(o)
	cmd, rest, err := root.Traverse(verbFirst(root, args))
	if err != nil {
		return *o, err
	}
	cmd.SetContext(ctx)
	if err := cmd.ParseFlags(rest); err != nil {
		return *o, flagError(cmd, err)
	}
	if err := checkVariables(cmd, environ); err != nil {
		return *o, err
	}
	return *o, o.settle(cmd, connection)
}

// settle fills the flags that were not given from the environment and from the configuration file, each of which leaves
// alone what those before it have set.
func (o *options) settle(cmd *cobra.Command, connection string) (err error) {
	f := cmd.Flags()
	if connection != "" {
		err = moveTo(f, connection)
	}
	if err == nil {
		err = fromEnvironment(f, o.environ)
	}
	if err == nil {
		err = checkPaths(f)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return o.configure(cmd.Context(), f)
}

// moveTo forgets the flags of the server that was, and takes a connection.
func moveTo(f *pflag.FlagSet, connection string) (err error) {
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed && (isAddress(flag.Name) || flag.Name == "connection") {
			err = errors.Join(err, flag.Value.(*once).reset(flag.DefValue))
			flag.Changed = false
		}
	})
	return errors.Join(err, f.Set("connection", connection))
}

// configure fills the flags that nobody has set from the configuration file: from the connection, then from its top.
func (o *options) configure(ctx context.Context, f *pflag.FlagSet) (err error) {
	if o.conf, err = config.Load(ctx, o.config); err != nil {
		return fmt.Errorf("%w: %w", errStart, err)
	}
	if f.Lookup("connection") == nil {
		o.connection = "" // the verb brings its own server, or names it otherwise
	} else if !f.Changed("url") && o.connection == "" {
		o.connection = o.conf.Connection
	} else if f.Changed("url") && o.connection != "" {
		return fmt.Errorf("%w: --connection and --url both name a server (each may come from the environment); take one", errUsage)
	}
	if o.connection != "" && o.conf.Connections[o.connection] == nil {
		return fmt.Errorf("%w: %w", errStart, o.conf.Unknown(o.connection))
	}
	for name, values := range o.conf.Settings(o.connection) {
		flag := f.Lookup(name)
		if flag == nil || flag.Changed {
			continue
		}
		for _, v := range values {
			err = errors.Join(err, f.Set(name, v))
		}
	}
	return err
}
