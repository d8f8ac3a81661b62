package tui

import (
	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/themes"
)

// layer is something that can hold the keys: a box above the screen, or a line to type in. It knows nothing of the dashboard:
// what follows from a key is a function that it was given.
type layer interface {
	scope() keymap.Scope
	// hints are the actions whose keys are named while it is on top.
	hints() []hint
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

// hint names the key of an action, with a word of its own for it where there is one.
type hint struct {
	action keymap.Action
	label  string
}

func hintsOf(actions ...keymap.Action) (out []hint) {
	for _, a := range actions {
		out = append(out, hint{action: a})
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
