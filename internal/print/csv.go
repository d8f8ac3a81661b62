package print

import (
	"encoding/csv"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/text"
)

// csvOut writes cells for programs: just as they are, but for what a spreadsheet would run. On a terminal they are clean.
type csvOut struct {
	w             *csv.Writer
	terminal, raw bool
}

func (p Printer) csv(out io.Writer) csvOut {
	return csvOut{csv.NewWriter(out), isTerminal(p.Out), p.Raw}
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

// csvRows is a record a row, with the column error behind the fields.
type csvRows struct {
	csvOut
	fields []string
}

func (c csvRows) begin() error { return c.write(append(slices.Clone(c.fields), "error")...) }

func (c csvRows) rows(rows iter.Seq[Row]) error {
	for r := range rows {
		cells := make([]string, len(c.fields)+1)
		if r.Problem != nil {
			cells[0], cells[len(cells)-1] = c.text(r.Key), c.text(r.Problem.Error())
		} else {
			for n, m := range r.object(c.fields) { // the last is what is not known, if anything
				cells[n] = c.cell(m)
			}
		}
		if err := c.write(cells...); err != nil {
			return err
		}
	}
	return nil
}

func (c csvRows) end() error { return c.flush() }
