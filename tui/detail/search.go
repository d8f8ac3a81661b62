package detail

import (
	"holdfast/core/live"
	"holdfast/themes"
	"holdfast/tui/content"
	"holdfast/tui/view"
)

// StartSearch begins to look for a text from the first line in the window.
func (d *Pane) StartSearch() { d.Search = content.NewSearch(d.s.Top) }

// CancelSearch puts the window back to where the search began.
func (d *Pane) CancelSearch() {
	d.s.Asked = d.Search.From
	d.Search = nil
}

// SearchFor goes to the first match from where the search began.
func (d *Pane) SearchFor(typed string, th themes.Theme, snap *live.Snapshot, at view.Clock, w int) {
	d.s.Asked = d.Search.From
	d.Search.Begin(typed)
	if line, ok := d.Search.First(d.parts(th, snap, at, w)); ok {
		d.s.Reveal(line)
	}
}

// StepMatch goes to the next match or to the one before; false if there is none.
func (d *Pane) StepMatch(by int, th themes.Theme, snap *live.Snapshot, at view.Clock, w int) bool {
	line, ok := d.Search.Step(by, d.parts(th, snap, at, w))
	if ok {
		d.s.Reveal(line)
	}
	return ok
}
