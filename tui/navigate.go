package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/keymap"
	"holdfast/tui/overlay"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// act carries out an action of the table, the detail pane or the whole screen.
func (m *Model) act(a keymap.Action) tea.Cmd {
	if n := a.View(); n > 0 {
		return m.switchTo(n - 1)
	}
	if m.refuses(a) {
		return nil
	}
	switch a {
	case keymap.Quit:
		return tea.Quit
	case keymap.NextView:
		return m.switchTo(m.beside(1))
	case keymap.PrevView:
		return m.switchTo(m.beside(-1))
	case keymap.Help:
		m.overlays.Push(overlay.NewHelp("Keys of "+m.view().Title, m.helpGroups(), m.disabled))
	case keymap.OpenPalette:
		m.overlays.Push(m.palette())
	case keymap.CommandLog:
		m.overlays.Push(overlay.NewCommandLog(m.Conn.Log, m.keyName(keymap.Bottom)))
	case keymap.Refresh:
		m.Live.Reread()
		if m.snap.State != live.Lost { // there the countdown says more
			m.say("reading again", view.Plain)
		}
	case keymap.Pause:
		m.Live.Pause(!m.Live.Snapshot().Paused)
	case keymap.UndoList:
		m.overlays.Push(m.jobs.UndoList())
	case keymap.Undo:
		return m.jobs.UndoLast()
	case keymap.Copy:
		return m.copy()
	case keymap.Mouse:
		m.toggleMouse()
	case keymap.Back:
		if m.jobs.Stop() {
			return nil
		}
		return m.back()
	case keymap.CloseDetail:
		m.endSearch()
		if len(m.places.trail) == 0 {
			return m.goTo(m.active)
		}
		return m.back()
	case keymap.PrevPlace:
		return m.walk(-1)
	case keymap.NextPlace:
		return m.walk(1)
	case keymap.Filter:
		return m.startFilter()
	case keymap.OpenDetail, keymap.FollowLink:
		return m.enter()
	case keymap.FindText, keymap.NextMatch, keymap.PrevMatch:
		return m.search(a)
	default:
		if r := m.unreadable(); a == keymap.Delete && r != nil {
			v, _ := m.subject()
			return m.jobs.DeleteRaw(v.Kind, r)
		}
		if v := m.viewAction(a); v != nil {
			return m.begin(v)
		}
		covered := m.detail != nil && !m.split() // such a table stays as it is
		if m.detail != nil && m.detail.Act(a) || covered && (a == keymap.Left || a == keymap.Right) {
			return nil
		}
		return m.tableAct(a)
	}
	return nil
}

// tableAct moves in the table or changes how it is shown.
func (m *Model) tableAct(a keymap.Action) tea.Cmd {
	t := m.table()
	switch a {
	case keymap.MarkAll:
		m.marked(t.MarkAll())
	case keymap.MarkRange:
		all, ok := t.MarkRange()
		if !ok {
			m.say("a range goes from the last mark to the cursor: mark its first row", view.Plain)
			break
		}
		m.marked(all)
	case keymap.Jump:
		return m.startJump()
	case keymap.Sort:
		return m.chooseOrder()
	case keymap.SetColumns:
		m.overlays.Push(overlay.NewColumnList(table.Listed{Table: t}))
	case keymap.SortReverse:
		t.Order.Descending = !t.Order.Descending
		return m.arrange()
	default:
		t.Act(a)
	}
	m.focus()
	return nil
}

// marked says so if not all rows could be marked that were to be.
func (m *Model) marked(all bool) {
	if !all {
		m.say(fmt.Sprintf("marked %d rows, the maximum", len(m.table().Marks)), view.Plain)
	}
}

func (m *Model) switchTo(tab int) tea.Cmd {
	if tab < 0 || tab >= len(m.tops) {
		m.say(fmt.Sprintf("there are %d views", len(m.tops)), view.Plain)
		return nil
	}
	m.places.trail = nil
	return m.goTo(m.tops[tab])
}

// beside is the next tab on the screen in a direction.
func (m *Model) beside(by int) int {
	n := len(m.tops)
	for to := m.top() + by + n; ; to += by {
		if m.line.Shows(to%n) || to%n == m.top() {
			return to % n
		}
	}
}

// top is the place among the tabs on the screen that the operator is in: that of the view, or of its parent.
func (m *Model) top() int {
	return slices.IndexFunc(m.tops, func(i int) bool { return i == m.active || m.Views[i].Name == m.view().Parent })
}

func (m *Model) goTo(tab int) tea.Cmd {
	m.layAside()
	m.active, m.recall.err = tab, nil
	return tea.Batch(m.layout(), m.arrange())
}

// open leads to a row of a view, or to the view; back leads here again.
func (m *Model) open(l view.Link) tea.Cmd {
	for i, v := range m.Views {
		if v.Name != l.View {
			continue
		}
		m.leave()
		if v.Parent != "" { // all of it, or the part that the link names
			was := m.tabs[i]
			m.tabs[i] = table.New(v)
			m.tabs[i].Likes(was)
			m.tabs[i].Order.Within = l.Within
		}
		cmd := m.goTo(i)
		if l.ID == "" {
			return cmd
		}
		return tea.Batch(cmd, m.openDetail(l.ID))
	}
	m.say(fmt.Sprintf("there is no view %q", l.View), view.Bad)
	return nil
}

// back undoes the last step inward: a search, the marks and the filter of a table, then the row or link that was opened.
func (m *Model) back() tea.Cmd {
	t := m.table()
	switch n := len(m.places.trail); {
	case m.detail != nil && m.detail.Search != nil:
		m.endSearch()
	case m.detail == nil && len(t.Marks) > 0:
		t.ClearMarks()
	case m.detail == nil && t.Order.Filter.Text != "":
		return m.setFilter("")
	case n > 0:
		from := m.places.trail[n-1]
		m.places.trail = m.places.trail[:n-1]
		return m.restore(from)
	}
	return nil
}

// enter opens the row under the cursor, or follows the selected link of an open detail.
func (m *Model) enter() tea.Cmd {
	if m.detail != nil {
		if l, ok := m.detail.SelectedLink(); ok {
			return m.open(l)
		}
		return nil
	}
	row := m.table().Selected()
	if row == nil {
		return nil
	}
	if open := m.view().Open; open != nil {
		if l, ok := open(row); ok {
			return m.open(l)
		}
		return nil
	}
	m.leave()
	return m.openDetail(row.ID())
}

// subject is the view and the row that the action keys are for: of a line that leads to a row of another view, that row. It
// is nil where there is none any more.
func (m *Model) subject() (*view.View, live.Row) {
	v, r := m.view(), m.target()
	if v.Kind != "" || v.Open == nil || r == nil {
		return v, r
	}
	link, ok := v.Open(r)
	at := slices.IndexFunc(m.Views, func(other *view.View) bool { return other.Name == link.View && other.Kind != "" })
	if !ok || link.ID == "" || at < 0 {
		return v, r
	}
	v = m.Views[at]
	if r, ok = m.snap.Table(v.Kind).Get(link.ID); !ok {
		r = nil
	}
	return v, r
}

// target is the one row that an action is for: that of the open detail, else the one under the cursor.
func (m *Model) target() live.Row {
	if m.detail != nil {
		if m.detail.Gone {
			return nil
		}
		return m.detail.Row
	}
	return m.table().Selected()
}
