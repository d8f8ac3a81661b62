package table

import (
	"strings"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/themes"
	"holdfast/tui/view"
)

// Render draws the titles and the window, height+1 lines.
func (t *Table) Render(th themes.Theme, at view.Clock) string {
	end := min(t.Top+t.height, t.Rows.Len())
	cells := make([][]string, 0, t.height)
	for i := t.Top; i < end; i++ {
		cells = append(cells, t.cells(t.Rows.At(i), at))
	}
	t.measure(cells)
	shown, widths := t.columns()

	var b strings.Builder
	t.titles(&b, th, shown, widths)
	t.Drawn = t.Window()
	hot, in := t.changed(at.Others, at.Now), pensOf(th)
	for i := t.Top; i < end; i++ {
		b.WriteByte('\n')
		r := t.Rows.At(i)
		t.row(&b, in, at, r, cells[i-t.Top], shown, widths, i == t.At && !t.Blind, hot[r.ID()])
	}
	return b.String() + strings.Repeat("\n", t.height-(end-t.Top))
}

func (t *Table) cells(r live.Row, at view.Clock) []string {
	out := make([]string, len(t.all))
	if r.Problem() != nil {
		out[0] = text.Line(r.ID())
		return out
	}
	t.hear(r)
	for i, c := range t.all {
		out[i] = text.Line(c.Text(r, at))
		if out[i] == "" && c.For != nil {
			out[i] = "-"
		}
	}
	return out
}

func (t *Table) titles(b *strings.Builder, th themes.Theme, shown, widths []int) {
	l, plain, sorted := Line{B: b}, PenOf(th.ColumnTitle), PenOf(th.SortedColumn)
	l.Write(Pen{}, strings.Repeat(" ", Gutter))
	t.Titled = t.Titled[:0]
	from := Gutter
	for n, c := range shown {
		t.Titled = append(t.Titled, Zone{from, from + widths[n] + 1, c})
		from += widths[n] + 1
		col := t.all[c]
		says, in := col.Title, plain
		if c == t.Order.Column || c == 0 && t.Order.Column < 0 && t.Order.Descending {
			in = sorted
			if says += "▲"; t.Order.Descending {
				says = col.Title + "▼"
			}
		}
		l.fill(in, text.Fit(says, widths[n], col.Right))
		l.Write(Pen{}, " ")
	}
	l.End()
}

// row draws one row. Its state stands in the gutter, too, for those who see no colours.
func (t *Table) row(b *strings.Builder, in pens, at view.Clock, r live.Row, cells []string, shown, widths []int, cursor, hot bool) {
	problem := r.Problem()
	_, marked := t.Marks[r.ID()]
	sign, plain := " ", in.row
	switch {
	case marked:
		sign, plain = "*", in.marked
	case problem != nil:
		sign, plain = "!", in.bad
	case hot:
		sign, plain = "~", in.changed
	}
	pointer := " "
	if cursor {
		pointer, plain = ">", in.selected
	}
	l := Line{B: b}
	defer l.End()
	l.fill(plain, pointer+sign)
	uniform := cursor || marked || problem != nil
	room := t.width - Gutter
	write := func(says string, width int, right bool, tone view.Tone) {
		cell := plain
		if !uniform && tone != view.Plain {
			cell = in.tones[tone]
		}
		l.fill(cell, text.Fit(says, width, right)+" ")
		room -= width + 1
	}
	if text, tone, ok := t.span(r, at); ok && widths[0]+1 < room {
		if marked && problem != nil {
			text = "! " + text // the mark has its place
		}
		write(cells[0], widths[0], false, view.Plain)
		write(text, max(0, room-1), false, tone)
		return
	}
	for n, c := range shown {
		col := t.all[c]
		tone := view.Plain
		if col.Tone != nil {
			tone = col.Tone(r, at)
		}
		write(cells[c], widths[n], col.Right, tone)
	}
	if uniform && room > 0 {
		l.Write(plain.blank(), strings.Repeat(" ", room))
	}
}

// span is the text that takes the place of all cells after the first, such as why a row cannot be read.
func (t *Table) span(r live.Row, at view.Clock) (says string, tone view.Tone, ok bool) {
	if err := r.Problem(); err != nil {
		return view.Reason(err), view.Bad, true
	}
	if t.View.Span == nil {
		return "", view.Plain, false
	}
	says, tone, ok = t.View.Span(r, at)
	return text.Line(says), tone, ok
}
