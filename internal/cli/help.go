package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const whatItIs = "holdfast shows and operates the coordination state that services keep in Redis."

// exit is what an exit code says.
type exit struct {
	code    int
	meaning string
}

func exits() []exit {
	return []exit{
		{done, "done"}, {failed, "failed, or the output lacks rows"}, {wrongUsage, "wrong usage or configuration"},
		{refused, "refused by a precondition (held, changed, read-only)"}, {unreachable, "server unreachable"},
	}
}

const aboutFlags = "Each flag is also HOLDFAST_NAME in the environment, where unknown and empty variables are errors. HOLDFAST_URL may hold\n" +
	"several URLs, separated by spaces."

func helpCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "help [VERB]", GroupID: other, Args: arguments(0, 1), Short: "show the help of a verb",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) (verbs []string, _ cobra.ShellCompDirective) {
			for _, c := range verbsInOrder(cmd.Root()) {
				if len(args) == 0 {
					verbs = append(verbs, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
			return beginning(begun, verbs), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		topic, rest, err := cmd.Root().Find(args)
		if err == nil && len(rest) > 0 {
			err = noVerb(cmd.Root(), rest)
		}
		if err != nil {
			return err
		}
		return topic.Help()
	}
	return c
}

// helpWidth is that of the text.
const helpWidth = 120

// help is what --help prints: of a verb only its own flags.
func help(c *cobra.Command) string {
	if c.HasParent() {
		return verbHelp(c)
	}
	const column = 32
	var b strings.Builder
	b.WriteString(whatItIs + "\n\nUsage: holdfast [flags]       " + c.Short + "\n       holdfast VERB [flags]  one thing for a script; holdfast VERB --help shows its flags\n")
	group := ""
	for _, v := range verbsInOrder(c) {
		if v.GroupID != group {
			group = v.GroupID
			fmt.Fprintf(&b, "\n%s:\n", group)
		}
		use := v.Use
		if len(use) > column-3 {
			use += "\n" + strings.Repeat(" ", column)
		}
		fmt.Fprintf(&b, "  %-*s %s\n", column-3, use, v.Short)
	}
	b.WriteString("\nExit codes:\n")
	for _, e := range exits() {
		fmt.Fprintf(&b, "  %d  %s\n", e.code, e.meaning)
	}
	fmt.Fprintf(&b, "\nFlags:\n%s\n%s\n", c.Flags().FlagUsagesWrapped(helpWidth), aboutFlags)
	return b.String()
}

// verbsInOrder are the verbs in the order of their groups.
func verbsInOrder(root *cobra.Command) (verbs []*cobra.Command) {
	for _, g := range root.Groups() {
		for _, v := range root.Commands() {
			if v.GroupID == g.ID {
				verbs = append(verbs, v)
			}
		}
	}
	return verbs
}

// ownFlags are those that a verb does not share with others.
func ownFlags(c *cobra.Command) *pflag.FlagSet {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !isShared(f) && f.Name != "help" {
			own.AddFlag(f)
		}
	})
	return own
}

func verbHelp(c *cobra.Command) string {
	text := long(c) + ".\n\nUsage: holdfast " + c.Use + " [flags]\n"
	if own := ownFlags(c); own.HasFlags() {
		text += "\nFlags:\n" + own.FlagUsagesWrapped(helpWidth)
	}
	return text + "\nThe flags that verbs share (server, configuration, log) and the exit codes: holdfast --help\n"
}

// long is the description of a command, without the stop at its end.
func long(c *cobra.Command) string {
	if c.Long != "" {
		return strings.TrimSuffix(c.Long, ".")
	}
	return strings.ToUpper(c.Short[:1]) + c.Short[1:]
}

// helpTo has cobra print our help to w, and keeps the error of writing.
func helpTo(root *cobra.Command, w io.Writer, failure *error) {
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { _, *failure = io.WriteString(w, help(c)) })
}
