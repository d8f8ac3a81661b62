package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/tui/detail"
	"holdfast/tui/view"
)

// Rows that cannot be read: what their key holds, and deleting it as it was seen.

// lookedMsg is what the key of a row holds that is to be deleted.
type lookedMsg struct {
	name kind.Name
	row  live.Row
	raw  operate.Raw
	err  error
}

// unreadable is the one row that keys act on, if it cannot be read; else nil.
func (m *Model) unreadable() live.Row {
	v, r := m.subject()
	if m.detail == nil && m.view().Kind != "" {
		if rows := m.table().Targets(); len(rows) == 1 {
			r = rows[0]
		} else {
			return nil
		}
	}
	if r == nil || r.Problem() == nil || v.Kind == "" {
		return nil
	}
	return r
}

// deleteRaw looks at a row that cannot be read, to ask whether what is seen is to be deleted.
func (m *Model) deleteRaw(r live.Row) tea.Cmd {
	if m.isBusy() {
		return nil
	}
	v, _ := m.subject()
	return m.lookInto(v.Kind, r)
}

func (m *Model) lookInto(name kind.Name, r live.Row) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, detail.ReadLimit)
		defer cancel()
		raw, err := m.Operator.Look(ctx, name, r.ID())
		return lookedMsg{name, r, raw, err}
	}
}

func (m *Model) looked(msg lookedMsg) tea.Cmd {
	err := msg.err
	if err == nil {
		var plan operate.Action
		if plan, err = m.Operator.DeleteRaw(msg.name, msg.row.ID(), msg.raw); err == nil {
			again := func() tea.Cmd { return m.lookAgain(msg.name, msg.row.ID()) }
			return m.ask(&job{plans: []operate.Action{plan}, diff: detail.RawLines(msg.raw), since: m.about(msg.name, again, seenRows([]live.Row{msg.row})...)})
		}
	}
	m.fail(err)
	return nil
}

// lookAgain asks anew about a row that could not be read, unless that is over.
func (m *Model) lookAgain(name kind.Name, id string) tea.Cmd {
	switch r := m.rowNow(name, id); {
	case r == nil:
		m.say("delete: "+goneWords(1), view.Warn)
	case r.Problem() == nil:
		m.say("delete: it can be read now, so it is deleted as what it is", view.Warn)
	default:
		return m.lookInto(name, r)
	}
	return nil
}
