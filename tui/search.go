package tui

import (
	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/tui/detail"
	"holdfast/tui/overlay"
	"holdfast/tui/view"
)

// search carries out an action of a search.
func (m *Model) search(a keymap.Action) tea.Cmd {
	switch {
	case m.detail == nil:
	case a == keymap.FindText:
		return m.startSearch()
	case a == keymap.NextMatch:
		m.stepMatch(1)
	case a == keymap.PrevMatch:
		m.stepMatch(-1)
	}
	return nil
}

func (m *Model) startSearch() tea.Cmd {
	d := m.detail
	d.StartSearch()
	m.openPrompt(overlay.NewPrompt(overlay.Prompt{
		Label: " search ", Keys: keymap.Input, Wrong: d.Search.Complaint,
		Changed: func(typed string) tea.Cmd { m.searchFor(typed); return nil },
		Decide:  func(a keymap.Action) (func() tea.Cmd, bool) { return nil, m.searchAct(d, a) },
	}, ""))
	return nil
}

// endSearch leaves the window where it is.
func (m *Model) endSearch() { m.detail.Search = nil }

// searchAct takes the keys of the prompt.
func (m *Model) searchAct(d *detail.Pane, a keymap.Action) (shut bool) {
	s := d.Search
	switch {
	case a == keymap.Accept && s.Count() > 0:
	case a == keymap.Accept:
		if s.Text != "" {
			m.say(s.Complaint(), view.Plain)
		}
		d.Search = nil
	case a == keymap.Cancel:
		d.CancelSearch()
	default:
		return false
	}
	return true
}

// searchFor goes to the first match from where the search began.
func (m *Model) searchFor(typed string) {
	m.detail.SearchFor(typed, m.theme, m.snap, m.clock(), m.detailWidth())
}

// stepMatch goes to the next match or to the one before.
func (m *Model) stepMatch(by int) {
	d := m.detail
	if d.Search != nil && !d.StepMatch(by, m.theme, m.snap, m.clock(), m.detailWidth()) {
		m.say(d.Search.Complaint(), view.Plain)
	}
}
