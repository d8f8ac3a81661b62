package tui

import (
	"strings"
	"time"

	"holdfast/core/live"
	"holdfast/themes"
)

// table is the windowed table of one view. Only the rows in its window are ever drawn. Cursor and marks are kept by the
// identity of rows, so they stay where they are whatever a refresh brings.
type table struct {
	view   *View
	rows   *arranged
	order  order               // as asked; rows.order until it is arranged
	cursor string              // ID of the row under the cursor
	at     int                 // its place, kept when the row is gone
	top    int                 // first row in the window
	marks  map[string]struct{} // IDs
	shift  int                 // columns scrolled away to the left, after the first
	widths []int               // they only grow, so that a refresh does not make columns jump
	width  int
	height int // rows in the window, without the titles
}

func newTable(v *View) *table {
	return &table{view: v, rows: &arranged{}, order: order{column: -1}, marks: map[string]struct{}{}, widths: make([]int, len(v.Columns))}
}

func (t *table) resize(width, height int) {
	if width != t.width {
		clear(t.widths)
	}
	t.width, t.height = width, max(height, 1)
	t.scroll()
}

// show takes in newly arranged rows and keeps the cursor on its row. If the row is gone, the cursor takes its place.
func (t *table) show(a *arranged) {
	if len(t.marks) > 0 {
		for id := range t.marks {
			if _, ok := indexOf(a.rows, id); !ok {
				delete(t.marks, id)
			}
		}
	}
	t.rows = a
	if at, ok := a.find(t.cursor); ok {
		t.top += at - t.at // the row stays on its line
		t.moveTo(at)
		return
	}
	t.moveTo(t.at)
}

// moveTo puts the cursor on the row at a place, as near as there is one.
func (t *table) moveTo(at int) {
	t.at = max(0, min(at, t.rows.Len()-1))
	t.cursor = ""
	if t.rows.Len() > 0 {
		t.cursor = t.rows.At(t.at).ID()
	}
	t.scroll()
}

// scroll keeps the cursor in the window and the window in the rows.
func (t *table) scroll() {
	t.top = min(t.top, t.at)
	t.top = max(t.top, t.at-t.height+1)
	t.top = max(0, min(t.top, t.rows.Len()-t.height))
}

// selected is the row under the cursor; nil if there is none.
func (t *table) selected() live.Row {
	if t.at < t.rows.Len() {
		return t.rows.At(t.at)
	}
	return nil
}

// targets are the rows an action is for: the marked ones, else the one under the cursor. Marks that the filter hides do
// not count: an action is for what is seen.
func (t *table) targets() []live.Row {
	var rows []live.Row
	for id := range t.marks {
		if at, ok := t.rows.find(id); ok {
			rows = append(rows, t.rows.At(at))
		}
	}
	if len(t.marks) == 0 && t.selected() != nil {
		rows = append(rows, t.selected())
	}
	return rows
}

func (t *table) toggleMark() {
	if t.cursor == "" {
		return
	}
	if _, on := t.marks[t.cursor]; on {
		delete(t.marks, t.cursor)
	} else {
		t.marks[t.cursor] = struct{}{}
	}
	t.moveTo(t.at + 1)
}

// window lists the IDs of the rows on the screen.
func (t *table) window() []string {
	ids := make([]string, 0, t.height)
	for i := t.top; i < min(t.top+t.height, t.rows.Len()); i++ {
		ids = append(ids, t.rows.At(i).ID())
	}
	return ids
}

// changed tells which rows on the screen changed in the last moments.
func (t *table) changed(now time.Time) map[string]bool {
	source, ok := t.rows.rows.(*live.Table)
	if !ok {
		return nil
	}
	hot := map[string]bool{}
	for i := len(source.Recent) - 1; i >= 0 && now.Sub(source.Recent[i].At) < 2*time.Second; i-- {
		hot[source.Recent[i].ID] = true
	}
	return hot
}

const gutter = 2 // the cursor and the mark of a row

// render draws the titles and the window, height+1 lines.
func (t *table) render(th themes.Theme, at Clock) string {
	end := min(t.top+t.height, t.rows.Len())
	cells := make([][]string, 0, t.height)
	for i := t.top; i < end; i++ {
		cells = append(cells, t.cells(t.rows.At(i), at))
	}
	shown, widths := t.layout(cells)

	var b strings.Builder
	b.WriteString(strings.Repeat(" ", gutter))
	for n, c := range shown {
		b.WriteString(t.title(th, c, widths[n]) + " ")
	}
	hot := t.changed(at.Now)
	for i := t.top; i < end; i++ {
		b.WriteByte('\n')
		t.renderRow(&b, th, at, i, cells[i-t.top], shown, widths, hot)
	}
	return b.String() + strings.Repeat("\n", t.height-(end-t.top))
}

func (t *table) cells(r live.Row, at Clock) []string {
	out := make([]string, len(t.view.Columns))
	if err := r.Problem(); err != nil {
		out[0] = Clean(r.ID())
		return out
	}
	for i, c := range t.view.Columns {
		out[i] = Clean(c.Text(r, at))
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

func (t *table) renderRow(b *strings.Builder, th themes.Theme, at Clock, i int, cells []string, shown, widths []int, hot map[string]bool) {
	r := t.rows.At(i)
	id := r.ID()
	_, marked := t.marks[id]
	mark, style := " ", th.Row
	switch {
	case r.Problem() != nil:
		mark, style = "!", th.RowBad
	case hot[id]:
		mark, style = "~", th.RowChanged
	}
	if marked {
		mark, style = "*", th.RowMarked
	}
	cursor := " "
	if i == t.at {
		cursor, style = ">", th.RowSelected
	}
	uniform := i == t.at || marked || r.Problem() != nil
	line := make([]string, 0, len(shown)+1)
	line = append(line, style.Render(cursor+mark))
	for n, c := range shown {
		col := t.view.Columns[c]
		if r.Problem() != nil && n == 1 { // the reason takes the place of all other cells
			rest := 0
			for _, w := range widths[1:] {
				rest += w + 1
			}
			line = append(line, style.Render(fit(Clean(r.Problem().Error()), rest-1, false)))
			break
		}
		text := fit(cells[c], widths[n], col.Right)
		cell := style
		if !uniform && col.Tone != nil {
			cell = toneStyle(th, col.Tone(r, at), style)
		}
		line = append(line, cell.Render(text+" "))
	}
	b.WriteString(strings.Join(line, ""))
}

// layout chooses the columns that fit, the first one always, and gives each its width.
func (t *table) layout(cells [][]string) (shown, widths []int) {
	for c, col := range t.view.Columns {
		most := col.Max
		if most == 0 {
			most = 40
		}
		want := textWidth(col.Title) + 1 // the sort mark
		for _, row := range cells {
			want = max(want, textWidth(row[c]))
		}
		t.widths[c] = max(t.widths[c], min(want, most))
	}
	left := t.width - gutter
	for c := range t.view.Columns {
		if c > 0 && c <= t.shift {
			continue
		}
		w := min(t.widths[c], left-1)
		if w < min(4, t.widths[c]) {
			break
		}
		shown, widths = append(shown, c), append(widths, w)
		left -= w + 1
	}
	for n, c := range shown {
		if t.view.Columns[c].Grow && left > 0 {
			widths[n] += left
			break
		}
	}
	return shown, widths
}

// slide scrolls the columns after the first.
func (t *table) slide(by int) { t.shift = max(0, min(t.shift+by, len(t.view.Columns)-2)) }
