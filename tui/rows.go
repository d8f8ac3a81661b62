package tui

import (
	"strings"

	"holdfast/core/live"
	"holdfast/themes"
)

// render draws the titles and the window, height+1 lines.
func (t *table) render(th themes.Theme, at Clock) string {
	end := min(t.top+t.height, t.rows.Len())
	cells := make([][]string, 0, t.height)
	for i := t.top; i < end; i++ {
		cells = append(cells, t.cells(t.rows.At(i), at))
	}
	t.measure(cells)
	shown, widths := t.columns()

	var b strings.Builder
	b.WriteString(strings.Repeat(" ", gutter))
	for n, c := range shown {
		b.WriteString(t.title(th, c, widths[n]) + " ")
	}
	hot := t.changed(at.Now)
	for i := t.top; i < end; i++ {
		b.WriteByte('\n')
		r := t.rows.At(i)
		t.row(&b, th, at, r, cells[i-t.top], shown, widths, i == t.at, hot[r.ID()])
	}
	return b.String() + strings.Repeat("\n", t.height-(end-t.top))
}

func (t *table) cells(r live.Row, at Clock) []string {
	out := make([]string, len(t.view.Columns))
	if r.Problem() != nil {
		out[0] = cleanStart(r.ID())
		return out
	}
	for i, c := range t.view.Columns {
		out[i] = cleanStart(c.Text(r, at))
	}
	return out
}

func (t *table) title(th themes.Theme, c, width int) string {
	col := t.view.Columns[c]
	text, style := col.Title, th.ColumnTitle
	if c == t.order.column || c == 0 && t.order.column < 0 && t.order.descending {
		style = th.SortedColumn
		if text += "▲"; t.order.descending {
			text = col.Title + "▼"
		}
	}
	return style.Render(fit(text, width, col.Right))
}

// row draws one row. Its state stands in the gutter, too, for those who see no colours.
func (t *table) row(b *strings.Builder, th themes.Theme, at Clock, r live.Row, cells []string, shown, widths []int, cursor, hot bool) {
	problem := r.Problem()
	_, marked := t.marks[r.ID()]
	sign, style := " ", th.Row
	switch {
	case marked:
		sign, style = "*", th.RowMarked
	case problem != nil:
		sign, style = "!", th.RowBad
	case hot:
		sign, style = "~", th.RowChanged
	}
	pointer := " "
	if cursor {
		pointer, style = ">", th.RowSelected
	}
	b.WriteString(style.Render(pointer + sign))
	uniform := cursor || marked || problem != nil
	room := t.width - gutter
	write := func(text string, width int, right bool, tone Tone) {
		cell := style
		if !uniform {
			cell = toneStyle(th, tone, style)
		}
		b.WriteString(cell.Render(fit(text, width, right) + " "))
		room -= width + 1
	}
	if text, tone, ok := t.span(r, at); ok && widths[0]+1 < room {
		write(cells[0], widths[0], false, Plain)
		write(text, max(0, room-1), false, tone)
		return
	}
	for n, c := range shown {
		col := t.view.Columns[c]
		tone := Plain
		if col.Tone != nil {
			tone = col.Tone(r, at)
		}
		write(cells[c], widths[n], col.Right, tone)
	}
	if uniform && room > 0 {
		b.WriteString(style.Render(strings.Repeat(" ", room)))
	}
}

// span is the text that takes the place of all cells after the first, such as why a row cannot be read.
func (t *table) span(r live.Row, at Clock) (text string, tone Tone, ok bool) {
	if err := r.Problem(); err != nil {
		return reason(err), Bad, true
	}
	if t.view.Span == nil {
		return "", Plain, false
	}
	text, tone, ok = t.view.Span(r, at)
	return cleanStart(text), tone, ok
}
