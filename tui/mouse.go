package tui

import (
	"fmt"
	"image"
	"slices"

	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// The mouse goes by the screen as it was drawn last: a click means what stood there, also if rows have moved since.

// spots is where things were drawn.
type spots struct {
	tabs          []table.Zone
	table, detail image.Rectangle // empty: not on the screen
}

// Lines of the screen above the body.
const (
	tabsAt = 1
	bodyAt = 2
)

// click does what stands under the pointer.
func (m *Model) click(msg tea.MouseClickMsg) tea.Cmd {
	if msg.Button != tea.MouseLeft || m.tooSmall() {
		return nil
	}
	first, through := m.overlays.Click(msg.X, msg.Y)
	if !through {
		return first
	}
	return tea.Batch(first, m.clickScreen(msg.X, msg.Y))
}

func (m *Model) clickScreen(x, y int) tea.Cmd {
	switch s := m.spots; {
	case y == tabsAt:
		if tab, ok := table.Hit(s.tabs, x); ok {
			return m.switchTo(tab)
		}
	case image.Pt(x, y).In(s.detail):
		if i, ok := m.detail.LinkAt(y - s.detail.Min.Y); ok {
			m.detail.Selected = i
			return m.open(m.detail.Links[i])
		}
	case image.Pt(x, y).In(s.table):
		return m.clickTable(x-s.table.Min.X, y-s.table.Min.Y)
	}
	return nil
}

// clickTable moves the cursor to a row, opens the one it is on, or sorts by the column of a title.
func (m *Model) clickTable(x, y int) tea.Cmd {
	t := m.table()
	if y == 0 {
		if c, ok := table.Hit(t.Titled, x); ok {
			return m.sortBy(c)
		}
		return nil
	}
	if y > len(t.Drawn) {
		return nil
	}
	id := t.Drawn[y-1]
	at, ok := t.Rows.Find(id)
	switch {
	case !ok:
		return nil // it went meanwhile
	case id != t.Cursor && m.points():
		t.MoveTo(at)
		m.focus()
		return nil
	case m.detail == nil:
		return m.enter()
	}
	if last := len(m.places.trail) - 1; last >= 0 && m.places.trail[last].tab == m.active {
		m.places.trail = slices.Clone(m.places.trail) // places in the history share the old one
		m.places.trail[last].cursor = id
	}
	return m.openDetail(id) // beside the table, in the place of the one there
}

// wheel moves what is under the pointer, or else what the keys would move, by three lines.
func (m *Model) wheel(msg tea.MouseWheelMsg) tea.Cmd {
	step := keymap.Down
	switch {
	case msg.Button == tea.MouseWheelUp:
		step = keymap.Up
	case msg.Button != tea.MouseWheelDown:
		return nil // sideways
	}
	move := m.overlays.Wheel()
	switch {
	case move != nil:
	case m.detail != nil && image.Pt(msg.X, msg.Y).In(m.spots.table):
		move = m.tableAct
	default:
		move = m.act
	}
	var cmds []tea.Cmd
	for range 3 {
		cmds = append(cmds, move(step))
	}
	return tea.Batch(cmds...)
}

// toggleMouse leaves the mouse to the terminal, whose own selecting of text it takes away, or takes it back.
func (m *Model) toggleMouse() {
	m.Mouse = !m.Mouse
	if m.Mouse {
		m.say("the dashboard has the mouse; hold shift to select text (in most terminals)", view.Plain)
		return
	}
	back := m.keyName(keymap.Mouse)
	m.say(fmt.Sprintf("the terminal has the mouse: select text as usual; %s takes it back", back), view.Plain)
}
