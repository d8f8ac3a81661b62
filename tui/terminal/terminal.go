// Package terminal hands the terminal over to another program, or to the shell, and takes it back.
package terminal

import (
	"io"
	"os/exec"
	"time"

	tea "charm.land/bubbletea/v2"
)

// ContinuedMsg says that the process goes on after it was stopped. Whoever is stopped by a signal that cannot be caught finds
// the terminal as the shell left it: TakeBack sets it up anew, and all of the screen is drawn.
type ContinuedMsg struct{}

// TakeBack has the terminal set up for us again: it is given away to nobody, and taken back.
func TakeBack() tea.Cmd { return tea.Exec(settled{nobody{}}, nil) }

// Run gives the terminal to a program until it ends.
func Run(cmd *exec.Cmd, ended func(error) tea.Msg) tea.Cmd {
	return tea.Exec(settled{process{cmd}}, ended)
}

// nobody is a command that does nothing.
type nobody struct{}

func (nobody) Run() error          { return nil }
func (nobody) SetStdin(io.Reader)  {}
func (nobody) SetStdout(io.Writer) {}
func (nobody) SetStderr(io.Writer) {}

// process is a command of the system.
type process struct{ *exec.Cmd }

func (p process) SetStdin(r io.Reader)  { p.Stdin = r }
func (p process) SetStdout(w io.Writer) { p.Stdout = w }
func (p process) SetStderr(w io.Writer) { p.Stderr = w }

// settled is a command that takes at least a moment. A goroutine of Bubble Tea 2.0.9 stops the ticker of its renderer when the
// terminal is given away; should it do so only after the terminal was taken back, no further frame would be written.
type settled struct{ tea.ExecCommand }

const settleFor = 50 * time.Millisecond

func (s settled) Run() error {
	moment := time.After(settleFor)
	err := s.ExecCommand.Run()
	<-moment
	return err
}
