package overlay

import "holdfast/keymap"

// Scroller is a window on lines that are longer than a screen.
type Scroller struct {
	Top           int // first line in it, as drawn last
	Asked         int // what top is to be where there is room: another size does not change it
	height, lines int
}

// Act moves the window; false if the action is no movement.
func (s *Scroller) Act(a keymap.Action) bool {
	switch a {
	case keymap.Up:
		s.Top--
	case keymap.Down:
		s.Top++
	case keymap.PageUp:
		s.Top -= s.height
	case keymap.PageDown:
		s.Top += s.height
	case keymap.HalfPageUp:
		s.Top -= max(1, s.height/2)
	case keymap.HalfPageDown:
		s.Top += max(1, s.height/2)
	case keymap.Top:
		s.Top = 0
	case keymap.Bottom:
		s.Top = s.lines
	default:
		return false
	}
	s.clamp()
	s.Asked = s.Top
	return true
}

func (s *Scroller) clamp() { s.Top = max(0, min(s.Top, s.lines-s.height)) }

// Reveal moves the window to a line that is not in it, and shows some before it.
func (s *Scroller) Reveal(line int) {
	if line < s.Asked || line >= s.Asked+s.height {
		s.Asked = max(0, line-s.height/3)
	}
}

// atEnd tells whether the last line is in the window.
func (s *Scroller) atEnd() bool { return s.Top+s.height >= s.lines }

// View cuts the window out of lines; h is its height.
func (s *Scroller) View(lines []string, h int) []string {
	s.height, s.lines = max(h, 0), len(lines)
	s.Top = s.Asked
	s.clamp()
	return lines[s.Top:min(len(lines), s.Top+s.height)]
}

// above is the window on lines with a foot below it that is always seen, together at most h lines. Arrows before the
// title tell where there is more.
func (s *Scroller) above(title string, lines, foot []string, h int) (string, []string) {
	shown := s.View(lines, h-len(foot))
	switch up, down := s.Top > 0, !s.atEnd(); {
	case up && down:
		title = "↕ " + title
	case up:
		title = "↑ " + title
	case down:
		title = "↓ " + title
	}
	return title, append(shown[:len(shown):len(shown)], foot...)
}
