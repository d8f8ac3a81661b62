package overlay

import (
	"fmt"
	"strings"

	"holdfast/internal/text"
	"holdfast/themes"
)

// maxSpelled is how many commands a question spells out.
const maxSpelled = 20

// sends lists commands as they will be sent.
func sends(th themes.Theme, commands []string, w int) []string {
	lines := []string{"", th.Muted.Render("sends")}
	for i, cmd := range commands {
		if i == maxSpelled {
			return append(lines, th.Muted.Render(fmt.Sprintf("  and %d more commands", len(commands)-i)))
		}
		for n, part := range text.Wrap(text.Line(cmd), w-4) {
			indent := "  "
			if n > 0 {
				indent = "    "
			}
			lines = append(lines, indent+th.JSONString.Render(part))
		}
	}
	return lines
}

func diffLines(th themes.Theme, diff []string, w int) []string {
	lines := make([]string, len(diff))
	for i, l := range diff {
		style := th.Text
		switch {
		case strings.HasPrefix(l, "!"):
			style = th.Warn
		case strings.HasPrefix(l, "+"):
			style = th.Good
		case strings.HasPrefix(l, "-"):
			style = th.Bad
		}
		lines[i] = style.Render(text.Cut(text.Line(strings.ReplaceAll(l, "\t", "    ")), w))
	}
	return lines
}
