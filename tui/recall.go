package tui

import (
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/overlay"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// What is remembered of filters, in numbers.
const (
	MaxFilters  = 20   // of one view
	maxRecalled = 1000 // characters of a filter that is remembered
)

// recall are the filters that were used in each view, newest first, and where in those the filter line is.
type recall struct {
	err   error               // what is wrong with the text in the line; nil: nothing
	used  map[string][]string // by the name of the view
	at    int                 // that in the line; -1: what was typed
	typed string
}

// What became of the filters of earlier runs and of those of this one.
type (
	recalledMsg struct {
		used map[string][]string
		err  error
	}
	keptMsg struct{ err error }
)

// loadFilters reads those of earlier runs.
func (m *Model) loadFilters() tea.Cmd {
	if m.LoadFilters == nil {
		return nil
	}
	load := m.LoadFilters
	return func() tea.Msg {
		used, err := load()
		return recalledMsg{used, err}
	}
}

// recalled takes in the filters of earlier runs, after those that were used meanwhile.
func (m *Model) recalled(msg recalledMsg) {
	if msg.err != nil {
		m.say("the filters of earlier runs are unreadable and ignored: "+msg.err.Error(), view.Plain)
		return
	}
	for _, v := range m.Views {
		for _, text := range msg.used[v.Name] {
			if text, ok := memorable(text); ok {
				m.recall.used[v.Name] = remembered(m.recall.used[v.Name], text)
			}
		}
	}
}

// memorable tells whether a text is a filter worth to be remembered, and how.
func memorable(says string) (string, bool) {
	if text.Start(says, maxRecalled) != says {
		return "", false
	}
	says = strings.Trim(says, table.Blanks)
	return says, says != "" && utf8.ValidString(says) // a file of filters is text
}

// remembered is a list with a text at its end, unless that stands there or the list is full.
func remembered(list []string, text string) []string {
	if len(list) >= MaxFilters || slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// useFilter remembers the filter that was accepted, in this run and for later ones.
func (m *Model) useFilter(text string) tea.Cmd {
	text, ok := memorable(text)
	if !ok {
		return nil
	}
	view := m.view().Name
	list := []string{text}
	for _, old := range m.recall.used[view] {
		list = remembered(list, old)
	}
	m.recall.used[view] = list
	if m.KeepFilters == nil {
		return nil
	}
	keep, kept := m.KeepFilters, slices.Clone(list)
	return func() tea.Msg { return keptMsg{keep(view, kept)} }
}

func (m *Model) kept(msg keptMsg) {
	if msg.err != nil {
		m.say("the filter is not kept for the next run: "+msg.err.Error(), view.Plain)
	}
}

// recallFilter puts an older filter into the line, or a newer one, and at last what was typed.
func (m *Model) recallFilter(a keymap.Action, p *overlay.Prompt) tea.Cmd {
	r := &m.recall
	used, step := r.used[m.view().Name], 1
	if a == keymap.NewerFilter {
		step = -1
	}
	if r.at < 0 {
		r.typed = p.Text()
	}
	to := r.at + step
	for to >= 0 && to < len(used) && used[to] == p.Text() {
		to += step // that would seem to do nothing
	}
	switch {
	case to >= len(used) && len(used) == 0:
		m.say("no filter was used here yet", view.Plain)
		return nil
	case to >= len(used):
		m.say("there is no older filter", view.Plain)
		return nil
	case r.at < 0 && to < 0:
		m.say("there is no newer filter", view.Plain)
		return nil
	}
	text := r.typed
	if r.at = max(to, -1); to >= 0 {
		text = used[to]
	}
	p.Set(text)
	return m.setFilter(text)
}

// filterBy filters the active table by a text that was used before.
func (m *Model) filterBy(text string) tea.Cmd {
	cmd := tea.Batch(m.uncover(), m.setFilter(text))
	if m.recall.err != nil {
		m.say(m.recall.err.Error(), view.Bad)
		m.recall.err = nil
		return cmd
	}
	return tea.Batch(cmd, m.useFilter(text))
}
