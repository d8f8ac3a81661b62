package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"holdfast/themes"
	"holdfast/tui"
	"holdfast/views"
)

// completion prints a script for a shell, made from the verbs, the flags and the views. The names of connections are asked
// for as they are completed.
func (o options) completion(_ context.Context, args []string, stdout io.Writer) error {
	scripts := map[string]func() string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}
	script, ok := scripts[args[0]]
	if !ok {
		return fmt.Errorf("%w: unknown shell %q: one of %s", errUsage, args[0], shells)
	}
	_, err := io.WriteString(stdout, script())
	return err
}

const shells = "bash zsh fish"

// words that an argument of a verb or a flag may be; where there are none, any file may stand.
func words() (arguments, flags map[string]string) {
	var editable []string
	for _, v := range views.All() {
		edited := slices.ContainsFunc(v.Actions, func(a tui.Action) bool { return a.Edit })
		if v.Name == "kv" || edited && v.Parent == "" {
			editable = append(editable, v.Name)
		}
	}
	return map[string]string{"get": views.Names(), "edit": strings.Join(editable, " "), "completion": shells},
		map[string]string{"view": views.Names(), "theme": strings.Join(themes.Names(), " "), "output": "table json jsonl csv"}
}

// verbNames are all but that of the dashboard, which has none.
func verbNames() string {
	var names []string
	for _, v := range verbs() {
		if v.name != "" {
			names = append(names, v.name)
		}
	}
	return strings.Join(names, " ")
}

// eachFlag visits the flags in the order of their names. values are the words that may follow; takes tells whether
// anything does.
func eachFlag(visit func(f *pflag.Flag, values string, takes bool)) {
	_, values := words()
	flagSet(&options{}).VisitAll(func(f *pflag.Flag) {
		visit(f, values[f.Name], f.NoOptDefVal == "")
	})
}

// bashWords says which words of the line there are. Bash splits at = and :, too, which stand in flags and URLs; what it
// then replaces begins behind the last of them.
const bashWords = `  local line=${COMP_LINE:0:COMP_POINT} cur prev lead='' verb='' at=0 words='' i
  local -a typed=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
  if [ -n "$line" ]; then
    read -ra typed <<< "$line"
    [[ $line == *[[:space:]] ]] && typed+=('')
  fi
  local last=$((${#typed[@]} - 1))
  cur=${typed[last]} prev=${typed[last-1]}
  if [[ $cur == --*=* ]]; then
    prev=${cur%%=*} cur=${cur#*=}
    [[ $COMP_WORDBREAKS == *=* ]] || lead=$prev=
  elif [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = ]]; then
    prev=${typed[last-2]}
  fi
  COMPREPLY=()
`

func bashScript() string {
	var b strings.Builder
	b.WriteString("# bash completion for holdfast: source <(holdfast completion bash)\n_holdfast() {\n" + bashWords)
	all := strings.Fields(verbNames())
	flagsOf := map[string][]string{}
	var takers, values []string
	eachFlag(func(f *pflag.Flag, list string, takes bool) {
		spelled := []string{"--" + f.Name}
		if f.Shorthand != "" {
			spelled = append(spelled, "-"+f.Shorthand)
		}
		for _, v := range append([]string{""}, all...) {
			if uses(f.Name, v) {
				flagsOf[v] = append(flagsOf[v], spelled...)
			}
		}
		if takes {
			takers = append(takers, spelled...)
		}
		if f.Name == "connection" {
			list = `$("${COMP_WORDS[0]}" connections 2>/dev/null)`
		}
		if list != "" {
			values = append(values, fmt.Sprintf("    %s) COMPREPLY=($(compgen -P \"$lead\" -W \"%s\" -- \"$cur\")); return ;;\n", strings.Join(spelled, "|"), list))
		}
	})
	// Which word is the verb, and how many words stand behind it; what follows a flag that takes something is none.
	fmt.Fprintf(&b, "  for ((i = 1; i < last; i++)); do\n    case ${typed[i]} in\n      %s) ((i++)) ;;\n      -*) ;;\n"+
		"      *) if [ -z \"$verb\" ]; then verb=${typed[i]}; else ((at++)); fi ;;\n    esac\n  done\n", strings.Join(takers, "|"))
	fmt.Fprintf(&b, "  case $prev in\n%s    %s) COMPREPLY=($(compgen -P \"$lead\" -f -- \"$cur\")); return ;;\n  esac\n", strings.Join(values, ""), strings.Join(takers, "|"))
	b.WriteString("  if [[ $cur == -* ]]; then\n    case $verb in\n")
	for _, v := range all {
		fmt.Fprintf(&b, "      %s) words='%s' ;;\n", v, strings.Join(flagsOf[v], " "))
	}
	fmt.Fprintf(&b, "      *) words='%s' ;;\n", strings.Join(flagsOf[""], " "))
	fmt.Fprintf(&b, "    esac\n  elif [ -z \"$verb\" ]; then\n    words='%s'\n  elif [ \"$at\" = 0 ]; then\n    case $verb in\n", verbNames())
	arguments, _ := words()
	for _, v := range all {
		if list := arguments[v]; list != "" {
			fmt.Fprintf(&b, "      %s) words='%s' ;;\n", v, list)
		}
	}
	b.WriteString("    esac\n  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n" +
		"  if [ -z \"$words\" ]; then COMPREPLY=($(compgen -f -- \"$cur\")); fi\n}\ncomplete -F _holdfast holdfast\n")
	return b.String()
}

// zshScript says the same in the words of _arguments.
func zshScript() string {
	var b strings.Builder
	b.WriteString("#compdef holdfast\n# zsh completion for holdfast: source <(holdfast completion zsh)\n_holdfast() {\n  local state line\n  _arguments -s -S \\\n")
	quote := strings.NewReplacer("'", `'\''`, "[", `\[`, "]", `\]`, ":", `\:`)
	eachFlag(func(f *pflag.Flag, list string, takes bool) {
		follows := ""
		switch {
		case f.Name == "connection":
			follows = `: :{compadd -- ${(f)"$(holdfast connections 2>/dev/null)"}}`
		case list != "":
			follows = ": :(" + list + ")"
		case takes:
			follows = ": :_files"
		}
		help := "[" + quote.Replace(f.Usage) + "]"
		repeat := ""
		if f.Value.Type() == "stringArray" {
			repeat = "*"
		}
		name := f.Name
		if takes {
			name += "=" // the value may also be a word of its own
		}
		fmt.Fprintf(&b, "    '%s--%s%s%s' \\\n", repeat, name, help, follows)
		if f.Shorthand != "" {
			fmt.Fprintf(&b, "    '-%s%s%s' \\\n", f.Shorthand, help, follows)
		}
	})
	fmt.Fprintf(&b, "    '1: :(%s)' '2: :->argument' '*: :_files'\n  [[ $state == argument ]] || return\n  case $line[1] in\n", verbNames())
	arguments, _ := words()
	for _, v := range strings.Fields(verbNames()) {
		if list := arguments[v]; list != "" {
			fmt.Fprintf(&b, "    %s) compadd -- %s ;;\n", v, list)
		}
	}
	b.WriteString("    *) _files ;;\n  esac\n}\nif [ \"$funcstack[1]\" = _holdfast ]; then _holdfast \"$@\"; else compdef _holdfast holdfast; fi\n")
	return b.String()
}

// verbsWithout are those that do not use a flag.
func verbsWithout(flag string) []string {
	return slices.DeleteFunc(strings.Fields(verbNames()), func(v string) bool { return uses(flag, v) })
}

func fishScript() string {
	var b strings.Builder
	quote := strings.NewReplacer(`\`, `\\`, "'", `\'`)
	b.WriteString("# fish completion for holdfast: holdfast completion fish | source\n")
	none := "not __fish_seen_subcommand_from " + verbNames()
	fmt.Fprintf(&b, "complete -c holdfast -f -n '%s' -a '%s'\n", none, verbNames())
	arguments, _ := words()
	for _, v := range strings.Fields(verbNames()) {
		if list := arguments[v]; list != "" {
			fmt.Fprintf(&b, "complete -c holdfast -f -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from %s' -a '%s'\n", v, list, list)
		}
	}
	eachFlag(func(f *pflag.Flag, list string, takes bool) {
		fmt.Fprintf(&b, "complete -c holdfast -l %s", f.Name)
		if f.Shorthand != "" {
			fmt.Fprintf(&b, " -s %s", f.Shorthand)
		}
		if only := own[f.Name]; only != "" {
			fmt.Fprintf(&b, " -n '__fish_seen_subcommand_from %s'", only)
		} else if others := verbsWithout(f.Name); len(others) > 0 {
			fmt.Fprintf(&b, " -n 'not __fish_seen_subcommand_from %s'", strings.Join(others, " "))
		}
		switch {
		case f.Name == "connection":
			b.WriteString(" -x -a '(holdfast connections 2>/dev/null)'")
		case list != "":
			fmt.Fprintf(&b, " -x -a '%s'", list)
		case takes:
			b.WriteString(" -r")
		}
		fmt.Fprintf(&b, " -d '%s'\n", quote.Replace(f.Usage))
	})
	return b.String()
}
