package tui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"charm.land/bubbles/v2/textinput"

	"holdfast/core/live"
	"holdfast/keymap"
	"holdfast/themes"
)

// Model is the root and the only tea.Model: it routes messages and owns all state of the screen. Make it with New.
type Model struct {
	Config
	ctx    context.Context
	theme  themes.Theme
	width  int
	height int

	snap   *live.Snapshot
	tabs   []*table // one a view
	active int
	busy   bool // the active tab is being arranged

	detail    *detail // nil: the table has the body
	overlays  stack
	filtering bool // the filter line has the keys
	input     textinput.Model
	filterErr error
	toast     toast
	working   string // an action that runs
	undo      []undoable

	frame string // the screen as drawn last; empty: something changed since
}

// New makes the model of a dashboard.
func New(ctx context.Context, c Config) *Model {
	if c.Now == nil {
		c.Now = time.Now
	}
	m := &Model{Config: c, ctx: ctx, theme: c.Theme(true), snap: c.Live.Snapshot(), input: newInput("")}
	for i, v := range c.Views {
		m.tabs = append(m.tabs, newTable(v))
		if v.Name == c.Start {
			m.active = i
		}
	}
	return m
}

// Init starts the poller, the clock and the question for the background.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(awaitChange(m.ctx, m.Live), tick(), tea.RequestBackgroundColor)
}

// Update routes one message. Every message may change the screen, so the drawn frame is dropped.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.frame = ""
	return m, guard(m.route(msg))
}

func (m *Model) route(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.layout()
		return m.focus()
	case tea.BackgroundColorMsg:
		m.theme = m.Theme(msg.IsDark())
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.MouseWheelMsg:
		return m.wheel(msg)
	case snapshotMsg:
		m.snap = msg.snap
		return tea.Batch(awaitChange(m.ctx, m.Live), m.arrange(), m.refreshDetail())
	case arrangedMsg:
		return m.arranged(msg)
	case clockMsg:
		return tick()
	case detailMsg:
		if d := m.detail; d != nil && d.id == msg.id && d.view == msg.view {
			d.loaded, d.err = true, msg.err
			if msg.err == nil && (msg.d.Found || !d.gone) {
				d.whole = msg.d
			}
		}
	case toastMsg:
		m.say(msg.text, msg.tone)
	case panicMsg:
		m.overlays.push(textPane("A part of the dashboard failed; the rest goes on", msg.text))
	case plannedMsg:
		return m.planned(msg)
	case actedMsg:
		return m.acted(msg)
	case loadedMsg, editedMsg, savedMsg:
		return m.editing(msg)
	default:
		return m.typed(msg)
	}
	return nil
}

func (m *Model) say(text string, tone Tone) { m.toast = newToast(text, tone, m.Now()) }

func (m *Model) table() *table { return m.tabs[m.active] }

func (m *Model) view() *View { return m.Views[m.active] }

func (m *Model) clock() Clock {
	now := m.Now()
	return Clock{Now: now, Server: m.snap.ServerNow(now)}
}

// scope says which keys count now.
func (m *Model) scope() keymap.Scope {
	switch {
	case m.overlays.top() != nil:
		return m.overlays.top().scope()
	case m.filtering:
		return keymap.Input
	case m.detail != nil:
		return keymap.Detail
	}
	return keymap.Table
}

// key turns a key into the action of its scope.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	action, bound := m.Keys.Match(m.scope(), msg.String())
	if action == keymap.Interrupt {
		return tea.Quit
	}
	if o := m.overlays.top(); o != nil {
		if !bound {
			return o.typed(msg)
		}
		cmd, v := o.act(action)
		if v == shut {
			m.overlays.drop(o)
		}
		return guard(cmd)
	}
	if m.filtering {
		if !bound {
			return m.typed(msg)
		}
		return m.filterAct(action)
	}
	if m.toast.tone == Bad || m.toast.tone == Warn {
		m.toast = toast{}
	}
	if !bound {
		return nil
	}
	return m.act(action)
}

// typed gives a message to whatever has an input: an overlay or the filter line.
func (m *Model) typed(msg tea.Msg) tea.Cmd {
	if o := m.overlays.top(); o != nil {
		return o.typed(msg)
	}
	if !m.filtering {
		return nil
	}
	var cmd tea.Cmd
	before := m.input.Value()
	m.input, cmd = m.input.Update(msg)
	if m.input.Value() != before {
		return tea.Batch(cmd, m.setFilter(m.input.Value()))
	}
	return cmd
}

func (m *Model) wheel(msg tea.MouseWheelMsg) tea.Cmd {
	step := keymap.Down
	if msg.Button == tea.MouseWheelUp {
		step = keymap.Up
	}
	if m.overlays.top() != nil || m.filtering {
		return nil
	}
	return tea.Batch(m.act(step), m.act(step), m.act(step))
}

// rowsView is what a view shows of a snapshot.
type rowsView struct{ live.Rows }

func (r rowsView) row(id string) (live.Row, bool) {
	if i, ok := indexOf(r.Rows, id); ok {
		return r.At(i), true
	}
	return nil, false
}

func rowsOf(v *View, snap *live.Snapshot) rowsView {
	if v.Rows != nil {
		return rowsView{v.Rows(snap)}
	}
	return rowsView{snap.Table(v.Kind)}
}

// arrange brings the active tab up to its snapshot and order. Where nothing is sorted or filtered that costs nothing;
// else it happens off this goroutine, one at a time.
func (m *Model) arrange() tea.Cmd {
	t := m.table()
	rows := rowsOf(t.view, m.snap).Rows
	if t.order.filter.empty() && t.order.column < 0 && !t.order.descending {
		t.show(arrange(rows, t.view.Columns, t.order, m.clock()))
		return m.focus()
	}
	if m.busy {
		return nil // arranged comes back and sees that there is more to do
	}
	m.busy = true
	tab, order, at := m.active, t.order, m.clock()
	return guard(func() tea.Msg { return arrangedMsg{tab, arrange(rows, t.view.Columns, order, at)} })
}

func (m *Model) arranged(msg arrangedMsg) tea.Cmd {
	m.busy = false
	t := m.tabs[msg.tab]
	t.show(msg.a)
	stale := msg.tab != m.active || t.order.filter.text != msg.a.order.filter.text ||
		t.order.column != msg.a.order.column || t.order.descending != msg.a.order.descending
	if stale || t.view.Rows == nil && rowsOf(t.view, m.snap).Rows != msg.a.rows {
		return m.arrange()
	}
	return m.focus()
}

// focus tells the poller which rows are on the screen.
func (m *Model) focus() tea.Cmd {
	if v := m.view(); v.Kind != "" {
		m.Live.Focus(v.Kind, m.table().window())
	}
	return nil
}

// open leads to a row of a view, or to the view.
func (m *Model) open(l Link) tea.Cmd {
	for i, v := range m.Views {
		if v.Name != l.View {
			continue
		}
		m.active, m.detail = i, nil
		cmd := m.arrange()
		if l.ID == "" {
			return cmd
		}
		return tea.Batch(cmd, m.openDetail(v, l.ID))
	}
	m.say(fmt.Sprintf("no view %q", l.View), Bad)
	return nil
}

func (m *Model) openDetail(v *View, id string) tea.Cmd {
	m.detail = &detail{view: v, id: id}
	m.detail.refresh(m.snap, m.clock())
	if at, ok := m.table().rows.find(id); ok && m.table().view == v {
		m.table().moveTo(at)
	}
	m.layout()
	return m.loadDetail()
}

func (m *Model) refreshDetail() tea.Cmd {
	if m.detail == nil || !m.detail.refresh(m.snap, m.clock()) {
		return nil
	}
	return m.loadDetail()
}

const ioLimit = 10 * time.Second

func (m *Model) loadDetail() tea.Cmd {
	v, id := m.detail.view, m.detail.id
	return guard(func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, ioLimit)
		defer cancel()
		d, err := m.Live.Inspect(ctx, v.Kind, id)
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return detailMsg{v, id, d, err}
	})
}
