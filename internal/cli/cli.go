// Package cli is the command line of holdfast: flags, configuration, verbs and wiring, and no logic.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast/core/conn"
	"holdfast/internal/cli/internal/lookup"
	"holdfast/internal/cli/internal/outlet"
	"holdfast/internal/text"
)

// Exit codes; they are part of the command line's contract.
const (
	done        = 0
	failed      = 1
	wrongUsage  = 2
	refused     = 3
	unreachable = 4
)

// Run carries out one command line and returns its exit code. A write to the streams ends soon after ctx does.
func Run(ctx context.Context, args, environ []string, stdout, stderr *os.File) int {
	return run(ctx, args, environ, outlet.New(ctx, stdout), outlet.New(ctx, stderr))
}

// errUsage marks errors of the command line itself, which say where its usage is; errStart others that keep a dashboard
// from starting. Both end with wrongUsage.
var (
	errUsage = errors.New("usage")
	errStart = errors.New("cannot start")
)

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) (code int) {
	defer func() { // the trace of the runtime would print what a stranger wrote as it is
		if r := recover(); r != nil {
			fmt.Fprintf(stderr, "holdfast: crashed: %s\n", text.CleanLines(withoutSecrets(fmt.Sprint(r))+"\n"+string(debug.Stack())))
			code = failed
		}
	}()
	cmd, err := execute(ctx, &options{args: args, environ: environ, stderr: stderr}, stdout)
	if err != nil && !errors.Is(err, errFound) {
		says := text.Clean(withoutSecrets(err.Error()))
		if errors.Is(err, errUsage) {
			says += "; see " + cmd.CommandPath() + " --help"
		}
		fmt.Fprintf(stderr, "holdfast: %s\n", says)
	}
	switch {
	case err == nil:
		return done
	case errors.Is(err, errUsage), errors.Is(err, errStart):
		return wrongUsage
	case errors.Is(err, conn.ErrPrecondition):
		return refused
	case conn.Unreachable(err) && !errors.Is(err, lookup.ErrPartial): // else the others answered
		return unreachable
	}
	return failed
}

// execute runs the verb of a command line, or completes it, and tells which command it was.
func execute(ctx context.Context, o *options, stdout io.Writer) (cmd *cobra.Command, err error) {
	root := newRoot(o)
	root.SetOut(stdout)
	root.SetErr(o.stderr)
	args := o.args
	if len(args) > 1 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		last := len(args) - 1 // is being typed
		line := verbFirst(root, args[1:last])
		args = slices.Concat(args[:1], line, args[last:])
		verb := root
		if len(line) > 0 {
			verb, _, _ = root.Find(line[:1])
		}
		if err := o.completeFlags(verb); err != nil {
			return root, err
		}
	} else {
		args = verbFirst(root, args)
	}
	root.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	var helpFailed error
	helpTo(root, stdout, &helpFailed)
	cmd, err = root.ExecuteContextC(ctx)
	return cmd, cmp.Or(err, helpFailed)
}

// withoutSecrets hides what stands where the user and password of a URL do, whoever put it into a message: a URL that
// was typed in the place of a verb is repeated as an unknown one.
func withoutSecrets(text string) string {
	from, to := strings.Index(text, "://"), strings.LastIndex(text, "@")
	if from < 0 || to < from {
		return text
	}
	return text[:from] + "://***" + text[to:]
}
