package config

import (
	"fmt"
	"strings"
)

// docs is docs/config.md.
func docs() string {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, s := range schema() {
		title := "`[" + s.name + "]`"
		if s.name == "" {
			title = "The top"
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", title, s.about)
		if len(s.entries) == 0 {
			continue
		}
		b.WriteString("\n| Entry | Meaning | Value | Example |\n|---|---|---|---|\n")
		for _, e := range s.entries {
			fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", e.name, e.help, e.kind.name, e.example)
		}
	}
	return b.String()
}

const docsHead = `# Configuration

The file is ` + "`holdfast/config.toml`" + ` in the user's configuration folder (` + "`$XDG_CONFIG_HOME`, else `~/.config`" + `), or the one that ` + "`--config`" + ` names. It is
[TOML](https://toml.io):

` + "```toml" + `
connection = "dev"
theme = "night"

[connections.dev]
url = "redis://127.0.0.1:6379/0"

[connections.prod]
url = ["rediss://10.0.0.5:7000", "rediss://10.0.0.6:7000"]
cluster = true
username = "ops"
password-file = "~/.prod-pass"
read-only = true
colour = "bad"
prefixes = { buffer = "shop:buf:" }

[keys]
flush = ["F"]

[columns]
locks = ["TTL", "TOKEN"]

[themes.night]
based-on = "dark"
accent = "#ffb86c"
` + "```" + `

A flag overrides the environment, which overrides the connection, which overrides the top of the file. A server's address and its
credentials belong together: with ` + "`--connection`" + `, or after a switch in the palette, the server's address, user, password and certificates come
from the connection (and the flags beside it), never from the environment; ` + "`--url` and `--connection`" + ` together are an error.
The ` + "`connection`" + ` of the file applies if no server is named otherwise.

Paths are relative to the folder of the file, or to your home directory with ` + "`~/`" + `. Passwords are kept in a ` + "`password-file`" + ` or in the URL and are never shown.
Holdfast refuses to start if the file contains an unknown or wrong entry; the error names the file, the line, the valid values and the nearest one.
`
