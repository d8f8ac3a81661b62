// Package viewtest has rows of a kind that no server has, and views of them, for tests of the frame.
package viewtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/tui/view"
)

// Rows are of a kind that no server has, sorted by ID.
type Rows []kind.Row

// The schema of these rows and its columns.
var (
	Schema = kind.NewSchema()
	N      = Schema.Int("n")
	Word   = Schema.Text("word")
)

// Row is one of them, unreadable for the reasons in bad.
func Row(id string, n int, word string, bad ...error) kind.Row {
	return Schema.One(id, func(b *kind.Builder) {
		N.Set(b, int64(n))
		Word.Set(b, word)
		for _, err := range bad {
			b.Bad(err)
		}
	})
}

// Table is all of the rows, as the first pass leaves them.
func (r Rows) Table() *live.Table {
	t := live.NewTable("fake", Schema, r...)
	t.Complete = true
	return t
}

// Index tells where the row with an ID stands, or would.
func (r Rows) Index(id string) (int, bool) {
	return slices.BinarySearchFunc(r, id, func(r kind.Row, id string) int { return strings.Compare(r.ID(), id) })
}

// View shows rows that it derives.
func View(rows func() live.Rows) *view.View {
	return &view.View{
		Name: "fake", Title: "Fake", Short: "F",
		Rows: func(*live.Snapshot, live.Rows) live.Rows { return rows() },
		Columns: []view.Column{
			{Title: "ID", Text: func(r live.Row, _ view.Clock) string { return r.ID() }, Key: func(b []byte, r kind.Row) []byte { return kind.AppendTextKey(b, r.ID()) }},
			{Title: "N", Right: true, Text: func(r live.Row, _ view.Clock) string { return fmt.Sprint(N.Of(r.(kind.Row))) }, Key: N.AppendKey},
			{Title: "WORD", Grow: true, Text: func(r live.Row, _ view.Clock) string { return Word.Of(r.(kind.Row)) }},
		},
	}
}

// Many are rows as those of actors are: a name, a state, a place and some numbers.
func Many(n int) *live.Table {
	states := []string{"RUNNING", "SUSPENDED", "RESUMING", "PAUSED"}
	b := Schema.Builder(n)
	for i := range n {
		b.Row(fmt.Sprintf("agent-%07d", i))
		N.Set(b, int64(i*7919%1000))
		Word.Set(b, states[i%len(states)])
	}
	return live.NewTable("fake", Schema, b.Rows()...)
}

// With is a table with another row in the place of one of its own.
func With(t *live.Table, row kind.Row) *live.Table {
	rows := []kind.Row{row}
	for _, r := range t.All(0) {
		if r.ID() != row.ID() {
			rows = append(rows, r)
		}
	}
	return live.NewTable(t.Kind, t.Schema, rows...)
}

// Wide is a view with as many columns as that of actors.
func Wide(rows live.Rows) *view.View {
	text := func(title string, get func(kind.Row) string) view.Column {
		return view.Column{
			Title: title,
			Text:  func(r live.Row, _ view.Clock) string { return get(r.(kind.Row)) },
			Key:   func(b []byte, r kind.Row) []byte { return kind.AppendTextKey(b, get(r)) },
		}
	}
	number := text("VERSION", func(r kind.Row) string { return strconv.FormatInt(N.Of(r), 10) })
	number.Right, number.Key = true, N.AppendKey
	status := text("STATUS", Word.Of)
	status.Tone = func(live.Row, view.Clock) view.Tone { return view.Good }
	return &view.View{
		Name: "many", Title: "Many", Short: "Many",
		Rows: func(*live.Snapshot, live.Rows) live.Rows { return rows },
		Columns: []view.Column{
			text("ACTOR", kind.Row.ID), status, text("WORKER", func(r kind.Row) string { return "shop:small:" + r.ID() }),
			text("IP", func(kind.Row) string { return "10.0.0.7" }), text("TEMPLATE", func(kind.Row) string { return "shop/agent" }), number,
			text("ATESPACE", func(kind.Row) string { return "-" }),
		},
	}
}
