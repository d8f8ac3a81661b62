package tui

import (
	"errors"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
)

// The way of an action: key -> begin -> form -> plan -> confirm -> Operator.Do -> toast.

type plannedMsg struct{ plans []operate.Action }

// actedMsg is the end of one or several actions of one kind.
type actedMsg struct {
	done []operate.Outcome
	plan operate.Action // the first that failed, or the last
	err  error
	left int // not tried any more after a failure
}

// undoable is what z takes back, or why it cannot.
type undoable struct {
	what string
	undo *operate.Action
	why  string
}

func (m *Model) viewAction(a keymap.Action) *Action {
	actions := m.view().Actions
	for i := range actions {
		if actions[i].ID == a {
			return &actions[i]
		}
	}
	return nil
}

// begin starts an action on exactly the rows that are marked, or on the one that is open or under the cursor.
func (m *Model) begin(a *Action) tea.Cmd {
	rows := m.table().targets()
	if m.detail != nil {
		rows = nil
		if r := m.target(); r != nil {
			rows = []live.Row{r}
		}
	}
	if len(rows) == 0 && !a.NoRow {
		m.say(a.Label+": there is no row here", Warn)
		return nil
	}
	if len(rows) > 1 && !a.Bulk {
		m.say(fmt.Sprintf("%s takes one row, %d are marked (esc clears the marks)", a.Label, len(rows)), Warn)
		return nil
	}
	for _, r := range rows {
		if err := r.Problem(); err != nil {
			m.say(fmt.Sprintf("%s %s: the record cannot be read", a.Label, r.ID()), Warn)
			return nil
		}
		if a.Blocked == nil {
			continue
		}
		if why := a.Blocked(r); why != "" {
			m.say(fmt.Sprintf("%s %s: %s", a.Label, r.ID(), why), Warn)
			return nil
		}
	}
	if a.Edit {
		return m.load(m.view(), rows[0].ID(), "")
	}
	if len(rows) == 0 {
		rows = []live.Row{nil}
	}
	if a.Form == nil {
		return m.plan(a, rows, nil)
	}
	m.overlays.push(newForm(a.Form(rows[0]), func(answers map[string]string) tea.Cmd { return m.plan(a, rows, answers) }))
	return nil
}

func (m *Model) plan(a *Action, rows []live.Row, answers map[string]string) tea.Cmd {
	var plans []operate.Action
	for _, r := range rows {
		p, err := a.Plan(m.Operator, r, answers)
		if err != nil {
			m.fail(err)
			return nil
		}
		plans = append(plans, p)
	}
	return m.planned(plannedMsg{plans})
}

func (m *Model) planned(msg plannedMsg) tea.Cmd {
	if m.Operator.ReadOnly() {
		return m.do(msg.plans[:1]) // refused there, and noted in the audit trail
	}
	m.overlays.push(newConfirm(msg.plans, m.do))
	return nil
}

// do carries actions out one after the other and stops at the first that fails.
func (m *Model) do(plans []operate.Action) tea.Cmd {
	m.working = fmt.Sprintf("%s %s…", plans[0].Verb, Clean(plans[0].ID))
	if len(plans) > 1 {
		m.working = fmt.Sprintf("%s of %d…", plans[0].Verb, len(plans))
	}
	return guard(func() tea.Msg {
		var res actedMsg
		for i, p := range plans {
			out, err := m.Operator.Do(m.ctx, p)
			res.plan = p
			if err != nil {
				res.err, res.left = err, len(plans)-i-1
				break
			}
			res.done = append(res.done, out)
		}
		return res
	})
}

func (m *Model) acted(msg actedMsg) tea.Cmd {
	m.working = ""
	m.Live.Refresh()
	for _, out := range msg.done {
		m.undo = append(m.undo, undoable{out.Text, out.Undo, out.NoUndo})
	}
	if conflict, ok := m.conflicted(msg); ok {
		return conflict
	}
	if msg.err != nil {
		if len(msg.done) > 0 || msg.left > 0 {
			msg.err = fmt.Errorf("%w (%d done before, %d not tried)", msg.err, len(msg.done), msg.left)
		}
		m.fail(msg.err)
		return nil
	}
	clear(m.table().marks)
	text := msg.done[0].Text
	if n := len(msg.done); n > 1 {
		text = fmt.Sprintf("%s of %d", msg.plan.Verb, n)
	}
	m.say(text, Good)
	return nil
}

func (m *Model) fail(err error) {
	tone := Bad
	if errors.Is(err, conn.ErrPrecondition) {
		tone = Warn
	}
	m.say(err.Error(), tone)
}

// undoLast plans to take back the last action, or says why that cannot be.
func (m *Model) undoLast() tea.Cmd {
	if len(m.undo) == 0 {
		m.say("nothing was done yet that could be undone", Plain)
		return nil
	}
	last := m.undo[len(m.undo)-1]
	if last.undo == nil {
		m.say(fmt.Sprintf("undo %s: %s", last.what, last.why), Warn)
		return nil
	}
	m.undo = m.undo[:len(m.undo)-1]
	return m.planned(plannedMsg{[]operate.Action{*last.undo}})
}
