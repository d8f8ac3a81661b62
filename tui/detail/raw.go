package detail

import (
	"fmt"

	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/themes"
)

// RawLines are the beginning of a key, a line each.
func RawLines(raw operate.Raw) (lines []string) {
	size := "elements"
	if raw.Type == "string" {
		size = "bytes"
	}
	lines = append(lines, fmt.Sprintf("%s, %s %s:", raw.Type, text.Count(int(raw.Size)), size))
	if raw.Type == "hash" || raw.Type == "zset" {
		for i := 0; i+1 < len(raw.Head); i += 2 {
			lines = append(lines, "  "+text.Line(raw.Head[i])+"  "+text.Line(raw.Head[i+1]))
		}
		return lines
	}
	for _, one := range raw.Head {
		lines = append(lines, "  "+text.Line(one))
	}
	return lines
}

// asStored shows the key of a row that cannot be read.
func (d *Pane) asStored(th themes.Theme, w int) []string {
	if d.raw.Key == "" {
		return nil
	}
	lines := heading(th, "As stored in "+text.Line(d.raw.Key))
	for _, l := range RawLines(d.raw) {
		lines = append(lines, text.Styled(th.Text, text.Wrap(l, w))...)
	}
	return lines
}
