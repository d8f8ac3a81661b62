package detail

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/tui/content"
	"holdfast/tui/view"
)

// Msg is what was found out about a row off the UI's goroutine.
type Msg interface {
	// Pane is the one that asked. It may be off the screen by now.
	Pane() *Pane
	// Take has the pane take it in; open tells whether the pane is on the screen, and lay lays its content out.
	Take(snap *live.Snapshot, open bool, lay func() tea.Cmd) tea.Cmd
}

type (
	inspectedMsg struct {
		d     *Pane
		whole live.Detail
		raw   operate.Raw
		err   error
	}
	linkedMsg struct {
		d     *Pane
		links []view.Link
		of    linkBase
	}
	bodyMsg struct {
		d       *Pane
		drawer  int
		body    *content.Laid
		related []string
	}
)

func (msg inspectedMsg) Pane() *Pane { return msg.d }
func (msg linkedMsg) Pane() *Pane    { return msg.d }
func (msg bodyMsg) Pane() *Pane      { return msg.d }

func (msg inspectedMsg) Take(snap *live.Snapshot, open bool, lay func() tea.Cmd) tea.Cmd {
	d := msg.d
	d.loaded, d.reading, d.err = true, false, msg.err
	if msg.raw.Key != "" || msg.err == nil {
		d.raw = msg.raw
	}
	if msg.err == nil && (msg.whole.Found || !d.Whole.Found) { // of what was deleted the last content stays
		d.Whole = msg.whole
		d.readings++
	} else if msg.err != nil && len(msg.whole.Keys) > 0 { // their types may tell why it cannot be read
		d.Whole.Keys = msg.whole.Keys
	}
	var cmds []tea.Cmd
	if open {
		cmds = append(cmds, lay())
	}
	if open && d.Row != nil {
		cmds = append(cmds, d.findLinks(snap))
	}
	if d.again {
		cmds = append(cmds, d.Read())
	}
	return tea.Batch(cmds...)
}

func (msg linkedMsg) Take(snap *live.Snapshot, open bool, _ func() tea.Cmd) tea.Cmd {
	d := msg.d
	d.linking, d.linked = false, msg.of
	selected, had := d.SelectedLink()
	at := slices.Index(msg.links, selected)
	if !had || at >= 0 || d.loaded { // else it may be one that the content names
		d.Links, d.Selected = msg.links, max(0, at)
	}
	if open && d.Row != nil {
		return d.findLinks(snap) // again, if the snapshot went on meanwhile
	}
	return nil
}

func (msg bodyMsg) Take(*live.Snapshot, bool, func() tea.Cmd) tea.Cmd {
	if d := msg.d; msg.drawer == d.drawer {
		d.body, d.related = msg.body, msg.related
		d.s.Asked, d.resume = max(d.s.Asked, d.resume), 0
	}
	return nil
}
