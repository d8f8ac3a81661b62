package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
)

// paste gives what was pasted to whatever has an input. Half of it would be saved for the whole, so that more than there is
// room for is refused.
func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	msg.Content = pasted(msg.Content)
	room, most := 0, maxInField
	switch o := m.overlays.top().(type) {
	case nil:
		if !m.prompting() {
			return nil
		}
		room, msg.Content = m.input.room(), line1(msg.Content)
	case *editor:
		room, most = o.room(), maxEdited
	case *form: // a value may well end with a line break
		room = o.field().room()
	case *commandLog:
		if !o.typing {
			return nil
		}
		room, msg.Content = o.field().room(), line1(msg.Content)
	case interface{ field() *field }:
		room, msg.Content = o.field().room(), line1(msg.Content)
	default:
		return nil
	}
	if len(msg.Content) <= room {
		return m.typed(msg)
	}
	m.overlays.push(textPane("Not pasted", fmt.Sprintf("%s are too many: there is room for %s more, %s in all. Nothing was changed.",
		text.Bytes(int64(len(msg.Content))), text.Bytes(int64(room)), text.Bytes(int64(most)))))
	return nil
}

// line1 is a pasted text without the line break that a whole line ends with.
func line1(text string) string { return strings.TrimRight(text, "\n") }
