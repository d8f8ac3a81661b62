package overlay

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// copyMenu asks what of a row, or of the marked ones, is to be copied.
type copyMenu struct {
	mute
	title   string
	choices []Clip
	at      int
}

// Clip is something that can be copied.
type Clip struct {
	Key  keymap.Binding
	Take func() tea.Cmd
}

// NewCopyMenu offers what can be copied, at least one thing.
func NewCopyMenu(title string, choices []Clip) *copyMenu {
	return &copyMenu{title: title, choices: choices}
}

const copyLabel = 7 // cells: "content"

func (c *copyMenu) scope() keymap.Scope { return keymap.Copying }

func (c *copyMenu) hints() []Hint {
	return HintsOf(keymap.CopyChosen, keymap.CopyNothing)
}

func (c *copyMenu) act(a keymap.Action) (func() tea.Cmd, bool) {
	switch a {
	case keymap.Up:
		c.at = max(0, c.at-1)
	case keymap.Down:
		c.at = min(c.at+1, len(c.choices)-1)
	case keymap.CopyChosen:
		return c.choices[c.at].Take, true
	case keymap.CopyNothing:
		return nil, true
	}
	for _, one := range c.choices {
		if one.Key.Action == a {
			return one.Take, true
		}
	}
	return nil, false
}

func (c *copyMenu) click(_, y int) (func() tea.Cmd, bool) {
	switch {
	case y < 0 || y >= len(c.choices):
	case y == c.at:
		return c.choices[y].Take, true
	default:
		c.at = y
	}
	return nil, false
}

func (c *copyMenu) beside() (func() tea.Cmd, bool) { return nil, true }

func (c *copyMenu) draw(th themes.Theme, w, _ int) (string, []string) {
	lines := make([]string, len(c.choices))
	wide := text.Width(c.title)
	for _, one := range c.choices {
		wide = max(wide, text.Width(one.Key.Help)+copyLabel+5)
	}
	for i, one := range c.choices {
		key := text.Fit(strings.Join(one.Key.Keys[:min(1, len(one.Key.Keys))], ""), 2, false)
		if i == c.at {
			lines[i] = th.RowSelected.Render(text.Fit("> "+key+text.Fit(one.Key.Label, copyLabel, false)+" "+one.Key.Help, min(w, wide), false))
		} else {
			lines[i] = "  " + th.Key.Render(key) + th.Text.Render(text.Fit(one.Key.Label, copyLabel, false)) + " " + th.Muted.Render(one.Key.Help)
		}
	}
	return c.title, lines
}
