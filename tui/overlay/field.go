package overlay

import (
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"holdfast/internal/text"
)

// maxInField is how long the text of a field may be that is typed or pasted, in bytes.
const maxInField = 4096

var errCut = errors.New("the input is too long, and its end is missing")

// field is an input of one line. Line breaks in its text are shown as \n. Its cursor does not blink: a screen on which
// nothing happens sends nothing. It has no colour, so that the cursor is seen on any background.
type field struct {
	typing
	hint    string // shown while it is empty
	width   int    // cells for the text; the cursor may stand behind them
	from    int    // first byte in the window
	focused bool
	cut     bool // something was typed that had no room
}

func newField(text string) *field {
	f := &field{}
	f.set(text)
	return f
}

func (f *field) set(text string) {
	f.typing = typing{text, len(text)}
	f.from, f.cut = 0, false
}

func (f *field) intake() intake { return intake{left: f.room(), most: maxInField} }

// room is how many bytes more it takes.
func (f *field) room() int { return max(0, maxInField-len(f.text)) }

// take takes a key or a paste in.
func (f *field) take(msg tea.Msg) {
	text := ""
	switch msg := msg.(type) {
	case tea.PasteMsg:
		text = pasted(msg.Content)
	case tea.KeyPressMsg:
		text = msg.Text
		if text == "" {
			before := len(f.text)
			f.edit(msg.String())
			f.cut = f.cut && len(f.text) >= before
		}
	}
	if len(text) > f.room() {
		f.cut = true
		return
	}
	f.insert(text)
}

// wrong says that the text is not whole; nil while it is.
func (f *field) wrong() error {
	if f.cut {
		return fmt.Errorf("%w: at most %s", errCut, text.Bytes(maxInField))
	}
	return nil
}

// view draws the field in width+1 cells.
func (f *field) view() string {
	reversed := lipgloss.NewStyle().Reverse(true)
	width := max(1, f.width)
	if f.text == "" && f.hint != "" {
		hint := text.Fit(f.hint, width+1, false)
		faint := lipgloss.NewStyle().Faint(true)
		if !f.focused {
			return faint.Render(hint)
		}
		return reversed.Render(hint[:1]) + faint.Render(hint[1:])
	}
	f.scroll(width)
	var b strings.Builder
	used, at, drawn := 0, f.from, !f.focused
	for raw, shown := range text.Units(f.text[f.from:]) {
		w := text.Width(shown)
		if used+w > width {
			shown, w = text.Fit(shown, width-used, false), width-used
		}
		if at+len(raw) > f.at && !drawn {
			shown, drawn = reversed.Render(shown), true
		}
		b.WriteString(shown)
		used += w
		if at += len(raw); used >= width {
			break
		}
	}
	if !drawn {
		b.WriteString(reversed.Render(" "))
		used++
	}
	b.WriteString(strings.Repeat(" ", max(0, width+1-used)))
	return b.String()
}

// scroll moves the window so that the cursor is in it.
func (f *field) scroll(width int) {
	f.from = min(f.from, f.at)
	var ends, cells []int // of the units between the window's start and the cursor
	end, sum := f.from, 0
	for raw, shown := range text.Units(f.text[f.from:]) {
		under := end >= f.at
		end += len(raw)
		sum += text.Width(shown)
		ends, cells = append(ends, end), append(cells, text.Width(shown))
		if under {
			break
		}
	}
	for i := 0; sum > width && i < len(ends)-1 && ends[i] <= f.at; i++ {
		sum -= cells[i]
		f.from = ends[i]
	}
}
