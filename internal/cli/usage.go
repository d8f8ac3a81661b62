package cli

import (
	"fmt"
	"strings"
)

const whatItIs = "holdfast shows and operates the coordination state that services keep in Redis."

// exit is what an exit code says.
type exit struct {
	code    int
	meaning string
}

func exits() []exit {
	return []exit{
		{done, "done"}, {failed, "failed, or the output lacks rows"}, {wrongUsage, "wrong usage or configuration"},
		{refused, "refused by a precondition (held, changed, read-only)"}, {unreachable, "server unreachable"},
	}
}

const aboutFlags = "each also as HOLDFAST_NAME in the environment; unknown or empty variables are errors; HOLDFAST_URL may hold several URLs, separated by spaces"

// synopsis is how a verb is called.
func (v verb) synopsis() string {
	return strings.Join(strings.Fields("holdfast "+v.name+" "+v.args+" "+v.flags), " ")
}

// usageHead is the usage up to the flags.
func usageHead() string {
	const column, width = 34, 124
	var b strings.Builder
	b.WriteString(whatItIs + "\n\n")
	for _, v := range verbs() {
		lead := fmt.Sprintf("  %-*s", column-2, v.synopsis())
		if len(lead) > column {
			b.WriteString(lead + "\n")
			lead = strings.Repeat(" ", column)
		}
		for _, line := range wrapWords(v.help, width-column) {
			b.WriteString(lead + line + "\n")
			lead = strings.Repeat(" ", column)
		}
	}
	var codes []string
	for _, e := range exits() {
		codes = append(codes, fmt.Sprintf("%d %s", e.code, e.meaning))
	}
	fmt.Fprintf(&b, "\nExit codes: %s.\n\nFlags (%s):\n", strings.Join(codes, ", "), aboutFlags)
	return b.String()
}

// wrapWords breaks a text into lines of at most width bytes, where its words allow it.
func wrapWords(text string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last >= 0 && len(lines[last])+1+len(word) <= width {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
