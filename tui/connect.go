package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"holdfast/internal/text"
	"holdfast/themes"
	"holdfast/tui/overlay"
)

// Connections are the servers that have a name, and how to go to another one. The zero value is one without.
type Connections struct {
	Here   string   // the name of this one; empty: it has none
	Colour string   // of that name in the header, one of Colours; empty: none
	Names  []string // of all that there are
	// Try tells whether the dashboard could start on another one; nothing of this one ends by it. It may take a while.
	Try func(ctx context.Context, name string) error
	// Why is told at the start: how a way to another one ended here.
	Why string
}

// Colours are those that the name of a connection can stand on, by what they mean.
func Colours() []string { return []string{"accent", "good", "info", "warn", "bad"} }

func nameStyle(th themes.Theme, colour string) lipgloss.Style {
	switch colour {
	case "accent":
		return th.TabActive
	case "good":
		return th.ToastGood
	case "info":
		return th.BadgeReadOnly
	case "warn":
		return th.BadgePaused
	case "bad":
		return th.BadgeStale
	}
	return th.Title
}

// nameTag is the name of the connection as the header begins with it; empty without one.
func (m *Model) nameTag() string {
	if m.Connections.Here == "" {
		return ""
	}
	name := text.Cut(text.Line(m.Connections.Here), m.width/3)
	return m.theme.Header.Render(" ") + nameStyle(m.theme, m.Connections.Colour).Padding(0, 1).Render(name)
}

// connectChoices offer the other connections.
func (m *Model) connectChoices() []overlay.Choice {
	var out []overlay.Choice
	for _, name := range m.Connections.Names {
		if name != m.Connections.Here {
			out = append(out, overlay.Choice{Label: "connect to " + name, Hint: "the dashboard of that connection", Pick: func() tea.Cmd { return m.connect(name) }})
		}
	}
	return out
}

// triedMsg tells whether another connection answers.
type triedMsg struct {
	waiting overlay.Layer
	name    string
	err     error
}

// connect asks whether another connection answers; the dashboard stays until it does. Nothing else can be begun meanwhile.
func (m *Model) connect(name string) tea.Cmd {
	if m.jobs.SayBusy() {
		return nil
	}
	waiting := overlay.NewText("Connecting to "+text.Clean(name), "waiting for an answer; close this to stay here")
	m.overlays.Push(waiting)
	ctx, try := m.ctx, m.Connections.Try
	return func() tea.Msg { return triedMsg{waiting, name, try(ctx, name)} }
}

// tried ends this dashboard for the other one, unless the operator would rather stay.
func (m *Model) tried(msg triedMsg) tea.Cmd {
	if !m.overlays.IsTop(msg.waiting) {
		return nil
	}
	m.overlays.Close(msg.waiting)
	if msg.err != nil {
		m.overlays.Push(overlay.NewText("Cannot connect to "+text.Clean(msg.name)+"; this connection stays", msg.err.Error()))
		return nil
	}
	m.leads = msg.name
	return tea.Quit
}
