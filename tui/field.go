package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"charm.land/bubbles/v2/textinput"
	"charm.land/lipgloss/v2"
)

// newInput makes a field of one line. Its cursor does not blink: a screen on which nothing happens sends nothing.
func newInput(value string) textinput.Model {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = 4096
	in.KeyMap.Paste.SetEnabled(false) // the terminal pastes; the clipboard of the machine we run on is somebody else's
	styles := in.Styles()
	styles.Cursor.Blink, styles.Cursor.Color = false, nil // reversed alone: it is seen on any background
	plain := lipgloss.NewStyle()
	styles.Focused = textinput.StyleState{Text: plain, Placeholder: plain.Faint(true)}
	styles.Blurred = styles.Focused
	in.SetStyles(styles)
	in.SetValue(value)
	in.CursorEnd()
	return in
}

// typeInto hands a message to a field. What is typed or pasted is made as safe to show as any value.
func typeInto(in *textinput.Model, msg tea.Msg) (cmd tea.Cmd) {
	switch typed := msg.(type) {
	case tea.PasteMsg:
		typed.Content = Clean(strings.TrimRight(start(typed.Content, in.CharLimit), "\r\n")) // a heap of it would take its time
		msg = typed
	case tea.KeyPressMsg:
		typed.Text = Clean(typed.Text)
		msg = typed
	}
	*in, cmd = in.Update(msg)
	return cmd
}
