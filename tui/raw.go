package tui

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/themes"
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
		ctx, cancel := context.WithTimeout(m.ctx, ioLimit)
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
			return m.ask(&job{plans: []operate.Action{plan}, diff: rawLines(msg.raw), since: m.about(msg.name, again, seenRows([]live.Row{msg.row})...)})
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

// rawLines are the beginning of a key, a line each.
func rawLines(raw operate.Raw) (lines []string) {
	size := "elements"
	if raw.Type == "string" {
		size = "bytes"
	}
	lines = append(lines, fmt.Sprintf("%s, %s %s:", raw.Type, text.Count(int(raw.Size)), size))
	if raw.Type == "hash" || raw.Type == "zset" {
		for i := 0; i+1 < len(raw.Head); i += 2 {
			lines = append(lines, "  "+text.Line(raw.Head[i])+"  "+text.Line(raw.Head[i+1]))
		}
		return lines
	}
	for _, one := range raw.Head {
		lines = append(lines, "  "+text.Line(one))
	}
	return lines
}

// asStored shows the key of a row that cannot be read.
func (d *detail) asStored(th themes.Theme, w int) []string {
	if d.raw.Key == "" {
		return nil
	}
	lines := heading(th, "As stored in "+text.Line(d.raw.Key))
	for _, l := range rawLines(d.raw) {
		lines = append(lines, text.Styled(th.Text, text.Wrap(l, w))...)
	}
	return lines
}
