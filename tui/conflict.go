package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/aymanbagabas/go-udiff"

	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/themes"
)

// conflict shows a document that changed under the editor: what the operator wrote against what is there now. Nothing
// was written; the operator starts over from either text, or leaves it.
type conflict struct {
	theirs operate.Document
	mine   string
	edit   func(text string) tea.Cmd // on what is on the server now
	at     int                       // the button in focus
	s      scroller
}

var conflictButtons = [...]string{"edit what is there now", "edit yours again", "leave it"}

func (c *conflict) scope() keymap.Scope { return keymap.Confirm }

func (c *conflict) act(a keymap.Action) (tea.Cmd, verdict) {
	switch a {
	case keymap.NextButton:
		c.at = (c.at + 1) % len(conflictButtons)
	case keymap.PrevButton:
		c.at = (c.at + len(conflictButtons) - 1) % len(conflictButtons)
	case keymap.Press:
		return c.press(), shut
	case keymap.No:
		return nil, shut
	default:
		c.s.act(a)
	}
	return nil, stay
}

func (c *conflict) press() tea.Cmd {
	switch c.at {
	case 0:
		return c.edit(c.theirs.Text())
	case 1:
		return c.edit(c.mine)
	}
	return nil
}

func (c *conflict) typed(tea.Msg) tea.Cmd { return nil }

func (c *conflict) draw(th themes.Theme, w, h int) (string, string) {
	out := append(wrap("It was changed meanwhile, so nothing was written. - is on the server now, + is yours.", w), "")
	lines := c.diff(th, w)
	out = append(out, c.s.view(lines, max(1, min(len(lines), h-len(out)-2)))...)
	buttons := make([]string, len(conflictButtons))
	for i, text := range conflictButtons {
		buttons[i] = button(th, text, i == c.at)
	}
	return "conflict on " + Clean(c.theirs.ID), strings.Join(append(out, "", strings.Join(buttons, " ")), "\n")
}

func (c *conflict) diff(th themes.Theme, w int) []string {
	var lines []string
	for l := range strings.Lines(udiff.Unified("on the server now", "yours", c.theirs.Text(), c.mine)) {
		l = CleanLines(strings.TrimRight(l, "\n"))
		style := th.Text
		switch {
		case strings.HasPrefix(l, "+"):
			style = th.Good
		case strings.HasPrefix(l, "-"):
			style = th.Bad
		}
		lines = append(lines, style.Render(cut(l, w)))
	}
	if len(lines) == 0 {
		return []string{"The server already holds what you wrote."}
	}
	return lines
}

// button draws one button; arrows mark the one in focus without colour.
func button(th themes.Theme, text string, focused bool) string {
	if focused {
		return th.ButtonFocus.Padding(0).Render("> " + text + " <")
	}
	return th.Button.Padding(0).Render("  " + text + "  ")
}
