package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"holdfast/internal/config"
)

// parse reads flags, environment and configuration file, each of which leaves alone what those before it have set. A flag
// of another verb is an error, as an unknown one is; in the environment, which all verbs share, it is none.
func parse(ctx context.Context, args []string, environ []string) (o options, verb string, rest []string, usage string, err error) {
	return parseFor(ctx, "", args, environ)
}

// parseFor is parse for a connection that was asked for since; what args say of a server is that of another then.
func parseFor(ctx context.Context, connection string, args, environ []string) (o options, verb string, rest []string, usage string, err error) {
	f := flagSet(&o)
	usage = usageHead() + f.FlagUsages()
	if err = f.ParseAll(args, setOnce(f)); err != nil {
		return o, "", nil, usage, fmt.Errorf("%w: %w", errUsage, err)
	}
	if f.NArg() > 0 {
		verb, rest = f.Arg(0), f.Args()[1:]
	}
	if o.help {
		return o, verb, rest, usage, nil
	}
	err = checkUse(f, verb)
	if err == nil && connection != "" {
		err = moveTo(f, connection)
	}
	if err == nil {
		err = fromEnvironment(f, verb, environ)
	}
	if err == nil {
		err = checkPaths(f)
	}
	if err != nil {
		return o, verb, rest, usage, fmt.Errorf("%w: %w", errUsage, err)
	}
	o.reconnect = func(name string) (options, error) {
		other, _, _, _, err := parseFor(ctx, name, args, environ)
		other.stderr = o.stderr
		return other, err
	}
	if verb != "version" && verb != "completion" {
		err = o.configure(ctx, f, verb)
	}
	return o, verb, rest, usage, err
}

// isAddress tells whether a flag says where a server is or who we are there. These go together: the password for one
// server is not sent to another.
func isAddress(flag string) bool {
	return slices.Contains([]string{"url", "cluster", "sentinel-master", "username", "password-file", "tls-ca", "tls-cert", "tls-key", "tls-server-name"}, flag)
}

// moveTo forgets the flags of the server that was, and takes a connection.
func moveTo(f *pflag.FlagSet, connection string) (err error) {
	f.Visit(func(flag *pflag.Flag) {
		if list, ok := flag.Value.(pflag.SliceValue); ok && isAddress(flag.Name) {
			err = errors.Join(err, list.Replace(nil))
			flag.Changed = false
		} else if isAddress(flag.Name) {
			err = errors.Join(err, flag.Value.Set(flag.DefValue))
			flag.Changed = false
		}
	})
	return errors.Join(err, f.Set("connection", connection))
}

// configure fills the flags that nobody has set from the configuration file: from the connection, then from its top.
func (o *options) configure(ctx context.Context, f *pflag.FlagSet, verb string) (err error) {
	if o.conf, err = config.Load(ctx, o.config); err != nil {
		return fmt.Errorf("%w: %w", errStart, err)
	}
	server := "" // the flag that names one
	for _, name := range []string{"url", "from"} {
		if f.Changed(name) {
			server = name
		}
	}
	switch {
	case verb == "demo":
		o.connection = "" // it brings its own server
	case o.connection == "" && server == "":
		o.connection = o.conf.Connection
	case o.connection != "" && server != "":
		return fmt.Errorf("%w: --connection and --%s both name a server (each may come from the environment); take one", errUsage, server)
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
