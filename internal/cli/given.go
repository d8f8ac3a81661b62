package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"holdfast/internal/config"
)

// What was given and would not count is an error before anything is done: nobody is to work on another server, or
// without a guard, because a word was lost.

// setOnce sets flags as they are parsed. Only a flag that is a list may have two values.
func setOnce(f *pflag.FlagSet) func(flag *pflag.Flag, value string) error {
	given := map[string]string{}
	return func(flag *pflag.Flag, value string) error {
		_, list := flag.Value.(pflag.SliceValue)
		before, twice := given[flag.Name]
		switch {
		case value == "":
			return fmt.Errorf("--%s is empty", flag.Name)
		case twice && !list && before != value:
			return fmt.Errorf("--%s is given twice, with different values", flag.Name)
		}
		given[flag.Name] = value
		return f.Set(flag.Name, value)
	}
}

// uses tells whether a flag means anything to a verb; what is no verb is not told so by its flags.
func uses(flag, verb string) bool {
	switch {
	case own[flag] != "":
		return slices.Contains(strings.Fields(own[flag]), verb)
	case flag == "help":
		return true
	case flag == "config":
		return true // names that are completed in a shell are those of one file, whatever else stands there
	case flag == "view", flag == "theme":
		return verb == "" || verb == "demo" || !isVerb(verb)
	case flag == "flush-dir", flag == "audit-file":
		return !isOffline(verb) && !slices.Contains([]string{"get", "backup", "replicate"}, verb)
	case isAddress(flag), flag == "connection":
		// A demo brings its server, a replica names it with --from.
		return !isOffline(verb) && verb != "demo" && (verb != "replicate" || flag != "url" && flag != "connection")
	}
	return !isOffline(verb)
}

// isOffline tells of the verbs that reach no server. They also serve the completion of shells, whatever is set there.
func isOffline(verb string) bool {
	return slices.Contains([]string{"version", "completion", "connections"}, verb)
}

func isVerb(name string) bool {
	return slices.ContainsFunc(verbs(), func(v verb) bool { return v.name == name })
}

// checkUse refuses a flag that the verb would not look at.
func checkUse(f *pflag.FlagSet, verb string) (err error) {
	f.Visit(func(flag *pflag.Flag) {
		switch {
		case err != nil || uses(flag.Name, verb):
		case own[flag.Name] != "":
			err = fmt.Errorf("--%s belongs to the verb %s", flag.Name, strings.ReplaceAll(own[flag.Name], " ", " or "))
		default:
			err = fmt.Errorf("%s does not use --%s", verb, flag.Name)
		}
	})
	return err
}

// checkPaths refuses a home that no shell has put in: in --to=~/x and in the environment ~ is a name like any other.
func checkPaths(f *pflag.FlagSet) (err error) {
	f.VisitAll(func(flag *pflag.Flag) {
		value := flag.Value.String()
		if err == nil && isPath(flag.Name) && strings.HasPrefix(value, "~") && (value == "~" || strings.Contains(value, "/")) {
			err = fmt.Errorf("--%s: %s: ~ is not expanded here; write the whole path, or ./~ for a file of that name", flag.Name, value)
		}
	})
	return err
}

func isPath(flag string) bool {
	return slices.Contains([]string{"password-file", "tls-ca", "tls-cert", "tls-key", "config", "flush-dir", "audit-file", "log-file", "file", "to"}, flag)
}

const environPrefix = "HOLDFAST_"

// variable is the name of a flag in the environment.
func variable(flag string) string {
	return environPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment fills the flags that were not given from HOLDFAST_NAME. A variable that no flag has is an error, and
// one that is empty; those of other verbs, which share the environment, are not looked at.
func fromEnvironment(f *pflag.FlagSet, verb string, environ []string) (err error) {
	values := map[string]string{}
	for _, kv := range environ {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, environPrefix) {
			values[name] = value
		}
	}
	if !isOffline(verb) {
		if err := checkVariables(f, values); err != nil {
			return err
		}
	}
	named := f.Changed("connection") // on the command line: its server is not that of the environment
	f.VisitAll(func(flag *pflag.Flag) {
		name := variable(flag.Name)
		value, there := values[name]
		if !there || flag.Changed || err != nil || !uses(flag.Name, verb) || named && isAddress(flag.Name) {
			return
		}
		each := []string{value}
		if flag.Name == "url" {
			each = splitURLs(value)
		}
		if value == "" || len(each) == 0 {
			err = fmt.Errorf("%s is empty: unset it, or give it a value", name)
		}
		for _, v := range each {
			if err == nil {
				if err = f.Set(flag.Name, v); err != nil {
					err = fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	})
	return err
}

// checkVariables refuses the first variable that no flag has, and says which name is nearest.
func checkVariables(f *pflag.FlagSet, values map[string]string) error {
	var known, unknown []string
	f.VisitAll(func(flag *pflag.Flag) { known = append(known, variable(flag.Name)) })
	for name := range values {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	name := slices.Min(unknown)
	return fmt.Errorf("unknown environment variable %s: did you mean %s?", name, config.Nearest(name, known))
}
