package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/tui/table"
)

// How the tables follow the snapshots: snapshot -> follow -> arrange -> arrangedMsg -> show.

type arrangedMsg struct {
	tab  int
	a    *table.Arranged
	took time.Duration
}

// arrangeShare bounds the work of arranging what is only newer: it takes one part in that many of the time.
const arrangeShare = 5

// follow brings the active tab up to the newest snapshot, unless it has to rest because arranging it takes long.
func (m *Model) follow() tea.Cmd {
	if t := m.table(); t.UpTo(m.snap) || m.Now().Before(t.Rest) {
		return nil
	}
	return m.arrange()
}

// arrange brings the active tab up to the newest snapshot and its order. Rows as they come cost nothing; all else
// happens off this goroutine, one at a time.
func (m *Model) arrange() tea.Cmd {
	t := m.table()
	if a, ok := t.AsTheyCome(m.snap); ok {
		m.show(t, a)
		return nil
	}
	if m.busy {
		t.GiveUp()
		return nil // arranged comes back and sees that there is more to do
	}
	m.busy = true
	tab, arrange := m.active, t.Start(m.ctx, m.snap, m.clock())
	return func() tea.Msg {
		start := time.Now()
		a := arrange()
		return arrangedMsg{tab, a, time.Since(start)}
	}
}

func (m *Model) arranged(msg arrangedMsg) tea.Cmd {
	m.busy = false
	t := m.tabs[msg.tab]
	asked := t.IsWanted(msg.a)
	if asked { // else the cursor would be led away by a filter that is no more
		if !msg.a.Whole {
			t.Rest = m.Now().Add((arrangeShare - 1) * msg.took)
		}
		m.show(t, msg.a)
	}
	if !asked || msg.tab != m.active {
		return m.arrange()
	}
	return m.follow()
}

func (m *Model) show(t *table.Table, a *table.Arranged) {
	was := t.Cursor
	t.Show(a)
	if d := m.detail; d != nil && t == m.table() {
		d.Strayed = d.Strayed || was == d.ID && t.Cursor != d.ID
		if at, ok := t.Rows.Find(d.ID); ok && d.Strayed { // it is back
			t.MoveTo(at)
			d.Strayed = false
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
	t.Watch(m.snap, m.Now())
	ids := t.Window()
	if m.detail != nil {
		ids = append(ids, m.detail.ID)
	}
	m.Live.Focus(v.Kind, ids)
}

// watchOthers has the tables of the views that are not open watch their rows, where a kind has changed.
func (m *Model) watchOthers(before *live.Snapshot) {
	for i, t := range m.tabs {
		if k := t.View.Kind; i != m.active && k != "" && t.Watches() && m.snap.Table(k).Rev != before.Table(k).Rev {
			t.Watch(m.snap, m.Now())
		}
	}
}

// layout gives the parts of the body their room.
func (m *Model) layout() tea.Cmd {
	rows := max(1, m.height-frameLines-1)
	for _, t := range m.tabs {
		t.Resize(m.width, rows-m.footHeight(t.View))
	}
	if m.split() {
		m.table().Resize(m.tableWidth(), rows)
	}
	m.focus()
	return m.drawBody()
}

// tableOf finds the table of a kind; nil if no view has it.
func (m *Model) tableOf(name kind.Name) *table.Table {
	for _, t := range m.tabs {
		if t.View.Kind == name {
			return t
		}
	}
	return nil
}
