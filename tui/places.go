package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"holdfast/tui/detail"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// places are where the operator has been, in the orders in which one comes back there.
type places struct {
	trail   []place // where links led from, the last one at the end; never changed in place
	history history
	recent  []place        // rows that were opened or acted on, the last one first
	aside   []*detail.Pane // that were left last
}

// place is where the operator is: a view, what it is narrowed to, and the row that is open. It holds no content, so that
// many of them cost nothing.
type place struct {
	tab    int
	within string
	id     string    // of the open row; empty: the table has the body
	link   view.Link // selected one
	top    int       // first line of the detail in the window
	cursor string    // ID of the row under the cursor
}

// same tells whether two places are one, whatever moved within it.
func (p place) same(other place) bool {
	return p.tab == other.tab && p.within == other.within && p.id == other.id
}

// maxPlaces is how many places are remembered, on the way back and in the history.
const maxPlaces = 100

const (
	noPlaceBefore = "there is no earlier place"
	noPlaceAfter  = "there is no later place"
)

// visit is a place in the history, with the way that back leads from there.
type visit struct {
	place
	trail []place
}

// history is where the operator has been, as a browser keeps it: who goes back and then elsewhere gives up what came after.
type history struct {
	visits []visit
	at     int // that of the screen
}

// note takes in where the operator is now.
func (h *history) note(now visit) {
	if len(h.visits) > 0 && h.visits[h.at].same(now.place) {
		h.visits[h.at] = now // with the cursor as it is left
		return
	}
	h.visits = append(h.visits[:min(h.at+1, len(h.visits))], now)
	if over := len(h.visits) - maxPlaces; over > 0 {
		h.visits = slices.Delete(h.visits, 0, over)
	}
	h.at = len(h.visits) - 1
}

// here is where the operator is.
func (m *Model) here() place {
	t := m.table()
	p := place{tab: m.active, within: t.Order.Within, cursor: t.Cursor}
	if d := m.detail; d != nil {
		p.id, p.top = d.ID, d.Top()
		p.link, _ = d.SelectedLink()
	}
	return p
}

// notePlace keeps the history up to what keys did.
func (m *Model) notePlace() { m.places.history.note(visit{m.here(), m.places.trail}) }

// walk goes through the history by a number of places.
func (m *Model) walk(by int) tea.Cmd {
	h := &m.places.history
	to := h.at + by
	switch {
	case to < 0:
		m.say(noPlaceBefore, view.Plain)
		return nil
	case to >= len(h.visits):
		m.say(noPlaceAfter, view.Plain)
		return nil
	}
	h.at = to
	v := h.visits[to]
	m.places.trail = v.trail
	cmd := m.restore(v.place)
	h.visits[to] = visit{m.here(), m.places.trail} // if the row is gone, its view took its place
	return cmd
}

// leave remembers where links lead from; back leads here again.
func (m *Model) leave() {
	from := m.places.trail[max(0, len(m.places.trail)-maxPlaces+1):]
	m.places.trail = append(slices.Clone(from), m.here()) // places in the history share the old one
}

// restore leads to a place. If its row is gone, that is said and the view shown.
func (m *Model) restore(p place) tea.Cmd {
	t := m.tabs[p.tab]
	if t.Order.Within != p.within {
		m.tabs[p.tab] = table.New(t.View)
		t = m.tabs[p.tab]
		t.Order.Within = p.within
	}
	cmd := m.goTo(p.tab)
	if at, ok := t.Rows.Find(p.cursor); ok {
		t.MoveTo(at)
	}
	rows := m.snap.Table(t.View.Kind)
	switch _, found := rows.Get(p.id); {
	case p.id == "":
		return cmd
	case !found && rows.Complete:
		m.say(fmt.Sprintf("%s is gone", p.id), view.Plain)
		return cmd
	}
	d := m.places.taken(t.View, p.id)
	if d == nil {
		d = m.newDetail(t.View, p.id)
	}
	d.Resume(p.top, p.link)
	return tea.Batch(cmd, m.showDetail(d))
}

// maxAside is how many details keep their content when they are left, to show it at once when one comes back.
const maxAside = 4

// layAside takes the detail off the screen.
func (m *Model) layAside() {
	if m.detail == nil {
		return
	}
	m.places.aside = slices.Insert(m.places.aside, 0, m.detail)
	m.places.aside = slices.Delete(m.places.aside, min(len(m.places.aside), maxAside), len(m.places.aside))
	m.detail = nil
}

// taken is the detail of a row as it was laid aside; nil if it was not.
func (w *places) taken(v *view.View, id string) *detail.Pane {
	for i, d := range w.aside {
		if d.Shows(v, id) {
			w.aside = slices.Delete(w.aside, i, i+1)
			return d
		}
	}
	return nil
}

// maxRecent is how many rows the palette leads back to.
const maxRecent = 20

// touch remembers a row that was opened or acted on, the last one first.
func (w *places) touch(p place) {
	p = place{tab: p.tab, within: p.within, id: p.id}
	w.recent = slices.DeleteFunc(w.recent, func(old place) bool { return old == p })
	w.recent = slices.Insert(w.recent, 0, p)
	w.recent = w.recent[:min(len(w.recent), maxRecent)]
}
