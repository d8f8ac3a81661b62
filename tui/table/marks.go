package table

import (
	"slices"

	"holdfast/core/live"
)

// The marks of a table: which rows an action is for. They are kept by the identity of rows.

// Targets are the rows an action is for, in the order of the screen: the marked ones, else the one under the cursor.
// Marks that the filter hides do not count: an action is for what is seen.
func (t *Table) Targets() []live.Row {
	if len(t.Marks) == 0 {
		if r := t.Selected(); r != nil {
			return []live.Row{r}
		}
		return nil
	}
	places := make([]int, 0, len(t.Marks))
	for id := range t.Marks {
		if at, ok := t.Rows.Find(id); ok {
			places = append(places, at)
		}
	}
	slices.Sort(places)
	rows := make([]live.Row, len(places))
	for i, at := range places {
		rows[i] = t.Rows.At(at)
	}
	return rows
}

func (t *Table) toggleMark() {
	if t.Cursor == "" {
		return
	}
	if _, on := t.Marks[t.Cursor]; on {
		delete(t.Marks, t.Cursor)
	} else {
		t.Marks[t.Cursor] = struct{}{}
		t.anchor = t.Cursor
	}
	t.MoveTo(t.At + 1)
}

// MaxMarks is how many rows can be marked at once: each is a round trip of its own when something is done to it.
const MaxMarks = 10_000

// MarkAll marks the rows that are shown; false if not all of them could be.
func (t *Table) MarkAll() bool { return t.markFrom(0, t.Rows.Len()-1) }

// MarkRange marks the rows from the one that was marked last to the cursor; ok is false if none is, or none that is shown.
func (t *Table) MarkRange() (all, ok bool) {
	from, shown := t.Rows.Find(t.anchor)
	if _, marked := t.Marks[t.anchor]; !marked || !shown {
		return false, false
	}
	all = t.markFrom(min(from, t.At), max(from, t.At))
	t.anchor = t.Cursor
	return all, true
}

func (t *Table) markFrom(first, last int) (all bool) {
	for i := first; i <= last; i++ {
		id := t.Rows.At(i).ID()
		if _, on := t.Marks[id]; !on && len(t.Marks) >= MaxMarks {
			return false
		}
		t.Marks[id] = struct{}{}
	}
	return true
}

func (t *Table) ClearMarks() {
	clear(t.Marks)
	t.Hidden = 0
}

// Unmark takes the marks of rows off that something was done to.
func (t *Table) Unmark(ids []string) {
	for _, id := range ids {
		delete(t.Marks, id)
	}
}
