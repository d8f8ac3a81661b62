package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dustin/go-humanize"

	"holdfast/core/live"
	"holdfast/keymap"
	"holdfast/themes"
)

// The smallest terminal that shows something useful.
const (
	leastWidth  = 40
	leastHeight = 10
)

// The lines of the frame around the body: header, tabs, status, message and key hints.
const frameLines = 5

// View draws the screen, or hands out the last drawing if nothing happened since.
func (m *Model) View() tea.View {
	if m.frame == "" {
		m.frame = m.draw()
	}
	v := tea.NewView(m.frame)
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "holdfast " + m.Conn.Addr
	return v
}

// layout gives the parts of the body their room.
func (m *Model) layout() {
	body := max(1, m.height-frameLines)
	for _, t := range m.tabs {
		t.resize(m.width, body-1)
	}
	if m.split() {
		m.table().resize(m.tableWidth(), body-1)
	}
}

// split tells whether detail and table stand side by side.
func (m *Model) split() bool { return m.detail != nil && m.width >= 120 }

func (m *Model) tableWidth() int { return m.width * 2 / 5 }

func (m *Model) draw() string {
	if m.width == 0 {
		return ""
	}
	if m.width < leastWidth || m.height < leastHeight {
		lines := wrap(fmt.Sprintf("terminal too small: %dx%d, need %dx%d", m.width, m.height, leastWidth, leastHeight), m.width)
		return strings.Join(lines[:min(len(lines), m.height)], "\n")
	}
	body := strings.Join([]string{m.header(), m.tabLine(), m.body(), m.statusLine(), m.messageLine(), m.hints()}, "\n")
	return m.overlays.render(m.theme, body, m.width, m.height)
}

// header: the connection, its role, version and latency, and the state of the data in words.
func (m *Model) header() string {
	th := m.theme
	left := " holdfast  " + Clean(m.Conn.Addr)
	if s := m.snap.Server; s.Role != "" {
		left += "  " + s.Role
		if s.Version != "" {
			left += "  redis " + s.Version
		}
		left += "  " + s.Latency.Round(10*time.Microsecond).String()
	}
	if m.Note != "" {
		left += "  " + m.Note
	}
	right := strings.Join(m.badges(), " ") + " "
	room := m.width - textWidth(right)
	return th.Header.Render(fit(left, max(0, room), false)) + right
}

func (m *Model) badges() []string {
	th, now := m.theme, m.Now()
	var out []string
	switch {
	case m.snap.State == live.Connecting:
		out = append(out, th.BadgeStale.Render("CONNECTING"))
	case m.snap.State == live.Lost:
		age := "never read"
		if !m.snap.ReadAt.IsZero() {
			age = Age(now.Sub(m.snap.ReadAt).Truncate(time.Second))
		}
		out = append(out, th.BadgeStale.Render("STALE "+age))
	case m.snap.Paused:
		out = append(out, th.BadgePaused.Render("PAUSED"))
	default:
		out = append(out, th.BadgePoll.Render("POLL "+m.snap.Refresh.String()))
	}
	if m.Operator.ReadOnly() {
		out = append(out, th.BadgeReadOnly.Render("READ-ONLY"))
	}
	return out
}

// tabLine: the views with their counts; the narrower the terminal, the less of each.
func (m *Model) tabLine() string {
	full := func(v *View) string { return v.Title + m.tabCount(v, humanize.Comma) }
	short := func(v *View) string { return v.Short + m.tabCount(v, brief) }
	bare := func(v *View) string { return v.Short }
	number := func(v *View) string {
		if v == m.view() {
			return v.Short
		}
		return ""
	}
	var line string
	for _, form := range []func(*View) string{full, short, bare, number} {
		if line = m.tabsIn(form); textWidth(line) <= m.width {
			break
		}
	}
	return cut(line, m.width)
}

func (m *Model) tabsIn(form func(*View) string) string {
	var b strings.Builder
	for i, v := range m.Views {
		text, style := fmt.Sprintf("%d %s", i+1, form(v)), m.theme.TabIdle
		text = " " + strings.TrimSpace(text) + " "
		if i == m.active { // the brackets tell it without colour
			text, style = "["+strings.TrimSpace(text)+"]", m.theme.TabActive
		}
		b.WriteString(style.Padding(0).Render(text))
	}
	return b.String()
}

func (m *Model) tabCount(v *View, write func(int64) string) string {
	if v.Kind == "" {
		return ""
	}
	return " " + write(int64(m.snap.Table(v.Kind).Len()))
}

// brief writes a count in at most four cells: 999, 12k, 3M.
func brief(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprint(n)
	case n < 1_000_000:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprintf("%dM", n/1_000_000)
}

func (m *Model) body() string {
	height := m.height - frameLines
	at := m.clock()
	switch {
	case m.split():
		left := strings.Split(m.tableBody(at, m.tableWidth(), height), "\n")
		right := strings.Split(m.detail.render(m.theme, m.snap, at, m.width-m.tableWidth()-3, height), "\n")
		for i := range left {
			if i < len(right) {
				left[i] = padTo(left[i], m.tableWidth()) + m.theme.Border.Render(" │ ") + right[i]
			}
		}
		return strings.Join(left, "\n")
	case m.detail != nil:
		return m.detail.render(m.theme, m.snap, at, m.width, height)
	}
	return m.tableBody(at, m.width, height)
}

func padTo(s string, width int) string { return s + strings.Repeat(" ", max(0, width-textWidth(s))) }

// tableBody is the table, or what there is to say instead of one.
func (m *Model) tableBody(at Clock, width, height int) string {
	t := m.table()
	if t.rows.Len() > 0 {
		return t.render(m.theme, at)
	}
	var lines []string
	add := func(style themes.Theme, text string) {
		lines = append(lines, styled(style.Text, wrap("  "+text, width))...)
	}
	kind := m.snap.Table(t.view.Kind)
	switch {
	case m.snap.State == live.Lost && m.snap.ReadAt.IsZero():
		add(m.theme, "Cannot read "+Clean(m.Conn.Addr)+": "+Clean(m.snap.Err.Error()))
	case kind.Err != nil:
		add(m.theme, "Cannot read "+t.view.Name+": "+Clean(kind.Err.Error()))
	case t.order.filter.text != "":
		add(m.theme, "Nothing matches "+Clean(t.order.filter.text)+". esc clears the filter.")
	case !kind.Complete && t.view.Kind != "":
		found := 0
		for _, other := range m.snap.Tables {
			found += other.Len()
		}
		add(m.theme, fmt.Sprintf("Reading the keyspace… %s rows so far.", humanize.Comma(int64(found))))
	default:
		add(m.theme, "No "+t.view.Name+" here.")
		add(m.theme, t.view.Empty)
	}
	lines = append([]string{""}, lines...)
	for len(lines) < height {
		lines = append(lines, "")
	}
	return strings.Join(lines[:height], "\n")
}

// statusLine says what part of the rows is shown and why.
func (m *Model) statusLine() string {
	t := m.table()
	n := t.rows.Len()
	parts := []string{}
	if n > 0 {
		parts = append(parts, fmt.Sprintf("row %s of %s", humanize.Comma(int64(t.at+1)), humanize.Comma(int64(n))))
	}
	if t.rows.rows != nil && t.rows.rows.Len() != n {
		parts = append(parts, fmt.Sprintf("%s hidden by filter %s", humanize.Comma(int64(t.rows.rows.Len()-n)), Clean(t.order.filter.text)))
	}
	if c := t.order.column; c >= 0 {
		way := "rising"
		if t.order.descending {
			way = "falling"
		}
		parts = append(parts, "sorted by "+t.view.Columns[c].Title+" "+way)
	}
	if len(t.marks) > 0 {
		parts = append(parts, fmt.Sprintf("%d marked", len(t.marks)))
	}
	kind := m.snap.Table(t.view.Kind)
	if kind.Bad > 0 {
		parts = append(parts, fmt.Sprintf("%d cannot be read (!)", kind.Bad))
	}
	if kind.Err != nil && n > 0 {
		parts = append(parts, "old: "+Clean(kind.Err.Error()))
	}
	if !kind.Complete && n > 0 && t.view.Kind != "" {
		parts = append(parts, "still reading")
	}
	return m.theme.Muted.Render(fit(" "+strings.Join(parts, " · "), m.width, false))
}

// messageLine: the filter that is typed, an action that runs, a toast, or the trouble with the server.
func (m *Model) messageLine() string {
	switch {
	case m.filtering:
		m.input.SetWidth(max(8, m.width/2))
		line := m.theme.Key.Render(" /") + m.input.View()
		if m.filterErr != nil {
			line += " " + m.theme.Bad.Render(Clean(m.filterErr.Error()))
		}
		return cut(line, m.width)
	case m.working != "":
		return m.theme.ToastInfo.Render(cut(" "+m.working, m.width))
	}
	if t := m.toast.render(m.theme, m.width-1, m.Now()); t != "" {
		return " " + t
	}
	if m.snap.State == live.Lost {
		wait := max(0, m.snap.RetryAt.Sub(m.Now())).Round(time.Second)
		return m.theme.Bad.Render(cut(fmt.Sprintf(" no answer, next try in %v: %s", wait, Clean(m.snap.Err.Error())), m.width))
	}
	return ""
}

// hints name the keys that matter here, from the same data that binds them.
func (m *Model) hints() string {
	var b strings.Builder
	hint := func(e keymap.Binding, label string) {
		b.WriteString(" " + m.theme.Key.Render(e.Keys[0]) + " " + m.theme.KeyLabel.Render(label) + " ")
	}
	if m.overlays.top() != nil || m.filtering {
		for _, group := range m.Keys.Help(m.scope()) {
			for _, e := range group.Entries {
				if e.Scope != keymap.Always && e.Scope != keymap.Move && e.Scope != keymap.Global {
					hint(e, e.Label)
				}
			}
		}
		return cut(b.String(), m.width)
	}
	for _, a := range m.view().Actions {
		for _, e := range m.Keys.Short(m.scope(), a.ID) {
			hint(e, a.Label) // in the view's words: d releases a lease
		}
	}
	common := []keymap.Action{keymap.OpenDetail, keymap.Filter, keymap.Sort, keymap.Mark, keymap.OpenPalette, keymap.Help, keymap.Quit}
	if m.detail != nil {
		common = []keymap.Action{keymap.Back, keymap.FollowLink, keymap.OpenPalette, keymap.Help, keymap.Quit}
	}
	for _, e := range m.Keys.Short(m.scope(), common...) {
		hint(e, e.Label)
	}
	return cut(b.String(), m.width)
}
