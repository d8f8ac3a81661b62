package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// stack holds the open layers, the topmost last. It alone decides who hears a key, a click, a paste.
type stack struct {
	open []layer
	box  rect // the box of the topmost one, as drawn last
}

func (s *stack) push(l layer) { s.open = append(s.open, l) }

// close takes a layer off, wherever it is.
func (s *stack) close(l layer) {
	s.open = slices.DeleteFunc(s.open, func(one layer) bool { return one == l })
}

// top is nil where no layer has the keys.
func (s *stack) top() layer {
	if len(s.open) == 0 {
		return nil
	}
	return s.open[len(s.open)-1]
}

func (s *stack) holds() bool { return len(s.open) > 0 }

// act gives an action to the topmost layer.
func (s *stack) act(a keymap.Action) tea.Cmd {
	l := s.top()
	next, shut := l.act(a)
	return s.after(l, next, shut)
}

// after does what follows from what a layer did.
func (s *stack) after(l layer, next func() tea.Cmd, shut bool) tea.Cmd {
	if shut {
		s.close(l)
	}
	if next == nil {
		return nil
	}
	return next()
}

// typed gives the topmost layer any message that is for none else.
func (s *stack) typed(msg tea.Msg) tea.Cmd {
	if l := s.top(); l != nil {
		return l.typed(msg)
	}
	return nil
}

// paste gives the topmost layer what was pasted. Half of it would be saved for the whole, so that more than there is room for
// is refused.
func (s *stack) paste(msg tea.PasteMsg) tea.Cmd {
	if !s.holds() {
		return nil
	}
	in := s.top().intake()
	if in.most == 0 {
		return nil
	}
	msg.Content = pasted(msg.Content)
	if !in.lines {
		msg.Content = strings.TrimRight(msg.Content, "\n")
	}
	if len(msg.Content) <= in.left {
		return s.typed(msg)
	}
	s.push(textPane("Not pasted", fmt.Sprintf("%s are too many: there is room for %s more, %s in all. Nothing was changed.",
		text.Bytes(int64(len(msg.Content))), text.Bytes(int64(in.left)), text.Bytes(int64(in.most)))))
	return nil
}

// click gives a click to the topmost layer; it goes through if that had no box there, or shut a line to type in.
func (s *stack) click(x, y int) (cmd tea.Cmd, through bool) {
	l := s.top()
	if l == nil {
		return nil, true
	}
	if !l.inline() && s.box.holds(x, y) {
		next, shut := l.click(x-s.box.x-2, y-s.box.y-1) // the border and a space
		return s.after(l, next, shut), false
	}
	next, shut := l.beside()
	return s.after(l, next, shut), shut && l.inline()
}

// wheel is who hears the wheel: nil if it is not for a layer.
func (s *stack) wheel() func(keymap.Action) tea.Cmd {
	if l := s.top(); l == nil || l.inline() {
		return nil
	}
	return s.act
}

// look has every layer take in what became of the rows that it asks about.
func (s *stack) look() {
	for _, l := range s.open {
		l.look()
	}
}

// line draws the line to type in, also below a box; false if there is none.
func (s *stack) line(th themes.Theme, w int) (string, bool) {
	for _, l := range slices.Backward(s.open) {
		if l.inline() {
			_, lines := l.draw(th, w, 1)
			return text.Cut(lines[0], w), true
		}
	}
	return "", false
}

// prompting tells whether there is a line to type in.
func (s *stack) prompting() bool { return slices.ContainsFunc(s.open, layer.inline) }

// over lays the topmost box over the body, whose lines are at most width cells wide.
func (s *stack) over(th themes.Theme, body []string, width int) []string {
	s.box = rect{}
	l := s.top()
	if l == nil || l.inline() {
		return body
	}
	w, h := min(width-6, 110), len(body)-4
	title, lines := l.draw(th, w, h)
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
	s.box = rect{x, y, wide, len(box)}
	return body
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
