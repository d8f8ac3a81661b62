package overlay

import (
	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// A question is made of rows as they were seen. What becomes of them while it is open stands in it, and it can be asked
// anew of what is there now.

// Since watches the rows under a question, or none where it is nil.
type Since struct {
	again func() tea.Cmd             // asks anew
	now   func() []string            // what changed, raw
	key   func(keymap.Action) string // its name
	notes []string                   // of the last look
}

// NewSince watches rows: now says what became of them, again asks anew, and key names the key of that.
func NewSince(again func() tea.Cmd, key func(keymap.Action) string, now func() []string) *Since {
	return &Since{again: again, key: key, now: now}
}

// asking is the part of a layer that asks about rows.
type asking struct {
	mute
	of *Since
}

func (a asking) look() {
	if a.of != nil {
		a.of.notes = a.of.now()
	}
}

// changed tells whether anything is to be said.
func (w *Since) changed() bool { return w != nil && len(w.notes) > 0 }

// renew is the way to a new question; false where the one that is open still holds.
func (w *Since) renew() (next func() tea.Cmd, shut bool) {
	if !w.changed() {
		return nil, false
	}
	return w.again, true
}

// lines are the notes as a question shows them.
func (w *Since) lines(th themes.Theme, width int, again keymap.Action) (lines []string) {
	if !w.changed() {
		return nil
	}
	for _, note := range w.notes {
		lines = append(lines, text.Styled(th.Warn, text.Wrap(text.Line(note), width))...)
	}
	return append(lines, th.Muted.Render(w.key(again)+" asks again"))
}
