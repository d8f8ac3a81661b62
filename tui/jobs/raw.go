package jobs

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

// DeleteRaw looks at a row that cannot be read, to ask whether what is seen is to be deleted.
func (js *Jobs) DeleteRaw(name kind.Name, r live.Row) tea.Cmd {
	if js.SayBusy() {
		return nil
	}
	return js.lookInto(name, r)
}

func (js *Jobs) lookInto(name kind.Name, r live.Row) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(js.Ctx, detail.ReadLimit)
		defer cancel()
		raw, err := js.Operator.Look(ctx, name, r.ID())
		return lookedMsg{name, r, raw, err}
	}
}

func (js *Jobs) looked(msg lookedMsg) tea.Cmd {
	err := msg.err
	if err == nil {
		var plan operate.Action
		if plan, err = js.Operator.DeleteRaw(msg.name, msg.row.ID(), msg.raw); err == nil {
			again := func() tea.Cmd { return js.lookAgain(msg.name, msg.row.ID()) }
			return js.ask(&job{plans: []operate.Action{plan}, diff: detail.RawLines(msg.raw), since: js.about(msg.name, again, seenRows([]live.Row{msg.row})...)})
		}
	}
	js.fail(err)
	return nil
}

// lookAgain asks anew about a row that could not be read, unless that is over.
func (js *Jobs) lookAgain(name kind.Name, id string) tea.Cmd {
	switch r := js.rowNow(name, id); {
	case r == nil:
		js.say("delete: "+GoneWords(1), view.Warn)
	case r.Problem() == nil:
		js.say("delete: it can be read now, so it is deleted as what it is", view.Warn)
	default:
		return js.lookInto(name, r)
	}
	return nil
}
