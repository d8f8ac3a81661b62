package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// manPage is docs/holdfast.1, in the macros of mdoc.
func manPage() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	root := newRoot(&options{})
	b.WriteString(`.\" Made from the code: go test ./internal/cli -run TestDocsAreCurrent -update` + "\n")
	line(".Dd $Mdocdate$")
	line(".Dt HOLDFAST 1\n.Os\n.Sh NAME\n.Nm holdfast\n.Nd dashboard for coordination state in Redis\n.Sh SYNOPSIS\n.Nm\n.Op Ar flags")
	verbs := verbsInOrder(root)
	for _, v := range verbs {
		line(".Nm\n.Cm %s", v.Name())
		for _, word := range strings.Fields(v.Use)[1:] {
			inner, optional := strings.CutPrefix(word, "[")
			flag, long := strings.CutPrefix(word, "--")
			switch {
			case optional:
				line(".Op Ar %s", strings.TrimSuffix(inner, "]"))
			case long:
				line(".Fl \\-%s", roff(flag))
			default:
				line(".Ar %s", word)
			}
		}
		line(".Op Ar flags")
	}
	line(".Sh DESCRIPTION\n%s", roff(whatItIs))
	line("Without a verb it is a dashboard on a terminal; with one it does one thing for a script.\n.Bl -tag -width Ds")
	for _, v := range verbs {
		line(".It Nm %s", roff(v.Use))
		for part := range strings.SplitSeq(long(v)+".", "\n") {
			if part != "" {
				line("%s", roff(strings.TrimSpace(part)))
			}
		}
		if own := ownFlags(v); own.HasFlags() {
			line(".Bl -tag -width Ds")
			own.VisitAll(func(f *pflag.Flag) { manFlag(line, f) })
			line(".El")
		}
	}
	line(".El\n.Sh OPTIONS\nMost verbs share these.\n.Bl -tag -width Ds")
	root.Flags().VisitAll(func(f *pflag.Flag) { manFlag(line, f) })
	line(".El\n.Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev HOLDFAST_NAME\n%s", roff(aboutFlags))
	line(".It Ev %s\nif true, completion asks the server for keys, stores and databases.\n.El", completeKeys)
	line(".Sh FILES\n.Bl -tag -width Ds")
	line(".It Pa ~/.config/holdfast/config.toml\nConnections, prefixes, keys, columns and themes; docs/config.md lists every entry.")
	line(".It Pa ~/.config/holdfast/themes/NAME.toml\nA theme of your own.\n.El\n.Sh EXIT STATUS\n.Bl -tag -width Ds")
	for _, e := range exits() {
		line(".It %d\n%s.", e.code, roff(e.meaning))
	}
	line(".El\n.Sh EXAMPLES\nLook at a server and be refused every action:\n.Pp\n.Dl holdfast \\-\\-url redis://10.0.0.5:6379/0 \\-\\-read\\-only")
	line(".Pp\nAll locks, for a script:\n.Pp\n.Dl holdfast get locks \\-o json \\-\\-connection prod\n.Sh SEE ALSO\n.Xr redis-cli 1 ,\n.Xr redis-server 1")
	return b.String()
}

func manFlag(line func(string, ...any), f *pflag.Flag) {
	kind, text := pflag.UnquoteUsage(f)
	item := ".It Fl \\-" + roff(f.Name)
	if f.Shorthand != "" {
		item = ".It Fl " + f.Shorthand + " , Fl \\-" + roff(f.Name)
	}
	if f.NoOptDefVal == "" {
		item += " Ar " + kind
	}
	if v := f.DefValue; v != "" && v != "false" && v != "[]" && v != "0s" {
		text += " (default " + v + ")"
	}
	line("%s\n%s.", item, roff(text))
}

// roff makes text mean itself: a hyphen as it is typed, and nothing at the start of a line a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}
