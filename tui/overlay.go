package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// overlay is a box above the body. The topmost one gets every key.
type overlay interface {
	scope() keymap.Scope
	// act carries out an action that the keymap found for a key of this scope. If it shuts the overlay, next comes after
	// that; next may be nil.
	act(keymap.Action) (next func() tea.Cmd, shut bool)
	// typed takes any other message: a key that is bound to nothing, a paste.
	typed(tea.Msg) tea.Cmd
	// draw returns title and lines for a box of at most w by h cells inside.
	draw(th themes.Theme, w, h int) (title string, lines []string)
	// hints are the actions whose keys are named while it is open.
	hints() []keymap.Action
}

// stack holds the open overlays, the topmost last.
type stack []overlay

func (s *stack) push(o overlay) { *s = append(*s, o) }

func (s stack) top() overlay {
	if len(s) == 0 {
		return nil
	}
	return s[len(s)-1]
}

// act gives an action to the topmost overlay.
func (s *stack) act(a keymap.Action) tea.Cmd { return s.after(s.top().act(a)) }

// after does what follows from what the topmost overlay did.
func (s *stack) after(next func() tea.Cmd, shut bool) tea.Cmd {
	if shut {
		*s = (*s)[:len(*s)-1]
	}
	if next == nil {
		return nil
	}
	return next()
}

// render lays the topmost overlay as a box over the body, whose lines are at most width cells wide.
func (s stack) render(th themes.Theme, body []string, width int) ([]string, rect) {
	o := s.top()
	if o == nil {
		return body, rect{}
	}
	w, h := min(width-6, 110), len(body)-4
	title, lines := o.draw(th, w, h)
	box := frame(th, title, lines[:min(len(lines), h)], w)
	wide := text.Width(box[0])
	x, y := (width-wide)/2, (len(body)-len(box))/2
	for i, line := range box {
		under := text.Pad(body[y+i], width)
		if x < minMargin {
			under = strings.Repeat(" ", width)
		}
		body[y+i] = text.Pad(ansi.Truncate(under, x, ""), x) + line + text.Rest(under, x+wide, width-x-wide)
	}
	return body, rect{x, y, wide, len(box)}
}

// minMargin is how much of the body must be left beside a box to be worth showing.
const minMargin = 4

// frame draws a box around lines, at most w cells wide inside.
func frame(th themes.Theme, title string, lines []string, w int) []string {
	title = text.Cut(title, w-1)
	inner := min(w, text.Width(title)+2)
	for i, l := range lines {
		lines[i] = text.Cut(l, w)
		inner = max(inner, text.Width(lines[i]))
	}
	bar := th.BorderFocus.Render("│")
	line := strings.Repeat("─", max(0, inner-text.Width(title)-1))
	box := []string{th.BorderFocus.Render("╭─ ") + th.OverlayTitle.Render(title) + th.BorderFocus.Render(" "+line+"╮")}
	for _, l := range lines {
		box = append(box, bar+" "+text.Pad(l, inner)+" "+bar)
	}
	return append(box, th.BorderFocus.Render("╰"+strings.Repeat("─", inner+2)+"╯"))
}

// scroller is a window on lines that are longer than a screen.
type scroller struct {
	top           int // first line in it, as drawn last
	asked         int // what top is to be where there is room: another size does not change it
	height, lines int
}

// act moves the window; false if the action is no movement.
func (s *scroller) act(a keymap.Action) bool {
	switch a {
	case keymap.Up:
		s.top--
	case keymap.Down:
		s.top++
	case keymap.PageUp:
		s.top -= s.height
	case keymap.PageDown:
		s.top += s.height
	case keymap.HalfPageUp:
		s.top -= max(1, s.height/2)
	case keymap.HalfPageDown:
		s.top += max(1, s.height/2)
	case keymap.Top:
		s.top = 0
	case keymap.Bottom:
		s.top = s.lines
	default:
		return false
	}
	s.clamp()
	s.asked = s.top
	return true
}

func (s *scroller) clamp() { s.top = max(0, min(s.top, s.lines-s.height)) }

// reveal moves the window to a line that is not in it, and shows some before it.
func (s *scroller) reveal(line int) {
	if line < s.asked || line >= s.asked+s.height {
		s.asked = max(0, line-s.height/3)
	}
}

// atEnd tells whether the last line is in the window.
func (s *scroller) atEnd() bool { return s.top+s.height >= s.lines }

// view cuts the window out of lines; h is its height.
func (s *scroller) view(lines []string, h int) []string {
	s.height, s.lines = max(h, 0), len(lines)
	s.top = s.asked
	s.clamp()
	return lines[s.top:min(len(lines), s.top+s.height)]
}

// above is the window on lines with a foot below it that is always seen, together at most h lines. Arrows before the
// title tell where there is more.
func (s *scroller) above(title string, lines, foot []string, h int) (string, []string) {
	shown := s.view(lines, h-len(foot))
	switch up, down := s.top > 0, !s.atEnd(); {
	case up && down:
		title = "↕ " + title
	case up:
		title = "↑ " + title
	case down:
		title = "↓ " + title
	}
	return title, append(shown[:len(shown):len(shown)], foot...)
}
