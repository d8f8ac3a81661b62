package tui

import (
	"strings"

	"charm.land/lipgloss/v2"

	"holdfast/themes"
	"holdfast/tui/view"
)

// pen is what a style without padding and borders comes to. Rendering each cell for itself would cost most of a frame.
type pen struct {
	before, after string
	plain         string // before, of the blanks that fill a cell: no line stands under those
}

func penOf(s lipgloss.Style) pen {
	before, after, _ := strings.Cut(s.Render("x"), "x")
	plain, _, _ := strings.Cut(s.Underline(false).Render("x"), "x")
	return pen{before, after, plain}
}

// blank is the pen for what fills a cell.
func (p pen) blank() pen { return pen{p.plain, p.after, p.plain} }

// pens are those of the rows of a table.
type pens struct {
	row, selected, marked, bad, changed pen
	tones                               [view.Bad + 1]pen // of cells; Plain: as the row
}

func pensOf(th themes.Theme) pens {
	p := pens{row: penOf(th.Row), selected: penOf(th.RowSelected), marked: penOf(th.RowMarked), bad: penOf(th.RowBad), changed: penOf(th.RowChanged)}
	for t := view.Muted; t <= view.Bad; t++ {
		p.tones[t] = penOf(view.ToneStyle(th, t, th.Row))
	}
	return p
}

// line writes a line in several pens. Text that goes on in the same one goes on without a word about it.
type line struct {
	b  *strings.Builder
	in pen
}

func (l *line) write(p pen, parts ...string) {
	if p != l.in {
		l.b.WriteString(l.in.after)
		l.b.WriteString(p.before)
		l.in = p
	}
	for _, s := range parts {
		l.b.WriteString(s)
	}
}

// fill writes text that was fitted to its cell.
func (l *line) fill(p pen, fitted string) {
	if p == p.blank() {
		l.write(p, fitted)
		return
	}
	said := strings.TrimLeft(fitted, " ")
	if lead := len(fitted) - len(said); lead > 0 {
		l.write(p.blank(), fitted[:lead])
	}
	fitted, said = said, strings.TrimRight(said, " ")
	l.write(p, said)
	if len(fitted) > len(said) {
		l.write(p.blank(), fitted[len(said):])
	}
}

func (l *line) end() { l.write(pen{}) }
