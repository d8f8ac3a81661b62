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
	b.WriteString(`.\" Made from the code: go test . -run TestDocsAreCurrent -update` + "\n")
	line(".Dd $Mdocdate$")
	line(".Dt HOLDFAST 1\n.Os\n.Sh NAME\n.Nm holdfast\n.Nd dashboard for coordination state in Redis\n.Sh SYNOPSIS")
	for _, v := range verbs() {
		line(".Nm")
		if v.name != "" {
			line(".Cm %s", v.name)
		}
		for word := range strings.FieldsSeq(v.args) {
			if inner, ok := strings.CutPrefix(word, "["); ok {
				line(".Op Ar %s", strings.TrimSuffix(inner, "]"))
			} else {
				line(".Ar %s", word)
			}
		}
		for word := range strings.FieldsSeq(v.flags) {
			if flag, ok := strings.CutPrefix(word, "--"); ok {
				line(".Fl \\-%s", roff(flag))
			} else {
				line(".Ar %s", word)
			}
		}
		line(".Op Ar flags")
	}
	line(".Sh DESCRIPTION\n%s", roff(whatItIs))
	line("Without a verb it is a dashboard on a terminal; with one it does one thing for a script.\n.Bl -tag -width Ds")
	for _, v := range verbs() {
		line(".It Nm %s\n%s.", roff(strings.TrimPrefix(v.synopsis(), "holdfast ")), roff(v.help))
	}
	line(".El\n.Sh OPTIONS\n%s.\n.Bl -tag -width Ds", roff(strings.ToUpper(aboutFlags[:1])+aboutFlags[1:]))
	flagSet(&options{}).VisitAll(func(f *pflag.Flag) {
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
	})
	line(".El\n.Sh FILES\n.Bl -tag -width Ds")
	line(".It Pa ~/.config/holdfast/config.toml\nConnections, prefixes, keys, columns and themes; docs/config.md lists every entry.")
	line(".It Pa ~/.config/holdfast/themes/NAME.toml\nA theme of your own.\n.El\n.Sh EXIT STATUS\n.Bl -tag -width Ds")
	for _, e := range exits() {
		line(".It %d\n%s.", e.code, roff(e.meaning))
	}
	line(".El\n.Sh EXAMPLES\nLook at a server and be refused every action:\n.Pp\n.Dl holdfast \\-\\-url redis://10.0.0.5:6379/0 \\-\\-read\\-only")
	line(".Pp\nAll locks, for a script:\n.Pp\n.Dl holdfast get locks \\-o json \\-\\-connection prod\n.Sh SEE ALSO\n.Xr redis-cli 1 ,\n.Xr redis-server 1")
	return b.String()
}

// roff makes text mean itself: a hyphen as it is typed, and nothing at the start of a line a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}
