package tui

import "holdfast/keymap"

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
