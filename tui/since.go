package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// A question is made of rows as they were seen. What becomes of them while it is open stands in it, and it can be asked
// anew of what is there now.

// since watches the rows under a question, or none where it is nil.
type since struct {
	again func() tea.Cmd             // asks anew
	now   func() []string            // what changed, raw
	key   func(keymap.Action) string // its name
	notes []string                   // of the last look
}

// seen is a row as a question knows it: as one of these, nil where there was none.
type seen struct {
	id   string
	rows []live.Row
}

// asking is the part of a layer that asks about rows.
type asking struct {
	mute
	of *since
}

func (a asking) look() {
	if a.of != nil {
		a.of.notes = a.of.now()
	}
}

// about watches rows from now on, as they are given.
func (m *Model) about(kind live.Kind, again func() tea.Cmd, was ...seen) *since {
	t := m.tableOf(kind)
	if kind == "" || t == nil || len(was) == 0 {
		return nil
	}
	return &since{again: again, key: m.keyName, now: func() []string { return m.changedSince(t.view, was) }}
}

func seenRows(rows []live.Row) (was []seen) {
	for _, r := range rows {
		if r != nil {
			was = append(was, seen{r.ID(), []live.Row{r}})
		}
	}
	return was
}

// rowNow is a row of the newest snapshot; nil where there is none.
func (m *Model) rowNow(kind live.Kind, id string) live.Row {
	r, _ := m.snap.Table(kind).Get(id)
	return r
}

// rowsNow are rows as they are in the newest snapshot, and which are gone.
func (m *Model) rowsNow(kind live.Kind, rows []live.Row) (now []live.Row, gone []string) {
	for _, r := range rows {
		if n := m.rowNow(kind, r.ID()); n != nil {
			now = append(now, n)
		} else {
			gone = append(gone, r.ID())
		}
	}
	return now, gone
}

// pose opens a question about rows.
func (m *Model) pose(l layer) {
	l.look()
	m.overlays.push(l)
}

// changedSince says what became of rows that a question is about.
func (m *Model) changedSince(v *View, was []seen) (notes []string) {
	more := 0
	for _, s := range was {
		now := m.rowNow(v.Kind, s.id)
		if slices.ContainsFunc(s.rows, func(was live.Row) bool { return m.Live.Same(v.Kind, was, now) }) {
			continue
		}
		if len(notes) == maxNamed {
			more++
			continue
		}
		says := changedTo(v, s.rows[len(s.rows)-1], now, m.clock())
		if len(was) > 1 {
			says = s.id + " " + says
		}
		notes = append(notes, says)
	}
	if more > 0 {
		notes = append(notes, fmt.Sprintf("and %s more changed since", text.Count(more)))
	}
	return notes
}

// What a note tells of a change: cells, and characters of each.
const (
	maxCellsShown = 4
	maxCell       = 40
)

// changedTo says what a row is now, by the cells of its view that differ.
func changedTo(v *View, was, now live.Row, at Clock) string {
	switch {
	case now == nil:
		return "gone since"
	case now.Problem() != nil:
		return "unreadable since: " + reason(now.Problem())
	case was == nil:
		return "created since"
	case was.Problem() != nil:
		return "changed since: it can be read now"
	}
	var cells []string
	for _, c := range v.Columns[1:] {
		if says := c.Text(now, at); says != c.Text(was, at) && len(cells) < maxCellsShown {
			cells = append(cells, strings.ToLower(c.Title)+" "+text.Start(says, maxCell))
		}
	}
	if len(cells) == 0 {
		return "changed since"
	}
	return "changed since: now " + strings.Join(cells, ", ")
}

// changed tells whether anything is to be said.
func (w *since) changed() bool { return w != nil && len(w.notes) > 0 }

// renew is the way to a new question; false where the one that is open still holds.
func (w *since) renew() (next func() tea.Cmd, shut bool) {
	if !w.changed() {
		return nil, false
	}
	return w.again, true
}

// lines are the notes as a question shows them.
func (w *since) lines(th themes.Theme, width int, again keymap.Action) (lines []string) {
	if !w.changed() {
		return nil
	}
	for _, note := range w.notes {
		lines = append(lines, text.Styled(th.Warn, text.Wrap(text.Line(note), width))...)
	}
	return append(lines, th.Muted.Render(w.key(again)+" asks again"))
}
