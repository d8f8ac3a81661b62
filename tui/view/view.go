// Package view is the language in which a view declares itself: its columns, facts, links and actions. It holds no state
// and draws nothing; the frame asks and draws.
package view

import (
	"cmp"
	"slices"
	"time"

	"charm.land/lipgloss/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/themes"
)

// View declares one tab: what its rows are, how they read, and what can be done to them. It holds no state.
type View struct {
	Name  string // as in `holdfast get NAME`
	Title string // on the tab
	Short string // on the tab of a narrow terminal
	Noun  string // for its rows in a sentence; empty: Name
	// Parent is the view whose tab a view without one of its own belongs to; Links lead there.
	Parent string
	Kind   kind.Name // whose rows it shows; empty for a view that derives its own
	Quiet  bool      // it has no tab while it has no rows, unless it is open
	// Rows derives the rows; nil: the table of Kind. It may use what it derived last (nil at first), and runs off the
	// UI's goroutine.
	Rows    func(s *live.Snapshot, last live.Rows) live.Rows
	Columns []Column                                                // the first one names the row
	Span    func(live.Row, Clock) (text string, tone Tone, ok bool) // stands for all cells after the first; nil: never
	// Jump says how the IDs of rows begin whose first cell of text begins with this one (behind what the view is narrowed
	// to); nil: IDs begin with something else.
	Jump func(text string) string
	// Foot draws plain text in w by h cells below the table, where the screen is large enough; nil: the table has it all.
	Foot  func(s *live.Snapshot, w, h int) []string
	Empty string                       // how to get data, shown when there is none
	Facts func(live.Row, Clock) []Fact // the head of the detail pane
	// Part says which part of a row's content is read for its detail ("first 200 of 295 records"); nil or empty: all of it.
	Part func(live.Row) string
	// Links lead to rows of other kinds. It is asked again whenever rows of any kind change, so it looks rows up and walks
	// through none that are many; content is nil until it was read. Runs off the UI's goroutine.
	Links func(r live.Row, l Lookup, content []byte) []Link
	Open  func(live.Row) (Link, bool) // where enter leads, for rows that have no detail of their own
	// Object is what `holdfast get` prints of a row, for Config.JSON; rawKey names the key of one that cannot be read. nil: nothing.
	Object  func(r live.Row, at Clock, rawKey func(id string) string) (names []string, values []any)
	Actions []Action
}

// Clock is the moment a screen is drawn for: ours for deadlines, the server's for ages. Others are the rows of all kinds
// at that moment; nil where only the row itself is known.
type Clock struct {
	Now, Server time.Time
	Others      Lookup
}

// Lookup finds rows of other kinds.
type Lookup interface{ Table(kind.Name) *live.Table }

// Column is one column of a table.
type Column struct {
	Title string
	Text  func(live.Row, Clock) string               // any bytes: the frame makes them safe and cuts them
	Whole func(live.Row) string                      // what is copied of a text that only begins a value; nil: Text
	Key   func(b []byte, r kind.Row) []byte          // appends what readable rows are sorted by, see kind.Column.AppendKey; nil: not sortable
	KeyIn func(Lookup) func([]byte, kind.Row) []byte // makes the Key of a column whose text comes from rows of other kinds
	Tone  func(live.Row, Clock) Tone                 // nil: plain
	Right bool                                       // numbers stand right
	Max   int                                        // most cells it takes; 0: 40
	Grow  bool                                       // takes what is left
	// For tells the rows that the column says something of; nil: all. It takes no room where none of them is on the screen.
	For   func(live.Row) bool
	Usual bool // with For: it is there until rows are that it says nothing of
}

func (c Column) Sortable() bool { return c.Key != nil || c.KeyIn != nil }

func (v *View) RowNoun() string { return cmp.Or(v.Noun, v.Name) }

func (v *View) Sortable() bool { return slices.ContainsFunc(v.Columns, Column.Sortable) }

// Leading is the first column of text; of rows that only have numbers the first one.
func (v *View) Leading() int {
	for i, c := range v.Columns {
		if !c.Right {
			return i
		}
	}
	return 0
}

// Tone is how much a cell matters. It is never the only sign: the text says it too.
type Tone int

// Tones.
const (
	Plain Tone = iota
	Muted
	Good
	Warn
	Bad
)

// ToneStyle is what text of a tone looks like; plain is that of a tone that says nothing.
func ToneStyle(th themes.Theme, t Tone, plain lipgloss.Style) lipgloss.Style {
	switch t {
	case Muted:
		return th.Muted
	case Good:
		return th.Good
	case Warn:
		return th.Warn
	case Bad:
		return th.Bad
	}
	return plain
}

// Fact is one line of a detail pane.
type Fact struct {
	Name, Text string
	Tone       Tone
}

// Link leads to a row of another kind.
type Link struct {
	Label string // "worker"
	View  string
	ID    string // empty: the view itself
	// Within narrows a view with a Parent to the rows whose IDs start with it; empty: all.
	Within string
}
