// Package overlay has every layer of the screen that can hold the keys: questions, forms, pickers, menus, panes, the editor, the prompts.
// The stack of open layers decides who hears a key, a click, a paste. A layer knows what it shows and what was typed into it;
// what follows from an answer is a function that it was given, so nothing here knows the dashboard.
package overlay

import (
	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/themes"
)

// Layer is something that can hold the keys: a box above the screen, or a line to type in. It knows nothing of the dashboard:
// what follows from a key is a function that it was given.
type Layer interface {
	scope() keymap.Scope
	// hints are the actions whose keys are named while it is on top.
	hints() []Hint
	// act carries out an action that the keymap found for a key of this scope. If it shuts the layer, next comes after
	// that; next may be nil.
	act(keymap.Action) (next func() tea.Cmd, shut bool)
	// typed takes any other message: a key that is bound to nothing, a paste that it has room for.
	typed(tea.Msg) tea.Cmd
	intake() intake
	// click is on a cell of the lines drawn last. The first click on a part chooses it, another one takes it.
	click(x, y int) (next func() tea.Cmd, shut bool)
	// beside is a click on the screen around it. It answers no question and drops nothing that was typed; one that shuts a
	// line to type in goes through to what stands there.
	beside() (next func() tea.Cmd, shut bool)
	// look takes in what became of the rows that it asks about.
	look()
	// draw returns title and lines for a box of at most w by h cells inside; of a line to type in, that line of w cells.
	draw(th themes.Theme, w, h int) (title string, lines []string)
	// inline tells a line to type in, which stands where messages do and leaves the wheel to the screen.
	inline() bool
}

// Hint names the key of an action, with a word of its own for it where there is one.
type Hint struct {
	Action keymap.Action
	Label  string
}

// HintsOf names actions by the words that the key map has for them.
func HintsOf(actions ...keymap.Action) (out []Hint) {
	for _, a := range actions {
		out = append(out, Hint{Action: a})
	}
	return out
}

// intake is how much text a layer takes now, in bytes; zero for one that takes none.
type intake struct {
	left, most int
	lines      bool // a line break at the end of a paste belongs to the text
}

// mute is a layer's part that takes no text and no clicks.
type mute struct{}

func (mute) typed(tea.Msg) tea.Cmd                 { return nil }
func (mute) intake() intake                        { return intake{} }
func (mute) click(int, int) (func() tea.Cmd, bool) { return nil, false }
func (mute) beside() (func() tea.Cmd, bool)        { return nil, false }
func (mute) look()                                 {}
func (mute) inline() bool                          { return false }
