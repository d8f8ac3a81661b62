package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"charm.land/bubbles/v2/progress"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/overlay"
	"holdfast/tui/view"
)

// The way of an action: key -> begin -> form -> plan -> ask -> Operator.Do -> acted -> toast.

// job is one or several planned actions of one kind.
type job struct {
	plans   []operate.Action
	note    string         // what else is to be known before it is done
	undoes  int            // the number of what it takes back; 0: nothing
	draft   *draft         // of an edit: what must not get lost
	diff    []string       // of an edit; of what cannot be read, what is seen of it
	since   *overlay.Since // the rows that it is about; nil: about none
	started time.Time
	through atomic.Int64 // how many are done
	stopped atomic.Bool  // no further one is to be begun
}

type actedMsg struct {
	job  *job
	ids  []string          // done
	done []operate.Outcome // of ids
	err  error             // of the one after them
}

func (m *Model) viewAction(a keymap.Action) *view.Action {
	v, _ := m.subject()
	actions := v.Actions
	for i := range actions {
		if actions[i].ID == a {
			return &actions[i]
		}
	}
	return nil
}

// begin starts an action on exactly the rows that are marked, or on the one that is open or under the cursor.
func (m *Model) begin(a *view.Action) tea.Cmd {
	rows, out, _, _ := m.rowsFor(a) // which there are: it was asked before
	v, _ := m.subject()
	kind := v.Kind
	switch {
	case a.Edit:
		return m.load(rows[0].ID())
	case a.Form == nil:
		return m.plan(a, kind, rows, out, nil)
	case m.Operator.ReadOnly():
		return m.refused(a, rows[0])
	}
	m.openForm(a, kind, rows, nil)
	return nil
}

// openForm asks what an action on one row needs; typed is what was typed into an earlier form of it.
func (m *Model) openForm(a *view.Action, name kind.Name, rows []live.Row, typed *overlay.Form) {
	asked := a.Form(rows[0])
	var fields []overlay.Field
	for _, one := range asked.Fields {
		fields = append(fields, overlay.Field(one))
	}
	var f *overlay.Form
	about := m.about(name, func() tea.Cmd {
		if now, _, why := m.anew(a, name, rows); why != "" {
			m.say(why, view.Warn)
		} else {
			m.openForm(a, name, now, f)
		}
		return nil
	}, seenRows(rows)...)
	f = overlay.NewForm(asked.Title, fields, about, func(answers map[string]string) tea.Cmd { return m.plan(a, name, rows, "", answers) })
	if typed != nil {
		f.Keep(typed)
	}
	m.overlays.Push(f)
}

// anew are the rows of a question as they are now, which of them are left out, or why there is nothing more to ask.
func (m *Model) anew(a *view.Action, name kind.Name, rows []live.Row) (now []live.Row, out, why string) {
	now, gone := m.rowsNow(name, rows)
	if len(now) == 0 {
		return nil, "", a.Label + ": " + goneWords(len(rows))
	}
	if now, out, why, _ = m.fit(a, now); len(gone) > 0 {
		out = strings.TrimSuffix(leftOut("it is gone", "they are gone", gone)+"\n"+out, "\n")
	}
	return now, out, why
}

func goneWords(n int) string {
	if n > 1 {
		return "these rows no longer exist"
	}
	return "this row no longer exists"
}

// leftOut names rows that nothing is done to.
func leftOut(one, many string, ids []string) string {
	if len(ids) == 1 {
		return fmt.Sprintf("Left out, for %s: %s", one, ids[0])
	}
	return fmt.Sprintf("Left out, for %s, %s rows: %s", many, text.Count(len(ids)), some(ids))
}

// refused has an action refused before anything is asked for it.
func (m *Model) refused(a *view.Action, r live.Row) tea.Cmd {
	v, _ := m.subject()
	p := operate.Action{Verb: operate.Verb(a.ID), Kind: v.Kind, Summary: "ask what to " + a.Label}
	if r != nil {
		p.ID = r.ID()
	}
	return m.ask(&job{plans: []operate.Action{p}})
}

// isBusy says so if an action still runs.
func (m *Model) isBusy() bool {
	why := m.busyWith()
	if why != "" {
		m.say(why, view.Plain)
	}
	return why != ""
}

// rowsFor are the rows that an action is for, or why there are none; one nil row for an action that needs none. Of several
// marked ones those that cannot be read are left out, which out says; by is the one of several that keeps it from all.
func (m *Model) rowsFor(a *view.Action) (rows []live.Row, out, why string, by live.Row) {
	if a.NoRow {
		return []live.Row{nil}, "", "", nil
	}
	if m.detail == nil && m.view().Kind != "" {
		rows = m.table().Targets()
	} else if _, r := m.subject(); r != nil {
		rows = []live.Row{r}
	}
	switch {
	case len(rows) == 0 && m.detail != nil:
		return nil, "", a.Label + ": " + goneWords(1), nil
	case len(rows) == 0 && m.table().Hidden > 0:
		return nil, "", a.Label + ": the filter hides all marked rows", nil
	case len(rows) == 0:
		return nil, "", a.Label + ": " + a.Disabled(nil), nil
	case len(rows) > 1 && !a.Bulk:
		return nil, "", fmt.Sprintf("%s takes one row, %d are marked", a.Label, len(rows)), nil
	}
	return m.fit(a, rows)
}

// fit are those of rows that an action can be done to; of one alone and of readable ones it can be done to all or to none.
func (m *Model) fit(a *view.Action, rows []live.Row) (fit []live.Row, out, why string, by live.Row) {
	readable := slices.DeleteFunc(slices.Clone(rows), func(r live.Row) bool { return r.Problem() != nil })
	if len(readable) > 0 && len(readable) < len(rows) {
		var bad []string
		for _, r := range rows {
			if r.Problem() != nil {
				bad = append(bad, r.ID())
			}
		}
		rows, out = readable, leftOut("it is unreadable", "they are unreadable", bad)
	}
	for _, r := range rows {
		why := a.Disabled(r)
		if why == "" {
			continue
		}
		why = fmt.Sprintf("%s %s: %s", a.Label, r.ID(), why)
		if len(rows) > 1 {
			by = r
		}
		return nil, "", why, by
	}
	return rows, out, "", nil
}

// leadTo puts the cursor on the one marked row that keeps an action from all of them, and says how to go on without it.
func (m *Model) leadTo(r live.Row) string {
	if at, ok := m.table().Rows.Find(r.ID()); ok {
		m.table().MoveTo(at)
		m.focus()
	}
	return fmt.Sprintf("; nothing was done. The cursor is on it: %s unmarks it", m.keyName(keymap.Mark))
}

// plan asks for an action on rows as they were seen; out says which are left out.
func (m *Model) plan(a *view.Action, name kind.Name, rows []live.Row, out string, answers map[string]string) tea.Cmd {
	plans := make([]operate.Action, 0, len(rows))
	for _, r := range rows {
		p, err := a.Plan(m.Operator, r, answers)
		if err != nil {
			m.fail(err)
			return nil
		}
		plans = append(plans, p)
	}
	j := &job{plans: plans}
	if t := m.table(); m.detail == nil && t.Hidden > 0 && !a.NoRow {
		j.note = fmt.Sprintf("The filter hides %s more marked: hidden rows are left alone.", text.Count(t.Hidden))
	}
	for line := range strings.Lines(out) {
		j.note = strings.TrimPrefix(j.note+"\n"+text.Line(strings.TrimSuffix(line, "\n")), "\n")
	}
	j.since = m.about(name, func() tea.Cmd {
		now, out, why := m.anew(a, name, rows)
		if why != "" {
			m.say(why, view.Warn)
			return nil
		}
		return m.plan(a, name, now, out, answers)
	}, seenRows(rows)...)
	return m.ask(j)
}

// ask shows what a job will do before it is done.
func (m *Model) ask(j *job) tea.Cmd {
	if m.Operator.ReadOnly() {
		j.plans = j.plans[:1]
		return m.do(j) // refused there, and noted in the audit trail
	}
	yes := func() tea.Cmd { return m.do(j) }
	switch {
	case len(j.plans) > 1:
		m.overlays.Push(overlay.NewCounted(j.plans, j.note, j.since, yes))
	case j.draft != nil:
		q := overlay.Confirm(j.plans[0], yes, overlay.Button{Label: "back to the text", Press: func() tea.Cmd { return m.openEditor(*j.draft) }})
		q.Diff, q.Back, q.Buttons[2].Label = j.diff, 1, "discard it"
		q.About(m.aboutDraft(j))
		m.overlays.Push(q)
	default:
		if w := j.plans[0].Warning; w != "" {
			yes = func() tea.Cmd { return m.askAgain(j, w) }
		}
		q := overlay.Confirm(j.plans[0], yes)
		q.Diff = j.diff
		q.About(j.since)
		if j.note != "" {
			q.Text += "\n" + j.note
		}
		m.overlays.Push(q)
	}
	return nil
}

// askAgain puts a second question before what may be a mistake; "no" is preselected.
func (m *Model) askAgain(j *job, warning string) tea.Cmd {
	p := j.plans[0]
	q := overlay.Confirm(p, func() tea.Cmd { return m.do(j) })
	q.Title, q.Text, q.Plan = "really "+q.Title, text.Line(warning)+"\n\n"+q.Text, nil
	q.At = q.Back
	q.About(j.since)
	m.overlays.Push(q)
	return nil
}

// do carries actions out one after the other, until one fails or the operator stops it.
func (m *Model) do(j *job) tea.Cmd {
	j.started = m.Now()
	m.working = j
	return func() tea.Msg {
		res := actedMsg{job: j}
		for _, p := range j.plans {
			if j.stopped.Load() {
				break
			}
			out, err := m.Operator.Do(m.ctx, p)
			if err != nil {
				res.err = err
				break
			}
			j.through.Add(1)
			res.ids, res.done = append(res.ids, p.ID), append(res.done, out)
		}
		return res
	}
}

func (m *Model) acted(msg actedMsg) tea.Cmd {
	j := msg.job
	m.working = nil
	m.Live.Refresh()
	if t := m.tableOf(j.plans[0].Kind); t != nil {
		t.Unmark(msg.ids)
	}
	m.remember(j, msg)
	m.touchAll(j, msg.ids)
	if n := len(j.plans); msg.err == nil && len(msg.done) < n {
		m.say(fmt.Sprintf("stopped %s: %d done, %d not tried", j.name(), len(msg.done), n-len(msg.done)), view.Plain)
		return nil
	}
	if msg.err == nil {
		text := msg.done[0].Text
		if n := len(msg.done); n > 1 {
			text = fmt.Sprintf("%s of %d", j.plans[0].Verb, n)
		}
		m.say(text, view.Good)
		return nil
	}
	if j.draft != nil {
		return m.unsaved(j, msg.err)
	}
	more := ""
	if n := len(j.plans); n > 1 {
		more = fmt.Sprintf(" (%d of %d done before it, %d not tried)", len(msg.ids), n, n-len(msg.ids)-1)
	}
	m.sayUnder(titleOf(msg.err), failure(msg.err)+more, toneOf(msg.err))
	return nil
}

func (m *Model) fail(err error) { m.sayUnder(titleOf(err), failure(err), toneOf(err)) }

// titleOf is what stands before an error that is neither a failure nor a refusal: nobody knows.
func titleOf(err error) string {
	if errors.Is(err, operate.ErrInDoubt) {
		return "in doubt"
	}
	return ""
}

// failure says which action failed and what that comes down to.
func failure(err error) string {
	op, ok := err.(*conn.OpError)
	switch {
	case !ok:
		return err.Error()
	case op.Key == "":
		return fmt.Sprintf("%s: %s", op.Op, view.Reason(op.Err))
	}
	return fmt.Sprintf("%s %s: %s", op.Op, op.Key, view.Reason(op.Err))
}

// toneOf tells what was refused from what went wrong.
func toneOf(err error) view.Tone {
	if errors.Is(err, conn.ErrPrecondition) {
		return view.Warn
	}
	return view.Bad
}

// name says in a few words what a job does.
func (j *job) name() string {
	if n := len(j.plans); n > 1 {
		return fmt.Sprintf("%s of %d", j.plans[0].Verb, n)
	}
	return fmt.Sprintf("%s %s", j.plans[0].Verb, text.Line(j.plans[0].ID))
}

// stop ends a job on several rows before the next one; false if none runs.
func (m *Model) stop() bool {
	if m.working == nil || len(m.working.plans) == 1 {
		return false
	}
	m.working.stopped.Store(true)
	return true
}

// bar draws how much of a whole is done, in the colours of the line that it stands in.
func bar(done, of int) string {
	p := progress.New(progress.WithWidth(20), progress.WithoutPercentage(), progress.WithFillCharacters('█', '░'))
	p.FullColor, p.EmptyColor = lipgloss.NoColor{}, lipgloss.NoColor{}
	return p.ViewAs(float64(done) / float64(of))
}

// progress says how far a job is.
func (m *Model) progress(j *job) string {
	text := fmt.Sprintf("%s… %s", j.name(), m.since(j.started))
	if len(j.plans) == 1 {
		return text
	}
	through := int(j.through.Load())
	text += fmt.Sprintf("  %s %d of %d done", bar(through, len(j.plans)), through, len(j.plans))
	if j.stopped.Load() {
		return text + ", stopping after this one"
	}
	return text + fmt.Sprintf(", %s stops", m.keyName(keymap.Back))
}
