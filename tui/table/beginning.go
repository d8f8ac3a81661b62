package table

import (
	"strings"
	"unicode"

	"holdfast/internal/text"
	"holdfast/tui/view"
)

// Finding the row that begins with what is typed.

// StartingWith finds the first row whose leading cell begins with a text, by its ID. It is false where only a look
// through the rows could tell.
func (a *Arranged) StartingWith(v *view.View, text string) (id string, ok bool) {
	indexed, is := a.Rows.(interface{ Index(id string) (int, bool) })
	if !is || a.shown != nil || v.Jump == nil || v.Parent != "" && a.order.Within == "" {
		return "", false
	}
	prefix := a.order.Within + v.Jump(text)
	i, _ := indexed.Index(prefix)
	if i >= a.Rows.Len() || !strings.HasPrefix(a.Rows.At(i).ID(), prefix) {
		return "", false
	}
	return a.Rows.At(i).ID(), true
}

// Look goes through the rows, in the order of the screen, to the first whose leading cell begins with a text; where
// there is none, to the first that does so but for the case of letters. It returns the ID; empty for none.
func (a *Arranged) Look(v *view.View, says string, at view.Clock) (id string) {
	leading := v.Leading()
	letters := []rune(says)
	for i, r := range letters {
		letters[i] = unicode.ToLower(r)
	}
	rows := a.Rows
	switch {
	case rows == nil:
		return ""
	case a.shown != nil:
		rows = a.shown
	}
	for _, r := range each(rows) {
		cell := r.ID()
		if r.Problem() == nil {
			cell = v.Columns[leading].Text(r, at)
		}
		for _, cell := range text.Readings(cell) {
			switch {
			case strings.HasPrefix(cell, says):
				return r.ID()
			case id == "" && beginsLike(cell, letters):
				id = r.ID()
			}
		}
	}
	return id
}

// beginsLike tells whether a cell begins with letters, all lower case, in whatever case.
func beginsLike(cell string, letters []rune) bool {
	for _, r := range cell {
		if len(letters) == 0 || unicode.ToLower(r) != letters[0] {
			break
		}
		letters = letters[1:]
	}
	return len(letters) == 0
}
