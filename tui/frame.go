package tui

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/frame"
	"holdfast/tui/overlay"
	"holdfast/tui/table"
)

// The smallest terminal that shows something useful.
const (
	minWidth  = 40
	minHeight = 10
)

// The lines of the frame around the body: header, tabs, status, message and key hints.
const frameLines = 5

// View hands out the screen as it was drawn last.
func (m *Model) View() tea.View {
	v := tea.NewView(m.drawn)
	v.AltScreen = true
	if m.Mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.ReportFocus = true
	v.WindowTitle = "holdfast " + text.Line(m.Conn.Place())
	return v
}

// paint draws the screen anew.
func (m *Model) paint() { m.drawn, m.pace.drawn = m.draw(), m.Now() }

func (m *Model) tooSmall() bool { return m.width < minWidth || m.height < minHeight }

// draw draws the screen: exactly as many lines as the terminal has, none wider than it is.
func (m *Model) draw() string {
	m.spots = spots{}
	if m.tooSmall() {
		says := text.Wrap(fmt.Sprintf("terminal too small: %dx%d, need %dx%d", m.width, m.height, minWidth, minHeight), m.width)
		screen := make([]string, m.height)
		for i := range min(len(says), m.height) {
			screen[i] = text.Cut(says[i], m.width)
		}
		return strings.Join(screen, "\n")
	}
	screen := append([]string{m.header(), m.tabLine()}, m.body()...) // the body first: it says which columns fit
	screen = append(append(screen, m.foot()...), m.hints())
	return strings.Join(m.overlays.Over(m.theme, screen, m.width), "\n")
}

// tabLine: the views with their counts.
func (m *Model) tabLine() (line string) {
	tabs := make([]frame.Tab, len(m.tops))
	for i, at := range m.tops {
		v := m.Views[at]
		tabs[i] = frame.Tab{Title: v.Title, Short: v.Short, Counts: v.Kind != "", Count: int64(m.snap.Table(v.Kind).Len()), Quiet: v.Quiet}
	}
	line, m.spots.tabs = m.line.Render(m.theme, tabs, m.top(), m.width)
	return line
}

// header: the connection, its role, version and latency, and the state of the data in words.
func (m *Model) header() string {
	right := strings.Join(m.badges(), " ") + " "
	name := m.nameTag()
	room := m.width - text.Width(name) - text.Width(right)
	if room < 0 { // what the rows are worth is said first
		name, room = "", m.width-text.Width(right)
	}
	address, database := text.Line(m.Conn.Addr), text.Clean(strings.TrimPrefix(m.Conn.Place(), m.Conn.Addr))
	left := " holdfast  " + address + database
	if text.Width(left) > room { // which server it is matters more, and which database more than the end of a long address
		left = " " + text.Fit(address, max(0, min(text.Width(address), room-1-text.Width(database))), false) + database
	}
	full := false
	add := func(part string) { // whole or not at all, and nothing after one that has no room
		if full = full || text.Width(left)+2+text.Width(part) > room; !full {
			left += "  " + part
		}
	}
	if s := m.snap.Server; s.Role != "" {
		add(s.Role)
		if s.Version != "" {
			add("redis " + text.Clean(s.Version))
		}
		add(m.latency.Shown.String())
		if cost := m.snap.Cost; cost > 0 {
			add(fmt.Sprintf("load %s cmd/s", humanize.Comma(int64(math.Ceil(cost)))))
		}
	}
	if m.Note != "" {
		add(text.Clean(m.Note))
	}
	return text.Cut(name+m.theme.Header.Render(text.Fit(left, room, false))+right, m.width)
}

func (m *Model) badges() []string {
	th := m.theme
	var out []string
	switch {
	case m.snap.State == live.Connecting:
		out = append(out, th.BadgeStale.Render("CONNECTING"))
	case m.snap.State == live.Lost && m.snap.ReadAt.IsZero():
		out = append(out, th.BadgeStale.Render("NO ANSWER"))
	case m.snap.State == live.Lost || m.late():
		out = append(out, th.BadgeStale.Render("STALE "+m.since(m.snap.ReadAt)))
	case !m.snap.Paused && m.snap.Pushed:
		out = append(out, th.BadgeLive.Render("LIVE (pushed)"))
	case !m.snap.Paused:
		out = append(out, th.BadgePoll.Render("POLL "+m.snap.Refresh.String()))
	}
	if m.snap.Paused {
		out = append(out, th.BadgePaused.Render("PAUSED "+m.since(m.snap.ReadAt)))
	}
	if m.Conn.Unverified() {
		out = append(out, th.BadgePaused.Render("TLS NOT VERIFIED"))
	}
	if m.Operator.ReadOnly() {
		out = append(out, th.BadgeReadOnly.Render("READ-ONLY"))
	}
	return out
}

// late tells that a reading should have ended by now: whoever does not answer is called lost only after some attempts.
func (m *Model) late() bool {
	s := m.snap
	return s.State == live.Polling && !s.Paused && !s.ReadAt.IsZero() && m.Now().Sub(s.ReadAt) > 2*s.Refresh+time.Second
}

// since is how long ago something was, in whole seconds.
func (m *Model) since(t time.Time) string {
	return text.Age(max(0, m.Now().Sub(t)).Truncate(time.Second))
}

// statusLine says what part of the rows is shown and why.
func (m *Model) statusLine() string {
	t := m.table()
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	n, all := t.Rows.Len(), t.Rows.All()
	if m.unread() {
		return ""
	}
	if m.detail != nil && m.detail.Search != nil {
		parts = m.detail.Search.Position()
	}
	if t.Order.Within != "" {
		add("%s of %s", t.View.Title, text.Clean(strings.TrimSuffix(t.Order.Within, ":")))
	}
	if n > 0 {
		add("row %s of %s", text.Count(t.At+1), text.Count(n))
	}
	if !t.IsWanted(t.Rows) { // only a million rows take long enough for somebody to read it
		add("arranging %s", text.Count(all))
	}
	if all != n {
		add("filter %s hides %s", m.short(t.Order.Filter.Text), text.Count(all-n))
	}
	if c := t.Order.Column; c >= 0 {
		way := "ascending"
		if t.Order.Descending {
			way = "descending"
		}
		add("sorted by %s, %s", t.View.Columns[c].Title, way)
	}
	switch marked := len(t.Marks); {
	case t.Hidden > 0:
		add("%s marked, %s of them hidden", text.Count(marked), text.Count(t.Hidden))
	case marked > 0:
		add("%s marked", text.Count(marked))
	}
	kind := m.snap.Table(t.View.Kind)
	if kind.Bad > 0 && !t.Order.Partial() { // of a part of the rows it would have to be counted
		add("%s unreadable (!)", text.Count(kind.Bad))
	}
	if n > 0 && kind.Err != nil {
		add("not all read: %s", text.Line(kind.Err.Error()))
	}
	if n > 0 && !kind.Complete && t.View.Kind != "" && m.snap.State != live.Lost {
		add("still reading")
	}
	if n > 0 && (m.detail == nil || m.split()) && (t.Shift > 0 || t.More()) {
		add("%s/%s more columns", m.keyName(keymap.Left), m.keyName(keymap.Right))
	}
	return m.theme.Muted.Render(text.Fit(" "+strings.Join(parts, " · "), m.width, false))
}

// short is as much of a text as a line could show, clean.
func (m *Model) short(says string) string { return text.Clean(text.Start(says, text.MaxRunes*m.width)) }

// keyName is the key of an action, as the operator has it.
func (m *Model) keyName(a keymap.Action) string {
	if keys := m.Keys.Keys(a); len(keys) > 0 {
		return keys[0]
	}
	return string(a)
}

// foot is the status line and the line of messages. A long message takes both; one that comes while a prompt has its line
// takes the status.
func (m *Model) foot() []string {
	said := m.message()
	if len(said) == frame.ToastLines {
		return said
	}
	if toast := m.toast.Render(m.theme, m.width, m.Now()); m.overlays.Prompting() && toast != nil {
		return append(toast[:1], said...)
	}
	return append([]string{m.statusLine()}, said...)
}

// message is the prompt, an action that runs, a toast, the trouble with the server, or what the row under the cursor has no
// room for.
func (m *Model) message() []string {
	if line, ok := m.overlays.Line(m.theme, m.width); ok {
		return []string{line}
	}
	if text := m.jobs.Progress(); text != "" {
		if !m.toast.Over(m.Now()) {
			text += "  " + m.toast.Text()
		}
		return []string{frame.Strip(m.theme.ToastInfo, text, m.width)}
	}
	if said := m.toast.Render(m.theme, m.width, m.Now()); said != nil {
		return said
	}
	if m.snap.State == live.Lost {
		wait := text.Age(max(0, m.snap.RetryAt.Sub(m.Now())).Truncate(time.Second))
		return []string{" " + m.theme.Bad.Render(text.Cut(fmt.Sprintf("no answer, next try in %s: %s", wait, text.Line(m.snap.Err.Error())), m.width-1))}
	}
	if m.late() {
		return []string{" " + m.theme.Bad.Render(text.Cut("waiting for an answer; the rows are from "+m.since(m.snap.ReadAt)+" ago", m.width-1))}
	}
	if lost := m.partlyLost(); lost != "" {
		return []string{m.theme.Bad.Render(text.Cut(" "+lost, m.width))}
	}
	return []string{m.unsaid()}
}

// unsaid is what the row under the cursor has no room for; empty if nothing is missing.
func (m *Model) unsaid() string {
	if m.detail != nil {
		return ""
	}
	rest := m.table().Unsaid(m.clock())
	if rest == "" {
		return ""
	}
	return m.theme.Muted.Render(text.Cut(" …"+rest, m.width))
}

// hints name the keys that matter here, as many as fit, from the same data that binds them.
func (m *Model) hints() string {
	var offered []overlay.Hint
	if m.overlays.Holds() {
		offered = m.overlays.Hints()
	} else {
		for _, a := range m.offered() {
			offered = append(offered, overlay.Hint{Action: a.ID, Label: a.Label}) // in the view's words: d releases a lease
		}
		offered = append(offered, overlay.HintsOf(m.ways()...)...)
	}
	var actions []keymap.Action
	labels := map[keymap.Action]string{}
	for _, h := range offered {
		actions = append(actions, h.Action)
		labels[h.Action] = h.Label
	}
	var b strings.Builder
	l, key, label, dim := table.Line{B: &b}, table.PenOf(m.theme.Key), table.PenOf(m.theme.KeyLabel), table.PenOf(m.theme.Muted)
	room, kept := m.width, 0
	shown := m.Keys.Short(m.scope(), actions...)
	for _, e := range shown {
		if alwaysHinted(e.Action) {
			kept += hintWidth(e.Keys[0], e.Label)
		}
	}
	for _, e := range shown {
		name, says := e.Keys[0], cmp.Or(labels[e.Action], e.Label)
		if e.Action == keymap.No && says != e.Label { // n stands for no
			name = e.Keys[len(e.Keys)-1]
		}
		if alwaysHinted(e.Action) {
			kept -= hintWidth(name, says)
		}
		if hintWidth(name, says) > room-kept {
			if kept > 0 {
				continue // a shorter one may still have room
			}
			break
		}
		room -= hintWidth(name, says)
		onKey, onLabel := key, label
		if m.dimmed(e.Action) {
			onKey, onLabel = dim, dim
		}
		l.Write(onKey, " ", name)
		l.Write(table.Pen{}, " ")
		l.Write(onLabel, says)
		l.Write(table.Pen{}, " ")
	}
	l.End()
	return b.String()
}

// alwaysHinted are the ways out and on: actions make room for them.
func alwaysHinted(a keymap.Action) bool { return a == keymap.Back || a == keymap.Help }

// hintWidth is how many cells a key takes in the line of hints.
func hintWidth(key, says string) int { return text.Width(key) + text.Width(says) + 3 }
