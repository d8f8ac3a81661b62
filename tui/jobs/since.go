package jobs

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/overlay"
	"holdfast/tui/view"
)

// A question is made of rows as they were seen. What becomes of them while it is open stands in it, and it can be asked
// anew of what is there now.

// seen is a row as a question knows it: as one of these, nil where there was none.
type seen struct {
	id   string
	rows []live.Row
}

// about watches rows from now on, as they are given.
func (js *Jobs) about(name kind.Name, again func() tea.Cmd, was ...seen) *overlay.Since {
	v := js.View(name)
	if name == "" || v == nil || len(was) == 0 {
		return nil
	}
	return overlay.NewSince(again, js.KeyName, func() []string { return js.changedSince(v, was) })
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
func (js *Jobs) rowNow(name kind.Name, id string) live.Row {
	r, _ := js.Snapshot().Table(name).Get(id)
	return orNil(r)
}

// orNil is a row, or nil where there is none.
func orNil(r kind.Row) live.Row {
	if r.None() {
		return nil
	}
	return r
}

// same tells whether two readings of a row, or of none, mean the same.
func same(a, b live.Row) bool {
	was, isWas := a.(kind.Row)
	now, isNow := b.(kind.Row)
	return isWas && isNow && kind.Same(was, now) || a == b
}

// rowsNow are rows as they are in the newest snapshot, and which are gone.
func (js *Jobs) rowsNow(name kind.Name, rows []live.Row) (now []live.Row, gone []string) {
	for _, r := range rows {
		if n := js.rowNow(name, r.ID()); n != nil {
			now = append(now, n)
		} else {
			gone = append(gone, r.ID())
		}
	}
	return now, gone
}

// changedSince says what became of rows that a question is about.
func (js *Jobs) changedSince(v *view.View, was []seen) (notes []string) {
	more := 0
	for _, s := range was {
		now := js.rowNow(v.Kind, s.id)
		if slices.ContainsFunc(s.rows, func(was live.Row) bool { return same(was, now) }) {
			continue
		}
		if len(notes) == maxNamed {
			more++
			continue
		}
		says := changedTo(v, s.rows[len(s.rows)-1], now, js.Clock())
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
func changedTo(v *view.View, was, now live.Row, at view.Clock) string {
	switch {
	case now == nil:
		return "gone since"
	case now.Problem() != nil:
		return "unreadable since: " + view.Reason(now.Problem())
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
