package overlay

import (
	"strings"

	"charm.land/lipgloss/v2"

	"holdfast/internal/text"
)

// A line of the editor in the rows of the screen that it takes.

// editRow is a part of a line.
type editRow struct {
	text  string
	from  int  // its first byte in the line
	last  bool // of the line: the cursor may stand behind it
	cells int
}

type editRows []editRow

// tabStop is how many cells apart the places are that a tab leads to.
const tabStop = 4

// drawn is a unit as the editor shows it from a cell of a row on.
func drawn(shown, raw string, cell int) string {
	if raw == "\t" {
		return strings.Repeat(" ", tabStop-cell%tabStop)
	}
	return shown
}

// layRows breaks a line into rows of at most width cells. One at least has room for the cursor behind the text.
func layRows(says string, width int) editRows {
	var out editRows
	if text.Printable(says) { // as most text is: nothing has to be looked at
		for from := 0; ; from += width {
			end := min(len(says), from+width)
			last := len(says)-from < width
			out = append(out, editRow{says[from:end], from, last, end - from})
			if last {
				return out
			}
		}
	}
	row := editRow{}
	end := 0
	for raw, shown := range text.Units(says) {
		cells := text.Width(drawn(shown, raw, row.cells))
		if row.cells > 0 && row.cells+cells > width {
			out = append(out, row)
			row = editRow{from: end}
			cells = text.Width(drawn(shown, raw, 0))
		}
		end += len(raw)
		row.text, row.cells = says[row.from:end], row.cells+cells
	}
	if row.cells >= width {
		out = append(out, row)
		row = editRow{from: end}
	}
	row.last = true
	return append(out, row)
}

// find is the row and the cell that a place in the line is at.
func (rows editRows) find(at int) (row, cell int) {
	for i, r := range rows {
		if at >= r.from && (r.last || at < r.from+len(r.text)) {
			end := r.from
			for raw, shown := range text.Units(r.text) {
				if end+len(raw) > at {
					break
				}
				end += len(raw)
				cell += text.Width(drawn(shown, raw, cell))
			}
			return i, cell
		}
	}
	return 0, 0
}

// place is the place in the line that is nearest to a cell of a row.
func (rows editRows) place(row, goal int) int {
	r := rows[row]
	at, cell := r.from, 0
	for raw, shown := range text.Units(r.text) {
		w := text.Width(drawn(shown, raw, cell))
		if cell+w > goal || !r.last && at+len(raw) == r.from+len(r.text) {
			break
		}
		at, cell = at+len(raw), cell+w
	}
	return at
}

// draw is a row with the cursor at a place in the line.
func (r editRow) draw(cursor int, reversed lipgloss.Style) string {
	var b strings.Builder
	at, cell := r.from, 0
	for raw, shown := range text.Units(r.text) {
		shown = drawn(shown, raw, cell)
		cell += text.Width(shown)
		if at <= cursor && cursor < at+len(raw) {
			shown = reversed.Render(shown)
		}
		b.WriteString(shown)
		at += len(raw)
	}
	if r.last && cursor >= at {
		b.WriteString(reversed.Render(" "))
	}
	return b.String()
}
