package overlay

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// editor is the inline editor, for terminals without $EDITOR. Its text is any bytes, and comes out of it as it went in: what
// a terminal must not see is drawn spelled out, a tab as blanks.
type editor struct {
	mute
	name        string // of what is edited
	save, leave func(text string) tea.Cmd
	lines       []string // without the line breaks between them; that of the cursor as it was before
	line        int      // that the cursor is on
	typing               // that line
	goal        int      // cells before the cursor, for going up and down; -1: where it stands
	top, sub    int      // the line that the window begins in, and the row within it
	width       int      // as drawn last
	height      int
}

// maxEdited is how long a text may be that the inline editor takes, in bytes.
const maxEdited = 1 << 20

// NewEditor opens a text, or says why it cannot.
func NewEditor(name, content string, save, leave func(text string) tea.Cmd) (e *editor, why string) {
	if len(content) > maxEdited {
		return nil, fmt.Sprintf("a text of %s is too long for the built-in editor", text.Bytes(int64(len(content))))
	}
	e = &editor{name: name, save: save, leave: leave, lines: strings.Split(content, "\n"), goal: -1, width: 1, height: 1}
	e.text = e.lines[0]
	return e, ""
}

func (e *editor) scope() keymap.Scope { return keymap.Editor }

func (e *editor) hints() []Hint { return HintsOf(keymap.Save, keymap.Leave) }

func (e *editor) act(a keymap.Action) (func() tea.Cmd, bool) {
	written := e.value()
	switch a {
	case keymap.Save:
		return func() tea.Cmd { return e.save(written) }, true
	case keymap.Leave:
		return func() tea.Cmd { return e.leave(written) }, true
	case keymap.Up: // the wheel
		e.goTo(e.line - 1)
	case keymap.Down:
		e.goTo(e.line + 1)
	}
	return nil, false
}

func (e *editor) value() string {
	e.lines[e.line] = e.text
	return strings.Join(e.lines, "\n")
}

func (e *editor) intake() intake { return intake{left: e.room(), most: maxEdited, lines: true} }

// room is how many bytes more the text may have.
func (e *editor) room() int {
	size := len(e.lines) - 1 + len(e.text) - len(e.lines[e.line])
	for _, l := range e.lines {
		size += len(l)
	}
	return max(0, maxEdited-size)
}

func (e *editor) typed(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		e.put(msg.Content)
	case tea.KeyPressMsg:
		if msg.Text != "" {
			e.put(msg.Text)
		} else {
			e.key(msg.String())
		}
	}
	return nil
}

// put inserts a text of any number of lines.
func (e *editor) put(text string) {
	if len(text) > e.room() {
		return
	}
	e.goal = -1
	parts := strings.Split(text, "\n")
	e.insert(parts[0])
	for _, part := range parts[1:] {
		rest := e.text[e.at:]
		e.lines[e.line] = e.text[:e.at]
		e.line++
		e.lines = slices.Insert(e.lines, e.line, "")
		e.typing = typing{part + rest, len(part)}
	}
}

func (e *editor) key(name string) {
	goal := e.goal
	e.goal = -1
	switch name {
	case "enter", "ctrl+m", "ctrl+j":
		e.put("\n")
	case "tab":
		e.put("\t")
	case "up", "ctrl+p":
		e.rows(-1, goal)
	case "down", "ctrl+n":
		e.rows(1, goal)
	case "pgup":
		e.rows(-max(1, e.height-1), goal)
	case "pgdown":
		e.rows(max(1, e.height-1), goal)
	case "ctrl+home", "alt+<":
		e.goTo(0)
		e.at = 0
	case "ctrl+end", "alt+>":
		e.goTo(len(e.lines) - 1)
		e.at = len(e.text)
	default:
		e.within(name)
	}
}

// within carries out a key of the line; at its ends those that go or delete on lead to the line beside it.
func (e *editor) within(name string) {
	start, end := e.at == 0 && e.line > 0, e.at == len(e.text) && e.line < len(e.lines)-1
	switch name {
	case "left", "ctrl+b", "alt+left", "ctrl+left", "alt+b":
		if start {
			e.goTo(e.line - 1)
			e.at = len(e.text)
			return
		}
	case "right", "ctrl+f", "alt+right", "ctrl+right", "alt+f":
		if end {
			e.goTo(e.line + 1)
			e.at = 0
			return
		}
	case "backspace", "ctrl+h", "shift+backspace", "alt+backspace", "ctrl+w", "ctrl+backspace", "ctrl+u":
		if start {
			e.goTo(e.line - 1)
			e.join()
			return
		}
	case "delete", "ctrl+d", "alt+delete", "alt+d", "ctrl+delete", "ctrl+k":
		if end {
			e.join()
			return
		}
	}
	e.edit(name)
}

// join puts the line after this one at its end, where the cursor then is.
func (e *editor) join() {
	at := len(e.text)
	e.typing = typing{e.text + e.lines[e.line+1], at}
	e.lines = slices.Delete(e.lines, e.line+1, e.line+2)
}

// goTo puts the cursor on another line, as far into it as there is text.
func (e *editor) goTo(line int) {
	e.lines[e.line] = e.text
	e.line = max(0, min(line, len(e.lines)-1))
	e.typing = typing{e.lines[e.line], min(e.at, len(e.lines[e.line]))}
}

// rows moves the cursor by rows of the screen, and keeps it below or above where it was.
func (e *editor) rows(by, goal int) {
	here := layRows(e.text, e.width)
	row, cell := here.find(e.at)
	if goal < 0 {
		goal = cell
	}
	line, row := e.line, row+by
	all := here
	for row < 0 && line > 0 {
		line--
		all = layRows(e.lines[line], e.width)
		row += len(all)
	}
	for row >= len(all) && line < len(e.lines)-1 {
		row -= len(all)
		line++
		all = layRows(e.lines[line], e.width)
	}
	if line != e.line {
		e.goTo(line)
	}
	switch {
	case row < 0:
		e.at = 0
	case row >= len(all):
		e.at = len(e.text)
	default:
		e.at = all.place(row, goal)
	}
	e.goal = goal
}

func (e *editor) draw(_ themes.Theme, w, h int) (string, []string) {
	e.width, e.height = max(1, w), max(1, h)
	e.lines[e.line] = e.text
	row, _ := layRows(e.text, e.width).find(e.at)
	if e.line < e.top || e.line == e.top && row < e.sub {
		e.top, e.sub = e.line, row
	}
	if far := e.line - e.height + 1; e.top < far { // each line has a row at least
		e.top, e.sub = far, 0
	}
	from := 0 // rows between the window's first one and the cursor's
	for i := e.top; i < e.line; i++ {
		from += len(layRows(e.lines[i], e.width))
	}
	for over := from + row - e.sub - e.height + 1; over > 0; over-- {
		if e.sub++; e.sub >= len(layRows(e.lines[e.top], e.width)) {
			e.top, e.sub = e.top+1, 0
		}
	}
	var out []string
	for i, skip := e.top, e.sub; i < len(e.lines) && len(out) < e.height; i, skip = i+1, 0 {
		cursor := -1
		if i == e.line {
			cursor = e.at
		}
		for _, r := range layRows(e.lines[i], e.width)[skip:] {
			if len(out) < e.height {
				out = append(out, text.Pad(r.draw(cursor, lipgloss.NewStyle().Reverse(true)), e.width))
			}
		}
	}
	return "edit " + text.Line(e.name), out
}
