package tui

import (
	"fmt"
	"image"
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/detail"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// The body of the screen: the table, the detail pane, or both side by side.

func (m *Model) split() bool { return m.detail != nil && m.width >= table.SplitFrom }

func (m *Model) tableWidth() int { return m.width * 2 / 5 }

func (m *Model) detailWidth() int {
	if m.split() {
		return m.width - m.tableWidth() - len(" | ")
	}
	return m.width
}

func (m *Model) body() []string {
	height, at := m.height-frameLines, m.clock()
	switch {
	case m.split():
		m.spots.detail = image.Rect(m.width-m.detailWidth(), bodyAt, m.width, bodyAt+height)
		left := m.tableBody(at, m.tableWidth(), height)
		right := lines(m.detail.Render(m.theme, m.snap, at, m.detailWidth(), height))
		for i := range left {
			left[i] = text.Pad(left[i], m.tableWidth()) + m.theme.Border.Render(" │ ") + right[i]
		}
		return left
	case m.detail != nil:
		m.spots.detail = image.Rect(0, bodyAt, m.width, bodyAt+height)
		return lines(m.detail.Render(m.theme, m.snap, at, m.width, height))
	}
	foot := m.footHeight(m.view())
	return append(m.tableBody(at, m.width, height-foot), m.below(foot)...)
}

// openDetail shows a row of the active view.
func (m *Model) openDetail(id string) tea.Cmd { return m.showDetail(m.newDetail(m.view(), id)) }

func (m *Model) newDetail(v *view.View, id string) *detail.Pane {
	return detail.New(v, id, detail.Source{Ctx: m.ctx, Live: m.Live, Operator: m.Operator})
}

func (m *Model) showDetail(d *detail.Pane) tea.Cmd {
	m.detail = d
	m.places.touch(m.here())
	if at, ok := m.table().Rows.Find(d.ID); ok {
		m.table().MoveTo(at)
	}
	return tea.Batch(m.layout(), m.refreshDetail(), d.Read())
}

// refreshDetail brings the open row up to the newest snapshot.
func (m *Model) refreshDetail() tea.Cmd {
	if m.detail == nil {
		return nil
	}
	return m.detail.Refresh(m.snap, m.Now())
}

// drawBody lays the content of the open row out for the room there is.
func (m *Model) drawBody() tea.Cmd {
	if m.detail == nil {
		return nil
	}
	return m.detail.Lay(m.theme, m.detailWidth())
}

func lines(text string) []string { return strings.Split(text, "\n") }

// tableBody is the table, or what there is to say instead of one.
func (m *Model) tableBody(at view.Clock, width, height int) []string {
	t := m.table()
	if t.Rows.Len() > 0 && !m.unread() {
		m.spots.table = image.Rect(0, bodyAt, width, bodyAt+height)
		t.Blind = !m.points()
		return lines(t.Render(m.theme, at))
	}
	body := make([]string, height)
	said := body[1:]
	for _, says := range m.instead(t) {
		for _, l := range text.Wrap(says, width-4) {
			if len(said) > 0 {
				said[0] = "  " + m.theme.Text.Render(l)
				said = said[1:]
			}
		}
	}
	return body
}

// unread tells that nothing has come from the server yet.
func (m *Model) unread() bool {
	for _, t := range m.snap.Tables {
		if t.Len() > 0 {
			return false
		}
	}
	return m.snap.State == live.Connecting || m.snap.State == live.Lost && m.snap.ReadAt.IsZero()
}

// instead is what stands in the place of a table without rows.
func (m *Model) instead(t *table.Table) []string {
	kind := m.snap.Table(t.View.Kind)
	switch {
	case m.unread() && m.snap.State == live.Lost:
		return []string{fmt.Sprintf("Cannot read %s: %s", text.Line(m.Conn.Place()), text.Line(m.snap.Err.Error()))}
	case m.unread():
		return []string{fmt.Sprintf("Connecting to %s…", text.Line(m.Conn.Place()))}
	case kind.Err != nil:
		return []string{fmt.Sprintf("Cannot read %s: %s", t.View.RowNoun(), text.Line(kind.Err.Error()))}
	case !t.Order.Filter.Empty() && t.Rows.All() > 0:
		return []string{fmt.Sprintf("Nothing matches %s. %s removes the filter.", m.short(t.Order.Filter.Text), m.keyName(keymap.Back))}
	case t.View.Kind == "" || !kind.Complete:
		found := 0
		for _, other := range m.snap.Tables {
			found += other.Len()
		}
		return []string{fmt.Sprintf("Reading the keyspace… %s rows so far.", text.Count(found))}
	}
	return []string{fmt.Sprintf("No %s here.", t.View.RowNoun()), t.View.Empty}
}
