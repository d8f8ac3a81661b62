package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui/detail"
	"holdfast/tui/frame"
	"holdfast/tui/jobs"
	"holdfast/tui/overlay"
	"holdfast/tui/table"
	"holdfast/tui/terminal"
	"holdfast/tui/view"
)

// Model is the root and the only tea.Model: it routes messages and owns all state of the screen. Make it with New.
type Model struct {
	Config
	ctx    context.Context
	theme  themes.Theme
	width  int
	height int

	snap    *live.Snapshot
	latency frame.Latency
	tabs    []*table.Table // one a view
	tops    []int          // the views that have a tab
	line    frame.Tabs
	active  int
	busy    bool // a tab is being arranged

	detail *detail.Pane // nil: the table has the body
	places places

	overlays overlay.Stack
	broken   overlay.Layer // says what failed last
	jump     *jump         // the last one; nil: nobody jumped yet
	recall   recall
	toast    frame.Toast
	jobs     *jobs.Jobs
	leads    string // the connection to go to after this one; empty: none

	pace  pace
	spots spots  // of the screen as drawn last
	drawn string // that screen
}

// New makes the model of a dashboard.
func New(ctx context.Context, c Config) *Model {
	if c.Now == nil {
		c.Now = time.Now
	}
	m := &Model{Config: c, ctx: ctx, theme: c.Theme(true), snap: c.Live.Snapshot(), pace: pace{after: time.After}}
	m.jobs = m.newJobs()
	m.recall.used = map[string][]string{}
	if len(c.Warnings) > 0 { // the overview has them in full
		m.toast = frame.NewToast("warning", strings.Join(c.Warnings, "; "), view.Warn, c.Now())
	}
	if c.Connections.Why != "" {
		m.overlays.Push(overlay.NewText("This connection stays", c.Connections.Why))
	}
	for i, v := range c.Views {
		t := table.New(v)
		if titles, ok := c.Columns[v.Name]; ok {
			t.Choose(titles)
		}
		m.tabs = append(m.tabs, t)
		if v.Parent == "" {
			m.tops = append(m.tops, i)
		}
		if v.Name == c.Start {
			m.active = i
		}
	}
	m.notePlace()
	return m
}

// Init starts the poller, the clock and the question for the background.
func (m *Model) Init() tea.Cmd {
	return guard(tea.Batch(m.awaitChange(), tick(), tea.RequestBackgroundColor, m.arrange(), m.loadFilters()))
}

// Update routes one message, and draws the screen if that may have changed it.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := tea.Batch(m.route(msg), m.next(msg))
	draw, later := m.pace.due(msg, m.Now())
	if draw {
		m.paint()
	}
	return m, guard(tea.Batch(cmd, later))
}

func (m *Model) route(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.line.Resized()
		return m.layout()
	case tea.BackgroundColorMsg:
		m.theme = m.Theme(msg.IsDark())
		return m.drawBody()
	case drawMsg:
	case tea.FocusMsg:
		m.pace.look(true)
	case tea.BlurMsg:
		m.pace.look(false)
	case tea.KeyPressMsg:
		m.pace.look(true) // even if the terminal has not said so
		cmd := m.key(msg)
		m.notePlace()
		return cmd
	case tea.MouseWheelMsg:
		return m.wheel(msg)
	case tea.MouseClickMsg:
		m.pace.look(true)
		return m.click(msg)
	case tea.MouseReleaseMsg, tea.MouseMotionMsg: // a click is done when the button goes down
	case tea.PasteMsg:
		return m.overlays.Paste(msg)
	case snapshotMsg:
		before := m.snap
		m.snap = msg.snap
		m.warnOf(before.Events, m.snap.Events)
		m.watchOthers(before)
		m.overlays.Look()
		m.latency.Take(m.snap.Server.Latency)
		return tea.Batch(m.follow(), m.refreshDetail())
	case clockMsg:
		return m.follow()
	case arrangedMsg:
		return m.arranged(msg)
	case jumpedMsg:
		return m.jumped(msg)
	case detail.Msg:
		return msg.Take(m.snap, msg.Pane() == m.detail, m.drawBody)
	case terminal.ContinuedMsg:
		return terminal.TakeBack()
	case recalledMsg:
		m.recalled(msg)
	case keptMsg:
		m.kept(msg)
	case triedMsg:
		return m.tried(msg)
	case panicMsg:
		m.panicked(msg)
	case jobs.Msg:
		return m.jobs.Take(msg)
	default:
		return m.overlays.Typed(msg)
	}
	return nil
}

// panicked shows what went wrong. What waits for the command that failed goes on without it.
func (m *Model) panicked(msg panicMsg) {
	m.busy = false
	m.jobs.Failed()
	if d := m.detail; d != nil {
		d.Failed()
	}
	if m.jump != nil {
		m.jump.looking = false
	}
	if m.overlays.IsTop(m.broken) {
		return // one at a time
	}
	m.broken = overlay.NewText("A part of the dashboard failed; the rest goes on", msg.text)
	m.overlays.Push(m.broken)
}

// say shows a message in the lines for it. A failure that does not fit there is shown in full.
func (m *Model) say(text string, tone view.Tone) { m.sayUnder("", text, tone) }

// sayUnder is say with a title in place of what the tone says, where there is one.
func (m *Model) sayUnder(title, text string, tone view.Tone) {
	m.toast = frame.NewToast(title, text, tone, m.Now())
	if m.toast.TooLong(m.width) {
		m.overlays.Push(overlay.NewText(m.toast.Title(), text))
		m.toast = frame.Toast{}
	}
}

func (m *Model) table() *table.Table { return m.tabs[m.active] }

func (m *Model) view() *view.View { return m.Views[m.active] }

func (m *Model) clock() view.Clock {
	now := m.Now()
	return view.Clock{Now: now, Server: m.snap.ServerNow(now), Others: m.snap}
}

// openPrompt gives the keys to a prompt.
func (m *Model) openPrompt(p *overlay.Prompt) {
	m.toast = frame.Toast{} // its line is the prompt's
	m.overlays.Push(p)
}

// scope says which keys count now.
func (m *Model) scope() keymap.Scope {
	switch {
	case m.overlays.Holds():
		return m.overlays.Scope()
	case m.detail != nil && m.detail.Search != nil:
		return keymap.Search
	case m.detail != nil:
		return keymap.Detail
	}
	return keymap.Table
}

// suspend leaves for the shell that started us, if one waits.
func (m *Model) suspend() tea.Cmd {
	if !terminal.HasShell() {
		m.say("there is no shell to go back to", view.Plain)
		return nil
	}
	return tea.Suspend
}

// key turns a key into the action of its scope.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	if m.tooSmall() { // nobody shall answer a question that is not shown
		switch action, _ := m.Keys.Match(keymap.Table, msg.String()); action {
		case keymap.Quit, keymap.Interrupt:
			return tea.Quit
		case keymap.Suspend:
			return m.suspend()
		}
		return nil
	}
	action, bound := m.Keys.Match(m.scope(), msg.String())
	switch {
	case action == keymap.Interrupt:
		return tea.Quit
	case action == keymap.Suspend:
		return m.suspend()
	case m.overlays.Holds() && !bound:
		return m.overlays.Typed(msg)
	case m.overlays.Holds():
		return m.overlays.Act(action)
	}
	if m.toast.Serious() {
		m.toast = frame.Toast{}
	}
	if !bound {
		return nil
	}
	return m.act(action)
}
