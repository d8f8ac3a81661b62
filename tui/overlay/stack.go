package overlay

import (
	"fmt"
	"image"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// Stack holds the open layers, the topmost last. It alone decides who hears a key, a click, a paste.
type Stack struct {
	open []Layer
	box  image.Rectangle // of the topmost one, as drawn last
}

// Push opens a layer, which looks at once whether what it asks about has changed.
func (s *Stack) Push(l Layer) {
	l.look()
	s.open = append(s.open, l)
}

// Close takes a layer off, wherever it is.
func (s *Stack) Close(l Layer) {
	s.open = slices.DeleteFunc(s.open, func(one Layer) bool { return one == l })
}

// top is nil where no layer has the keys.
func (s *Stack) top() Layer {
	if len(s.open) == 0 {
		return nil
	}
	return s.open[len(s.open)-1]
}

// Holds tells whether a layer has the keys.
func (s *Stack) Holds() bool { return len(s.open) > 0 }

// IsTop tells whether a layer has the keys; nil has not.
func (s *Stack) IsTop(l Layer) bool { return l != nil && s.top() == l }

// Scope and Hints are those of the layer that has the keys; there must be one.
func (s *Stack) Scope() keymap.Scope { return s.top().scope() }

func (s *Stack) Hints() []Hint { return s.top().hints() }

// Act gives an action to the topmost layer.
func (s *Stack) Act(a keymap.Action) tea.Cmd {
	l := s.top()
	next, shut := l.act(a)
	return s.after(l, next, shut)
}

// after does what follows from what a layer did.
func (s *Stack) after(l Layer, next func() tea.Cmd, shut bool) tea.Cmd {
	if shut {
		s.Close(l)
	}
	if next == nil {
		return nil
	}
	return next()
}

// Typed gives the topmost layer any message that is for none else.
func (s *Stack) Typed(msg tea.Msg) tea.Cmd {
	if l := s.top(); l != nil {
		return l.typed(msg)
	}
	return nil
}

// Paste gives the topmost layer what was pasted. Half of it would be saved for the whole, so that more than there is room for
// is refused.
func (s *Stack) Paste(msg tea.PasteMsg) tea.Cmd {
	if !s.Holds() {
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
		return s.Typed(msg)
	}
	s.Push(NewText("Not pasted", fmt.Sprintf("%s are too many: there is room for %s more, %s in all. Nothing was changed.",
		text.Bytes(int64(len(msg.Content))), text.Bytes(int64(in.left)), text.Bytes(int64(in.most)))))
	return nil
}

// Click gives a click to the topmost layer; it goes through if that had no box there, or shut a line to type in.
func (s *Stack) Click(x, y int) (cmd tea.Cmd, through bool) {
	l := s.top()
	if l == nil {
		return nil, true
	}
	if !l.inline() && image.Pt(x, y).In(s.box) {
		next, shut := l.click(x-s.box.Min.X-2, y-s.box.Min.Y-1) // the border and a space
		return s.after(l, next, shut), false
	}
	next, shut := l.beside()
	return s.after(l, next, shut), shut && l.inline()
}

// Wheel is who hears the wheel: nil if it is not for a layer.
func (s *Stack) Wheel() func(keymap.Action) tea.Cmd {
	if l := s.top(); l == nil || l.inline() {
		return nil
	}
	return s.Act
}

// Look has every layer take in what became of the rows that it asks about.
func (s *Stack) Look() {
	for _, l := range s.open {
		l.look()
	}
}

// Line draws the line to type in, also below a box; false if there is none.
func (s *Stack) Line(th themes.Theme, w int) (string, bool) {
	for _, l := range slices.Backward(s.open) {
		if l.inline() {
			_, lines := l.draw(th, w, 1)
			return text.Cut(lines[0], w), true
		}
	}
	return "", false
}

// Prompting tells whether there is a line to type in.
func (s *Stack) Prompting() bool { return slices.ContainsFunc(s.open, Layer.inline) }

// Over lays the topmost box over the body, whose lines are at most width cells wide.
func (s *Stack) Over(th themes.Theme, body []string, width int) []string {
	s.box = image.Rectangle{}
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
	s.box = image.Rect(x, y, x+wide, y+len(box))
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
