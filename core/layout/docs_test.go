package layout_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"holdfast/core/layout"
)

var update = flag.Bool("update", false, "write docs/layouts.md")

// docs/layouts.md is made of the types of the language, of the presets and of the text below.
func TestDocsAreCurrent(t *testing.T) {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, part := range []struct {
		title, about string
		of           any
	}{
		{"A layout: `[[layout]]`", "", layout.Layout{}},
		{"A column", "One of `columns`.", layout.Column{}},
		{"A link", "One of `links`.", layout.Link{}},
		{"`release`", "", layout.Release{}},
		{"`bump`", "", layout.Bump{}},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n", part.title)
		if part.about != "" {
			fmt.Fprintf(&b, "%s\n\n", part.about)
		}
		b.WriteString("| Entry | Meaning |\n|---|---|\n")
		for _, e := range layout.Entries(part.of) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", e.Name, strings.ReplaceAll(e.Help, "|", "\\|"))
		}
	}
	b.WriteString(docsPresets)
	for _, spec := range layout.Presets() {
		keys := "given in the configuration"
		if len(spec.Keys) > 0 {
			keys = "`" + strings.Join(spec.Keys, "`, `") + "`"
		}
		checked := "from facts"
		if spec.Checked == "run" {
			checked = "with the library"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", spec.Name, spec.View, spec.About, strings.ReplaceAll(keys, "|", "\\|"), checked)
	}
	const path = "../../docs/layouts.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != b.String() {
		t.Errorf("%s is not current: go test ./core/layout -run TestDocsAreCurrent -update", path)
	}
}

const docsHead = `# Layouts

A layout tells holdfast where a library or a service of yours keeps its state in Redis, and what that state means. It is a TOML file; no code
is needed. The rows that it describes appear in the views that exist, or in a view of their own, and everything that works for other rows works for them:
filter, sort, ` + "`holdfast get`" + `, details, and the actions that the layout allows.

Layouts of well-known libraries are built in ([below](#presets)). Yours are files ` + "`layouts/*.toml`" + ` beside the configuration file. A layout with a
mistake is left out with an error that names the file, the line and what may stand there; everything else works.

` + "```" + `
holdfast layouts                  the layouts in use, and how many keys of the server each matches
holdfast layouts check FILE       what a file makes of the server's keys, row by row, and why some keys do not fit
holdfast layouts suggest          which presets fit the server's keys
` + "```" + `

## An example

A print service keeps a hash for each job, ` + "`print:FLOOR:job:ID`" + `, and a list of its log lines, ` + "`print:FLOOR:log:ID`" + `:

` + "```toml" + `
[[layout]]
name = "printers"
view = "printers"
keys = ["print:{floor}:job:{id}", "print:{floor}:log:{id}"]
type = "hash"
columns = [
  { name = "job",   from = "part", part = "id" },
  { name = "owner", from = "field", field = "doc", pointer = "/owner/name" },
  { name = "since", from = "field", field = "at", type = "time", format = "unix-ms" },
  { name = "lines", from = "length", key = "print:{floor}:log:{id}", of = "list", type = "int" },
]
` + "```" + `

A lock is simpler. The view ` + "`locks`" + ` has its columns and their types already (the names are those of ` + "`holdfast get locks -o json`" + `):

` + "```toml" + `
[[layout]]
name = "report-locks"
view = "locks"
keys = ["report:{name}:lock"]
type = "string"
release = { how = "compare-and-delete", then = "the next report starts within a minute" }
columns = [
  { name = "token",  from = "value" },
  { name = "holder", from = "value", pattern = "^(?P<holder>[^/]+)/" },
  { name = "ttl_ms", from = "ttl" },
]
` + "```" + `

## Sources

What ` + "`from`" + ` may be. Where a column has ` + "`key`" + `, that key is read instead of the row's first one.

| Source | Value |
|---|---|
| ` + "`part`" + ` | a part of the key |
| ` + "`key`" + ` | the whole key |
| ` + "`value`" + ` | a string; of a row that is a field, the field's value |
| ` + "`field`" + ` | a field of a hash |
| ` + "`member`" + ` | of a row that is a field or a member, its name |
| ` + "`score`" + ` | the score of a member of a sorted set |
| ` + "`length`" + ` | how many elements a key has; the bytes of a string |
| ` + "`ttl`" + ` | the time to live |
| ` + "`first`, `last`" + ` | the first or last element of a list or sorted set |
| ` + "`first-score`, `last-score`" + ` | the lowest or highest score of a sorted set |
| ` + "`contains`" + ` | whether a set, sorted set or hash has a member |
| ` + "`exists`" + ` | whether a key exists |
| ` + "`text`" + ` | a text of parts and of columns above |

The value is then decoded (` + "`decode`" + `), looked into (` + "`pointer`, `pattern`" + `), renamed (` + "`words`" + `) and read as the type of its column. What is missing is left empty; what is
not as described makes the row unreadable, with the reason.

A column can use another one in ` + "`key`, `field`, `member` and `text`" + `: ` + "`{name}`" + ` is a part of the key or a column above it. A name that begins with ` + "`_`" + ` is not shown. A row is read in at
most three pipelined trips, so such a chain has at most three links.

Rows may be the fields of a hash or the members of a set, list or sorted set (` + "`rows`" + `). Of a large one the first ` + "`max`" + ` are read, and a row says how many there are.
`

const docsPresets = `
## Presets

They are on, and show rows where a server has their keys. ` + "`[layouts]`" + ` in the [configuration](config.md) turns one off or gives it other keys; a preset whose library leaves the
choice of keys to you needs them there:

` + "```toml" + `
[layouts]
rq = []                          # off
redsync = ["mutex:{name...}"]    # where your locks lie
` + "```" + `

` + "`holdfast layouts -o json`" + ` lists for each the ACL rules that suffice to watch it.

| Layout | View | About | Keys | Checked |
|---|---|---|---|---|
`
