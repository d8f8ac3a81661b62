package views

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui"
)

// maxCell is how wide a cell of a table can be: one value of a megabyte would pad every line to that. JSON and CSV have
// all of it.
const maxCell = 120

// shown is a member as clean text for people.
func (m member) shown() string {
	if m.value == (notKnown{}) {
		return "?"
	}
	return text.Clean(m.cell())
}

// short cuts a text to a cell, without looking at all of it.
func short(s string) string {
	const enough = maxCell * utf8.UTFMax * 4 // a cluster may have several characters
	if len(s) > enough {
		s = strings.ToValidUTF8(s[:enough], "") + "…"
	}
	return ansi.Truncate(text.Clean(s), maxCell, "…")
}

// printTable writes aligned columns for people, every cell safe for a terminal.
func (v View) printTable(out io.Writer, rows live.Rows, at tui.Clock, rawKey func(string) string) error {
	lines := make([][]string, 0, rows.Len()+1)
	head := make([]string, len(v.Fields))
	for i, f := range v.Fields {
		head[i] = strings.ToUpper(f.Name)
	}
	lines = append(lines, head)
	for i := range rows.Len() {
		r := rows.At(i)
		if err := r.Problem(); err != nil {
			lines = append(lines, []string{short(rawKey(r.ID())), "error: " + text.Clean(err.Error())})
			continue
		}
		cells := make([]string, len(v.Fields))
		for n, m := range v.object(r, at, rawKey)[:len(v.Fields)] {
			if cells[n] = "?"; m.value != (notKnown{}) {
				cells[n] = short(m.cell())
			}
		}
		lines = append(lines, cells)
	}
	widths := make([]int, len(head))
	for _, cells := range lines {
		for i, c := range cells[:len(cells)-1] { // the last cell of a line needs no room
			widths[i] = max(widths[i], ansi.StringWidth(c))
		}
	}
	for _, cells := range lines {
		for i, c := range cells[:len(cells)-1] {
			fmt.Fprint(out, c, strings.Repeat(" ", widths[i]-ansi.StringWidth(c)+2))
		}
		if _, err := fmt.Fprintln(out, cells[len(cells)-1]); err != nil {
			return err
		}
	}
	return nil
}
