package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/tui/jobs"
)

// Route is Update without the commands that wait for what comes from outside: the driver of the tests brings that.
func (m *Model) Route(msg tea.Msg) tea.Cmd {
	cmd := guard(m.route(msg))
	m.paint()
	return cmd
}

// RouteOnly is Route without drawing the screen.
func (m *Model) RouteOnly(msg tea.Msg) tea.Cmd { return m.route(msg) }

func SnapshotMsg(s *live.Snapshot) tea.Msg { return snapshotMsg{s} }

func ClockMsg() tea.Msg { return clockMsg{} }

func PanicMsg(text string) tea.Msg { return panicMsg{text} }

// LoadFilterList is the part of Init that reads the filters of earlier runs.
func (m *Model) LoadFilterList() tea.Cmd { return m.loadFilters() }

// FileOf is the file of a message that asks for an editor, and EditorEnded what comes when that is left.
func FileOf(msg tea.Msg) (path string, ok bool) {
	f, ok := msg.(jobs.FileMsg)
	return f.Path, ok
}

func EditorEnded(msg tea.Msg, began time.Time) tea.Msg {
	f := msg.(jobs.FileMsg)
	f.Began = began
	return f.Read(nil)
}

// Leads is the connection to go to when the dashboard ends.
func (m *Model) Leads() string { return m.leads }

// Size is that of the terminal.
func (m *Model) Size() (width, height int) { return m.width, m.height }
