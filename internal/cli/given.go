package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast/core/suggest"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What was given and would not count is an error before anything is done: nobody is to work on another server, or
// without a guard, because a word was lost.

// once is a flag that is not given an empty value, nor two different ones unless it is a list.
type once struct {
	pflag.Value
	name, given string
}

func setOnce(f *pflag.Flag) {
	f.Value = &once{Value: f.Value, name: f.Name}
	if f.DefValue == "[]" || f.DefValue == "0s" { // which pflag shows as a default of a type that is not its own
		f.DefValue = ""
	}
}

// errGiven is wrong whatever the type of the flag.
type errGiven string

func (e errGiven) Error() string { return string(e) }

func (v *once) Set(value string) error {
	_, list := v.Value.(pflag.SliceValue)
	switch {
	case value == "":
		return errGiven("--" + v.name + " is empty")
	case v.given != "" && v.given != value && !list:
		return errGiven("--" + v.name + " is given twice, with different values")
	}
	v.given = value
	return v.Value.Set(value)
}

// reset is as if it had not been given.
func (v *once) reset(usual string) error {
	v.given = ""
	if list, ok := v.Value.(pflag.SliceValue); ok {
		return list.Replace(nil)
	}
	return v.Value.Set(usual)
}

// flagError says what is wrong with a flag of a command line in one line.
func flagError(cmd *cobra.Command, err error) error {
	if given, ok := errors.AsType[errGiven](err); ok {
		return fmt.Errorf("%w: %w", errUsage, given)
	}
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	name := unknown.GetSpecifiedName()
	var verbs, known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	for _, c := range allCommands(cmd.Root()) {
		f := c.Flags().Lookup(name)
		if f == nil && len(name) == 1 {
			f = c.Flags().ShorthandLookup(name)
		}
		switch {
		case f == nil:
		case isShared(f):
			return fmt.Errorf("%w: %s does not use --%s", errUsage, cmd.Name(), f.Name)
		default:
			verbs, name = append(verbs, c.Name()), f.Name
		}
	}
	if len(verbs) > 0 {
		return fmt.Errorf("%w: --%s belongs to the verb %s", errUsage, name, strings.Join(verbs, " or "))
	}
	return fmt.Errorf("%w: %w%s", errUsage, err, strings.Replace(suggest.DidYouMean(name, known), "mean ", "mean --", 1))
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

const environPrefix = "HOLDFAST_"

// variable is the name of a flag in the environment.
func variable(flag string) string {
	return environPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// variables are those of the environment that are ours.
func variables(environ []string) map[string]string {
	values := map[string]string{}
	for _, kv := range environ {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, environPrefix) {
			values[name] = value
		}
	}
	return values
}

// fromEnvironment fills the flags that were not given from HOLDFAST_NAME. One that is empty is an error; those of other
// verbs, which share the environment, are not looked at.
func fromEnvironment(f *pflag.FlagSet, environ []string) (err error) {
	values := variables(environ)
	named := f.Changed("connection") // on the command line: its server is not that of the environment
	f.VisitAll(func(flag *pflag.Flag) {
		name := variable(flag.Name)
		value, there := values[name]
		if !there || flag.Changed || err != nil || named && isAddress(flag.Name) {
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

// splitURLs reads a list of URLs with spaces or commas between them. A comma inside a URL is left alone.
func splitURLs(list string) []string {
	for _, scheme := range []string{"redis://", "rediss://", "unix://"} {
		list = strings.ReplaceAll(list, ","+scheme, " "+scheme)
	}
	return strings.Fields(list)
}

// checkVariables refuses the first variable that no flag has, and says which name is nearest. Completion has some, too.
func checkVariables(cmd *cobra.Command, environ []string) error {
	known := []string{completeKeys, environPrefix + "COMPLETION_DESCRIPTIONS", environPrefix + "ACTIVE_HELP"}
	for _, c := range allCommands(cmd.Root()) {
		c.Flags().VisitAll(func(flag *pflag.Flag) { known = append(known, variable(flag.Name)) })
	}
	var unknown []string
	for name := range variables(environ) {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	name := slices.Min(unknown)
	return fmt.Errorf("%w: unknown environment variable %s: did you mean %s?", errUsage, name, suggest.Nearest(name, known))
}
