package keymap

import (
	"fmt"
	"io"
	"strings"
)

// WriteDocs writes the whole map as a Markdown page.
func (m *Map) WriteDocs(w io.Writer) error {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, s := range scopes() {
		fmt.Fprintf(&b, "\n## %s\n\n", s.Title)
		if s.Parent != "" {
			fmt.Fprintf(&b, "The keys of \"%s\" work here, too.\n\n", describe(s.Parent).Title)
		}
		b.WriteString("| Key | Name | What it does |\n|---|---|---|\n")
		for _, one := range m.bindings {
			if one.Scope == s.Scope {
				fmt.Fprintf(&b, "| %s | `%s` | %s |\n", codes(one.Keys), one.Action, what(one))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const docsHead = `# Keys

These are the defaults. Each action can have other keys, or none, in the configuration file:

` + "```toml" + `
[keys]
flush = ["F"]          # another key
page-down = ["pgdown", "J"]
undo = []              # no key: the palette still has it
` + "```" + `

A key is a character as it is typed (` + "`f`, `G`, `?`" + `) or the name of one (` + "`enter`, `esc`, `tab`, `space`, `backspace`, `delete`, `up`," + `
` + "`pgdown`, `home`, `f5`" + `), with ` + "`ctrl+`, `alt+`, `shift+`" + ` before it in this order. One key for two actions where both would hear it
is an error at start that names both. What changes the server goes on no bare ctrl chord.
`

func codes(keys []string) string {
	if len(keys) == 0 {
		return "none"
	}
	var all []string
	for _, key := range keys {
		switch key {
		case "`":
			all = append(all, "`` ` ``")
		default:
			all = append(all, "`"+strings.ReplaceAll(key, "|", `\|`)+"`")
		}
	}
	return strings.Join(all, ", ")
}

func what(b Binding) string {
	text := b.Help
	if b.Dangerous {
		text += " (**changes the server**)"
	}
	if len(b.Shadows) > 0 {
		var wider []string
		for _, a := range b.Shadows {
			wider = append(wider, "`"+string(a)+"`")
		}
		text += " (here instead of " + strings.Join(wider, ", ") + ")"
	}
	return text
}
