package tui

import (
	"cmp"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/overlay"
	"holdfast/tui/view"
)

// Copying goes through the terminal (OSC 52), so that it works over SSH, too. Whether a terminal obeys it never says. What
// is copied is what is stored, to the byte, for it is going to be put in somewhere; where it has characters that do not
// show, that is said.

// maxCopied is how much is copied at once, in bytes: many terminals drop more without a word.
const maxCopied = 100_000

// copy asks what is to be copied of the open row, else of the marked ones or the one under the cursor.
func (m *Model) copy() tea.Cmd {
	var rows []live.Row
	if m.detail == nil {
		rows = m.table().Targets()
	} else if m.detail.Row != nil { // also one that is gone, as it was seen last
		rows = []live.Row{m.detail.Row}
	}
	var title string
	var choices []overlay.Clip
	add := func(a keymap.Action, take func() tea.Cmd) {
		b, _ := m.Keys.Binding(a)
		choices = append(choices, overlay.Clip{Key: b, Take: take})
	}
	if d := m.detail; d != nil && d.Whole.Found {
		title = "Copy of " + text.Line(d.ID)
		part := d.Part()
		add(keymap.CopyContent, func() tea.Cmd { return m.copyContent("the "+cmp.Or(part, "content"), d.Whole) })
		if part != "" {
			choices[0].Key.Help = "the " + part
		}
	}
	switch {
	case len(rows) == 1:
		title = "Copy of " + text.Line(rows[0].ID())
	case len(rows) > 1:
		title = fmt.Sprintf("Copy of %s marked rows, a line each", text.Count(len(rows)))
	case len(choices) == 0:
		m.say("there is no row here to copy", view.Plain)
		return nil
	}
	line := func(text string) string {
		if len(rows) > 1 {
			return tabbed(text) // so that each stays one line
		}
		return text
	}
	if len(rows) > 0 {
		view, at := m.view(), m.clock()
		if m.rawKey(rows[0].ID()) != "" {
			add(keymap.CopyKey, func() tea.Cmd {
				return m.copyLines("the key", rows, func(r live.Row) string { return line(m.rawKey(r.ID())) })
			})
		}
		add(keymap.CopyRow, func() tea.Cmd {
			return m.copyLines("the row", rows, func(r live.Row) string { return asTSV(view, saying(view, rows), r, at) })
		})
		add(keymap.CopyCell, func() tea.Cmd { return m.chooseCell(rows, at, line) })
		if view.Object != nil && m.JSON != nil {
			add(keymap.CopyJSON, func() tea.Cmd {
				return m.copyLines("the JSON", rows, func(r live.Row) string {
					text, _ := m.JSON(view.Object(r, at, m.rawKey)) // values are of types that JSON has
					return string(text)
				})
			})
		}
	}
	m.overlays.Push(overlay.NewCopyMenu(title, choices))
	return nil
}

// chooseCell asks for the column.
func (m *Model) chooseCell(rows []live.Row, at view.Clock, line func(string) string) tea.Cmd {
	var choices []overlay.Choice
	for _, i := range saying(m.view(), rows) {
		c := m.view().Columns[i]
		cell := func(r live.Row) string { return cellText(m.view(), i, r, at) }
		choices = append(choices, overlay.Choice{Label: c.Title, Hint: cell(rows[0]), Pick: func() tea.Cmd {
			return m.copyLines(c.Title, rows, func(r live.Row) string { return line(cell(r)) })
		}})
	}
	p := overlay.NewPicker("Copy which cell", choices)
	p.Whole = true
	m.overlays.Push(p)
	return nil
}

// rawKey is the key of a row on the server, the one that says most where there are several; empty for a row of no kind.
func (m *Model) rawKey(id string) string {
	keys := m.Live.Keys(m.view().Kind, id)
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}

// copyLines copies a line for each row; what is of one row alone, as it is.
func (m *Model) copyLines(what string, rows []live.Row, line func(live.Row) string) tea.Cmd {
	var b strings.Builder
	for i, r := range rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line(r))
		if b.Len() > maxCopied {
			break
		}
	}
	if n := len(rows); n > 1 {
		what = fmt.Sprintf("%s of %s rows", what, text.Count(n))
	}
	return m.toClipboard(what, b.String())
}

func (m *Model) copyContent(what string, whole live.Detail) tea.Cmd {
	body := string(whole.Body)
	switch {
	case whole.Size > 0 || len(body) > maxCopied:
		body = strings.Repeat(" ", maxCopied+1) // there is more of it than that
		return m.toClipboard(what, body)
	case !utf8.ValidString(body):
		return m.toClipboard(what+" as base64", base64.StdEncoding.EncodeToString(whole.Body))
	}
	return m.toClipboard(what, body)
}

// toClipboard asks the terminal to take a text that it may see. Half of one would be taken for the whole.
func (m *Model) toClipboard(what, says string) tea.Cmd {
	if len(says) > maxCopied {
		m.say(fmt.Sprintf("copy %s: more than the %s that terminals take; `holdfast get` prints it", what, text.Bytes(maxCopied)), view.Warn)
		return nil
	}
	if hidden(says) {
		what += ", which has characters that do not show"
	}
	m.say(fmt.Sprintf("copied %s, %s, if your terminal allows it", what, text.Bytes(int64(len(says)))), view.Plain)
	return tea.SetClipboard(says)
}

// hidden tells text that is more than it shows as, but for tabs and line breaks.
func hidden(says string) bool {
	plain := strings.NewReplacer("\r\n", "", "\n", "", "\t", "").Replace(says)
	return text.Clean(plain) != plain
}

// cellText is a whole cell of a row, as it is; of one that cannot be read its name, and why.
func cellText(v *view.View, column int, r live.Row, at view.Clock) string {
	switch problem, whole := r.Problem(), v.Columns[column].Whole; {
	case problem == nil && whole != nil:
		return whole(r)
	case problem == nil:
		return v.Columns[column].Text(r, at)
	case column == 0:
		return r.ID()
	case column == 1:
		return view.Reason(problem)
	}
	return ""
}

// tabbed is cells in a line, with tabs between them. Those that hold a tab or a line break are in quotes, as spreadsheets
// take them.
func tabbed(cells ...string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma = '\t'
	_ = w.Write(cells) // a Builder takes all
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// saying are the columns that say something of one of the rows.
func saying(v *view.View, rows []live.Row) (columns []int) {
	for i, c := range v.Columns {
		says := func(r live.Row) bool { return r.Problem() == nil && c.For(r) }
		if c.For == nil || slices.ContainsFunc(rows, says) {
			columns = append(columns, i)
		}
	}
	return columns
}

// asTSV is a row with tabs between its cells, those of some columns.
func asTSV(v *view.View, columns []int, r live.Row, at view.Clock) string {
	var cells []string
	if r.Problem() != nil {
		cells = make([]string, max(2, len(columns)))
		cells[0], cells[1] = cellText(v, 0, r, at), cellText(v, 1, r, at)
		columns = nil
	}
	for _, i := range columns {
		cells = append(cells, cellText(v, i, r, at))
	}
	return tabbed(cells...)
}
