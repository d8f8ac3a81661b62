package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
)

// How the tables follow the snapshots: snapshot -> follow -> arrange -> arrangedMsg -> show.

type arrangedMsg struct {
	tab  int
	a    *arranged
	took time.Duration
}

// arrangeShare bounds the work of arranging what is only newer: it takes one part in that many of the time.
const arrangeShare = 5

// follow brings the active tab up to the newest snapshot, unless it has to rest because arranging it takes long.
func (m *Model) follow() tea.Cmd {
	if t := m.table(); t.rows.of == m.snap || m.Now().Before(t.rest) {
		return nil
	}
	return m.arrange()
}

// arrange brings the active tab up to the newest snapshot and its order. Rows as they come cost nothing; all else
// happens off this goroutine, one at a time.
func (m *Model) arrange() tea.Cmd {
	t := m.table()
	if t.view.Rows == nil && t.order.natural() {
		m.show(t, &arranged{of: m.snap, rows: rowsOf(t.view, m.snap, t.order, nil), order: t.order})
		return nil
	}
	if m.busy {
		if t.stop != nil && !t.arranging.same(t.order) {
			t.stop() // for what nobody wants any more
		}
		return nil // arranged comes back and sees that there is more to do
	}
	ctx, stop := context.WithCancel(m.ctx)
	m.busy, t.arranging, t.stop = true, t.order, stop
	tab, snap, o, at, last := m.active, m.snap, t.order, m.clock(), t.rows
	return guard(func() tea.Msg {
		defer stop()
		start := time.Now()
		a := arrange(ctx, t.view, snap, o, at, last)
		return arrangedMsg{tab, a, time.Since(start)}
	})
}

func (m *Model) arranged(msg arrangedMsg) tea.Cmd {
	m.busy = false
	t := m.tabs[msg.tab]
	asked := msg.a != nil && t.order.same(msg.a.order)
	if asked { // else the cursor would be led away by a filter that is no more
		if !msg.a.whole {
			t.rest = m.Now().Add((arrangeShare - 1) * msg.took)
		}
		m.show(t, msg.a)
	}
	if !asked || msg.tab != m.active {
		return m.arrange()
	}
	return m.follow()
}

func (m *Model) show(t *table, a *arranged) {
	was := t.cursor
	t.show(a)
	if d := m.detail; d != nil && t == m.table() {
		d.strayed = d.strayed || was == d.id && t.cursor != d.id
		if at, ok := t.rows.find(d.id); ok && d.strayed { // it is back
			t.moveTo(at)
			d.strayed = false
		}
	}
	m.focus()
}

// focus tells the poller which rows are on the screen, and the table to watch them.
func (m *Model) focus() {
	v, t := m.view(), m.table()
	if v.Kind == "" {
		return
	}
	t.watch(m.snap, m.Now())
	ids := t.window()
	if m.detail != nil {
		ids = append(ids, m.detail.id)
	}
	m.Live.Focus(v.Kind, ids)
}

// watchOthers has the tables of the views that are not open watch their rows, where a kind has changed.
func (m *Model) watchOthers(before *live.Snapshot) {
	for i, t := range m.tabs {
		if k := t.view.Kind; i != m.active && k != "" && len(t.seen) > 0 && m.snap.Table(k).Rev != before.Table(k).Rev {
			t.watch(m.snap, m.Now())
		}
	}
}

// layout gives the parts of the body their room.
func (m *Model) layout() tea.Cmd {
	rows := max(1, m.height-frameLines-1)
	for _, t := range m.tabs {
		t.resize(m.width, rows-m.footHeight(t.view))
	}
	if m.split() {
		m.table().resize(m.tableWidth(), rows)
	}
	m.focus()
	return m.drawBody()
}

// tableOf finds the table of a kind; nil if no view has it.
func (m *Model) tableOf(name kind.Name) *table {
	for _, t := range m.tabs {
		if t.view.Kind == name {
			return t
		}
	}
	return nil
}
