package tui

import (
	"io"

	tea "charm.land/bubbletea/v2"
)

// Leaving for the shell and coming back. Whoever is stopped by a signal that cannot be caught finds the terminal as the shell
// left it: it is set up anew and all of the screen drawn.

// continuedMsg says that the process goes on after it was stopped.
type continuedMsg struct{}

// suspend leaves for the shell that started us, if one waits.
func (m *Model) suspend() tea.Cmd {
	if !hasShell() {
		m.say("there is no shell to go back to", Plain)
		return nil
	}
	return tea.Suspend
}

// takeBack has the terminal set up for us again: it is given away to nobody, and taken back.
func takeBack() tea.Cmd { return tea.Exec(nobody{}, nil) }

// nobody is a command that does nothing.
type nobody struct{}

func (nobody) Run() error          { return nil }
func (nobody) SetStdin(io.Reader)  {}
func (nobody) SetStdout(io.Writer) {}
func (nobody) SetStderr(io.Writer) {}
