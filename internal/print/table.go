package print

import (
	"bufio"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"holdfast/internal/text"
)

// maxCell is how wide a cell of a table can be: one value of a megabyte would pad every line to that. JSON and CSV have
// all of it.
const maxCell = 120

// notKnownText stands in cells for what could not be read.
const notKnownText = "?"

// shown is a member as clean text for people.
func (m member) shown() string {
	if m.value == (notKnown{}) {
		return notKnownText
	}
	return text.Clean(m.cell())
}

// short cuts a text to a cell, without looking at all of it.
func short(s string) string {
	if len(s) <= maxCell && text.Printable(s) {
		return s
	}
	const enough = maxCell * utf8.UTFMax * 4 // a cluster may have several characters
	if len(s) > enough {
		s = strings.ToValidUTF8(s[:enough], "") + "…"
	}
	return ansi.Truncate(text.Clean(s), maxCell, "…")
}

// table is aligned columns for people, every cell safe for a terminal.
type table struct {
	out    *bufio.Writer
	fields []string
	headed bool // the head was written
}

func (*table) begin() error { return nil } // the head is aligned with the first rows

func (t *table) rows(rows iter.Seq[Row]) error {
	widths := make([]int, len(t.fields))
	head := make([]string, len(t.fields))
	for i, f := range t.fields {
		head[i] = strings.ToUpper(f)
	}
	widen(widths, head)
	for r := range rows {
		widen(widths, t.cells(r))
	}
	if !t.headed {
		t.headed = true
		if err := t.line(widths, head); err != nil {
			return err
		}
	}
	for r := range rows {
		if err := t.line(widths, t.cells(r)); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) end() error {
	if t.headed {
		return nil
	}
	return t.rows(func(func(Row) bool) {})
}

func (t *table) cells(r Row) []string {
	if r.Problem != nil {
		return []string{short(r.Key), "error: " + text.Clean(r.Problem.Error())}
	}
	cells := make([]string, len(t.fields))
	for n, m := range r.object(t.fields)[:len(t.fields)] {
		if cells[n] = notKnownText; m.value != (notKnown{}) {
			cells[n] = short(m.cell())
		}
	}
	return cells
}

// widen makes room for cells; the last of a line needs none.
func widen(widths []int, cells []string) {
	for i, c := range cells[:len(cells)-1] {
		widths[i] = max(widths[i], text.Width(c))
	}
}

func (t *table) line(widths []int, cells []string) error {
	last := len(cells) - 1
	for i, c := range cells[:last] {
		t.out.WriteString(c)
		t.out.WriteString(strings.Repeat(" ", widths[i]-text.Width(c)+2))
	}
	_, err := t.out.WriteString(cells[last] + "\n")
	return err
}
