// Package cli is the command line of holdfast: flags, configuration, verbs and wiring, and no logic.
package cli

import (
	"holdfast/internal/text"

	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"holdfast/core/conn"
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
	return run(ctx, args, environ, outlet{ctx, stdout}, outlet{ctx, stderr})
}

// errUsage marks errors of the command line itself, which say where its usage is; errStart others that keep a dashboard
// from starting. Both end with wrongUsage.
var (
	errUsage = errors.New("usage")
	errStart = errors.New("cannot start")
)

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	o, verb, rest, usage, err := parse(ctx, args, environ)
	o.stderr = stderr
	switch {
	case err != nil:
	case o.help:
		_, err = fmt.Fprint(stdout, usage)
	default:
		err = o.dispatch(ctx, verb, rest, stdout)
	}
	if err != nil {
		says := text.Clean(withoutSecrets(err.Error()))
		if errors.Is(err, errUsage) {
			says += "; see holdfast --help"
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
	case conn.Unreachable(err) && !errors.Is(err, errPartial): // else the others answered
		return unreachable
	}
	return failed
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

// verb is one thing that the command does.
type verb struct {
	name, args string // args is the synopsis of its arguments
	flags      string // that it cannot do without
	help       string
	run        func(options, context.Context, []string, io.Writer) error
}

// verbs is the registry of them; without a name stands the dashboard. The usage, the manual and the scripts for shells
// are made from it.
func verbs() []verb {
	return []verb{
		{"", "", "", "the dashboard on --connection or --url", options.dashboard},
		{"demo", "", "", "the dashboard on an embedded Redis with a live workload", options.demo},
		{"get", "VIEW [KEY]", "", "print a view, or one row whole; with kv DB the pairs of a KV database, with kv DB:KEY one pair", options.get},
		{"flush", "STORE", "", "write a buffer, and batches left by earlier flushes, to --flush-dir, then delete them; prints the files, " +
			"none if there is nothing to persist", options.flush},
		{"bump", "NAMESPACE KEY", "", "raise a generation; prints it", options.bump},
		{"lock", "KEY", "--ttl D", "take a lock; prints its token and fence", options.lock},
		{"unlock", "KEY", "--token T", "release a lock that this token holds", options.unlock},
		{"edit", "VIEW KEY", "--file F", "replace a document by compare-and-set; binary as base64. A text with another version than the stored one " +
			"is refused. With kv DB:KEY it replaces the value of a pair in a KV database and keeps its expiry", options.edit},
		{"backup", "DB FILE", "", "write a KV database to a new file; prints its change number and its number of pairs. If FILE is -, " +
			"the backup goes to standard output and these to standard error", options.backup},
		{"restore", "DB FILE", "", "restore a KV database from a backup, verified to its end before anything is written; a database that ever had a " +
			"change is refused without --replace; prints the same. FILE may be - for standard input", options.restore},
		{"replicate", "", "--from URL --db DB --to DIR", "keep a replica of a KV database in a folder until interrupted; a later run " +
			"resumes. It reports its progress to the database, except with --read-only. A replica of another history is " +
			"refused without --replace", options.replicate},
		{"connections", "", "", "print the names of the connections in the configuration file", options.connections},
		{"version", "", "", "print the version", options.version},
		{"completion", "SHELL", "", "print a completion script for bash, zsh or fish", options.completion},
	}
}

func (o options) dispatch(ctx context.Context, name string, args []string, stdout io.Writer) error {
	for _, v := range verbs() {
		if v.name != name {
			continue
		}
		if least, most := arity(v.args); len(args) < least || len(args) > most {
			return fmt.Errorf("%w: %d arguments for: holdfast %s %s", errUsage, len(args), name, v.args)
		}
		return v.run(o, ctx, args, stdout)
	}
	return fmt.Errorf("%w: unknown verb %q", errUsage, name)
}

// arity counts the words of a synopsis, those in brackets being optional.
func arity(synopsis string) (least, most int) {
	word := false
	for _, c := range synopsis + " " {
		switch {
		case c == '[':
			least--
		case c == ' ' && word:
			least++
			most++
		}
		word = c != ' '
	}
	return least, most
}

func (o options) version(_ context.Context, _ []string, stdout io.Writer) error {
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
	_, err := fmt.Fprintf(stdout, "holdfast %s%s\n", v, sum)
	return err
}
