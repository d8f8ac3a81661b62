package views

import (
	"encoding/csv"
	"io"
	"regexp"
	"strings"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui"
)

// csvOut writes cells for programs: just as they are, but for what a spreadsheet would run. On a terminal they are clean.
type csvOut struct {
	w             *csv.Writer
	terminal, raw bool
}

func newCSV(out io.Writer, terminal, raw bool) csvOut {
	return csvOut{csv.NewWriter(out), terminal, raw}
}

func (o csvOut) flush() error {
	o.w.Flush()
	return o.w.Error()
}

func (o csvOut) write(cells ...string) error {
	if o.terminal {
		for i, c := range cells {
			cells[i] = text.Clean(c)
		}
	}
	return o.w.Write(cells)
}

// cell is a member as a cell. Numbers are none that a spreadsheet would run.
func (o csvOut) cell(m member) string {
	if _, text := m.value.(string); text {
		return o.text(m.cell())
	}
	return m.cell()
}

// numeric is text that a spreadsheet takes for a number and no more.
var numeric = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// text puts an apostrophe before what a spreadsheet takes for a formula, which then shows it as text.
func (o csvOut) text(cell string) string {
	if o.raw || numeric.MatchString(cell) {
		return cell
	}
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(cell, start) {
			return "'" + cell
		}
	}
	return cell
}

func (v View) printCSV(out csvOut, rows live.Rows, at tui.Clock, rawKey func(string) string) error {
	head := make([]string, 0, len(v.Fields)+1)
	for _, f := range v.Fields {
		head = append(head, f.Name)
	}
	if err := out.write(append(head, "error")...); err != nil {
		return err
	}
	for i := range rows.Len() {
		cells := make([]string, len(v.Fields)+1)
		if err := rows.At(i).Problem(); err != nil {
			cells[0], cells[len(cells)-1] = out.text(rawKey(rows.At(i).ID())), out.text(err.Error())
		} else {
			for n, m := range v.object(rows.At(i), at, rawKey) { // the last is what is not known, if anything
				cells[n] = out.cell(m)
			}
		}
		if err := out.write(cells...); err != nil {
			return err
		}
	}
	return out.flush()
}
