package table

import (
	"strings"

	"charm.land/lipgloss/v2"

	"holdfast/themes"
	"holdfast/tui/view"
)

// Pen is what a style without padding and borders comes to. Rendering each cell for itself would cost most of a frame.
type Pen struct {
	before, after string
	plain         string // before, of the blanks that fill a cell: no line stands under those
}

func PenOf(s lipgloss.Style) Pen {
	before, after, _ := strings.Cut(s.Render("x"), "x")
	plain, _, _ := strings.Cut(s.Underline(false).Render("x"), "x")
	return Pen{before, after, plain}
}

// blank is the pen for what fills a cell.
func (p Pen) blank() Pen { return Pen{p.plain, p.after, p.plain} }

// pens are those of the rows of a table.
type pens struct {
	row, selected, marked, bad, changed Pen
	tones                               [view.Bad + 1]Pen // of cells; Plain: as the row
}

func pensOf(th themes.Theme) pens {
	p := pens{row: PenOf(th.Row), selected: PenOf(th.RowSelected), marked: PenOf(th.RowMarked), bad: PenOf(th.RowBad), changed: PenOf(th.RowChanged)}
	for t := view.Muted; t <= view.Bad; t++ {
		p.tones[t] = PenOf(view.ToneStyle(th, t, th.Row))
	}
	return p
}

// Line writes a line in several pens. Text that goes on in the same one goes on without a word about it.
type Line struct {
	B  *strings.Builder
	in Pen
}

func (l *Line) Write(p Pen, parts ...string) {
	if p != l.in {
		l.B.WriteString(l.in.after)
		l.B.WriteString(p.before)
		l.in = p
	}
	for _, s := range parts {
		l.B.WriteString(s)
	}
}

// fill writes text that was fitted to its cell.
func (l *Line) fill(p Pen, fitted string) {
	if p == p.blank() {
		l.Write(p, fitted)
		return
	}
	said := strings.TrimLeft(fitted, " ")
	if lead := len(fitted) - len(said); lead > 0 {
		l.Write(p.blank(), fitted[:lead])
	}
	fitted, said = said, strings.TrimRight(said, " ")
	l.Write(p, said)
	if len(fitted) > len(said) {
		l.Write(p.blank(), fitted[len(said):])
	}
}

func (l *Line) End() { l.Write(Pen{}) }
