package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"holdfast/keymap"
	"holdfast/themes"
)

// overlay is a box above the body. The topmost one gets every key.
type overlay interface {
	scope() keymap.Scope
	// act carries out an action that the keymap found for a key of this scope.
	act(keymap.Action) (tea.Cmd, verdict)
	// typed takes any other message: a key that is bound to nothing, a paste, a blink.
	typed(tea.Msg) tea.Cmd
	// draw returns title and content for a box of at most w by h cells inside.
	draw(th themes.Theme, w, h int) (title, content string)
}

// verdict says what becomes of an overlay after a key.
type verdict int

const (
	stay verdict = iota
	shut
)

// stack holds the open overlays, the topmost last.
type stack []overlay

func (s *stack) push(o overlay) { *s = append(*s, o) }

func (s stack) top() overlay {
	if len(s) == 0 {
		return nil
	}
	return s[len(s)-1]
}

// drop removes one overlay, wherever it is: what it started may have opened another above it.
func (s *stack) drop(o overlay) {
	for i := len(*s) - 1; i >= 0; i-- {
		if (*s)[i] == o {
			*s = append((*s)[:i:i], (*s)[i+1:]...)
			return
		}
	}
}

// render lays the topmost overlay as a box over the body, which is width by height cells.
func (s stack) render(th themes.Theme, body string, width, height int) string {
	o := s.top()
	if o == nil {
		return body
	}
	w, h := min(width-6, 110), height-4
	if w < 10 || h < 3 {
		w, h = width-4, height-2
	}
	title, content := o.draw(th, w, h)
	lines := strings.Split(content, "\n")
	if len(lines) > h {
		lines = lines[:h]
	}
	inner := textWidth(title) + 2
	for i, l := range lines {
		if textWidth(l) > w {
			lines[i] = cut(l, w)
		}
		inner = max(inner, textWidth(lines[i]))
	}
	inner = min(inner, w)
	var b strings.Builder
	top := "╭─ " + cut(title, max(0, inner-1)) + " "
	b.WriteString(th.BorderFocus.Render("╭─ ") + th.OverlayTitle.Render(cut(title, max(0, inner-1))) +
		th.BorderFocus.Render(" "+strings.Repeat("─", max(0, inner+3-textWidth(top)))+"╮") + "\n")
	for _, l := range lines {
		pad := strings.Repeat(" ", max(0, inner-textWidth(l)))
		b.WriteString(th.BorderFocus.Render("│") + " " + l + pad + " " + th.BorderFocus.Render("│") + "\n")
	}
	b.WriteString(th.BorderFocus.Render("╰" + strings.Repeat("─", inner+2) + "╯"))
	box := b.String()
	x, y := (width-inner-4)/2, (height-len(lines)-2)/2
	comp := lipgloss.NewCompositor(lipgloss.NewLayer(body).Z(0), lipgloss.NewLayer(box).X(max(x, 0)).Y(max(y, 0)).Z(10))
	return lipgloss.NewCanvas(width, height).Compose(comp).Render()
}

// scroller is a window on lines that are longer than a screen.
type scroller struct{ top, height, lines int }

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
		s.top -= s.height / 2
	case keymap.HalfPageDown:
		s.top += s.height / 2
	case keymap.Top:
		s.top = 0
	case keymap.Bottom:
		s.top = s.lines
	default:
		return false
	}
	s.clamp()
	return true
}

func (s *scroller) clamp() { s.top = max(0, min(s.top, s.lines-s.height)) }

// view cuts the window out of lines; h is its height.
func (s *scroller) view(lines []string, h int) []string {
	s.height, s.lines = h, len(lines)
	s.clamp()
	return lines[s.top:min(len(lines), s.top+h)]
}
