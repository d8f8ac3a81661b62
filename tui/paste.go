package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// How much is taken from one paste, in bytes. Half of one would be saved for the whole, so more is refused.
const (
	mostInField  = 4096 // as long as a field may be
	mostInEditor = 64 << 10
)

// paste gives what was pasted to whatever has an input.
func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	most := mostInField
	if _, ok := m.overlays.top().(*editor); ok {
		most = mostInEditor
	}
	if len(msg.Content) <= most {
		return m.typed(msg)
	}
	if m.overlays.top() == nil && !m.prompting() {
		return nil
	}
	m.overlays.push(textPane("Not pasted", fmt.Sprintf("%s are too many: at most %s are taken here. Nothing was changed.",
		byteCount(int64(len(msg.Content))), byteCount(int64(most)))))
	return nil
}
