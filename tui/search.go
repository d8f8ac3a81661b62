package tui

import (
	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/tui/content"
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
	d.search = content.NewSearch(d.s.Top)
	m.openPrompt(overlay.NewPrompt(overlay.Prompt{
		Label: " search ", Keys: keymap.Input, Wrong: d.search.Complaint,
		Changed: func(typed string) tea.Cmd { m.searchFor(typed); return nil },
		Decide:  func(a keymap.Action) (func() tea.Cmd, bool) { return nil, m.searchAct(d, a) },
	}, ""))
	return nil
}

// endSearch leaves the window where it is.
func (m *Model) endSearch() { m.detail.search = nil }

// searchAct takes the keys of the prompt.
func (m *Model) searchAct(d *detail, a keymap.Action) (shut bool) {
	s := d.search
	switch {
	case a == keymap.Accept && s.Count() > 0:
	case a == keymap.Accept:
		if s.Text != "" {
			m.say(s.Complaint(), view.Plain)
		}
		d.search = nil
	case a == keymap.Cancel:
		d.s.Asked = s.From
		d.search = nil
	default:
		return false
	}
	return true
}

// searchFor goes to the first match from where the search began.
func (m *Model) searchFor(typed string) {
	d := m.detail
	d.s.Asked = d.search.From
	d.search.Begin(typed)
	if line, ok := d.search.First(d.parts(m.theme, m.snap, m.clock(), m.detailWidth())); ok {
		d.s.Reveal(line)
	}
}

// stepMatch goes to the next match or to the one before.
func (m *Model) stepMatch(by int) {
	d := m.detail
	if d.search == nil {
		return
	}
	line, ok := d.search.Step(by, d.parts(m.theme, m.snap, m.clock(), m.detailWidth()))
	if !ok {
		m.say(d.search.Complaint(), view.Plain)
		return
	}
	d.s.Reveal(line)
}
