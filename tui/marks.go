package tui

import (
	"slices"

	"holdfast/core/live"
)

// The marks of a table: which rows an action is for. They are kept by the identity of rows.

// targets are the rows an action is for, in the order of the screen: the marked ones, else the one under the cursor.
// Marks that the filter hides do not count: an action is for what is seen.
func (t *table) targets() []live.Row {
	if len(t.marks) == 0 {
		if r := t.selected(); r != nil {
			return []live.Row{r}
		}
		return nil
	}
	places := make([]int, 0, len(t.marks))
	for id := range t.marks {
		if at, ok := t.rows.find(id); ok {
			places = append(places, at)
		}
	}
	slices.Sort(places)
	rows := make([]live.Row, len(places))
	for i, at := range places {
		rows[i] = t.rows.At(at)
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
		t.anchor = t.cursor
	}
	t.moveTo(t.at + 1)
}

// maxMarks is how many rows can be marked at once: each is a round trip of its own when something is done to it.
const maxMarks = 10_000

// markAll marks the rows that are shown; false if not all of them could be.
func (t *table) markAll() bool { return t.markFrom(0, t.rows.Len()-1) }

// markRange marks the rows from the one that was marked last to the cursor; ok is false if none is, or none that is shown.
func (t *table) markRange() (all, ok bool) {
	from, shown := t.rows.find(t.anchor)
	if _, marked := t.marks[t.anchor]; !marked || !shown {
		return false, false
	}
	all = t.markFrom(min(from, t.at), max(from, t.at))
	t.anchor = t.cursor
	return all, true
}

func (t *table) markFrom(first, last int) (all bool) {
	for i := first; i <= last; i++ {
		id := t.rows.At(i).ID()
		if _, on := t.marks[id]; !on && len(t.marks) >= maxMarks {
			return false
		}
		t.marks[id] = struct{}{}
	}
	return true
}

func (t *table) clearMarks() {
	clear(t.marks)
	t.hidden = 0
}

// unmark takes the marks of rows off that something was done to.
func (t *table) unmark(ids []string) {
	for _, id := range ids {
		delete(t.marks, id)
	}
}
