package jobs

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

// Begin starts an action on rows of a kind, one nil row if it needs none; out says which of the marked ones are left out.
func (js *Jobs) Begin(a *view.Action, name kind.Name, rows []live.Row, out string) tea.Cmd {
	switch {
	case a.Edit:
		return js.load(name, rows[0].ID())
	case a.Form == nil:
		return js.plan(a, name, rows, out, nil)
	case js.Operator.ReadOnly():
		return js.refused(a, name, rows[0])
	}
	js.openForm(a, name, rows, nil)
	return nil
}

// openForm asks what an action on one row needs; typed is what was typed into an earlier form of it.
func (js *Jobs) openForm(a *view.Action, name kind.Name, rows []live.Row, typed *overlay.Form) {
	asked := a.Form(rows[0])
	var fields []overlay.Field
	for _, one := range asked.Fields {
		fields = append(fields, overlay.Field(one))
	}
	var f *overlay.Form
	about := js.about(name, func() tea.Cmd {
		if now, _, why := js.anew(a, name, rows); why != "" {
			js.say(why, view.Warn)
		} else {
			js.openForm(a, name, now, f)
		}
		return nil
	}, seenRows(rows)...)
	f = overlay.NewForm(asked.Title, fields, about, func(answers map[string]string) tea.Cmd { return js.plan(a, name, rows, "", answers) })
	if typed != nil {
		f.Keep(typed)
	}
	js.Overlays.Push(f)
}

// anew are the rows of a question as they are now, which of them are left out, or why there is nothing more to ask.
func (js *Jobs) anew(a *view.Action, name kind.Name, rows []live.Row) (now []live.Row, out, why string) {
	now, gone := js.rowsNow(name, rows)
	if len(now) == 0 {
		return nil, "", a.Label + ": " + GoneWords(len(rows))
	}
	if now, out, why, _ = Fit(a, now); len(gone) > 0 {
		out = strings.TrimSuffix(leftOut("it is gone", "they are gone", gone)+"\n"+out, "\n")
	}
	return now, out, why
}

// GoneWords say that n rows of an action are gone.
func GoneWords(n int) string {
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
func (js *Jobs) refused(a *view.Action, name kind.Name, r live.Row) tea.Cmd {
	p := operate.Action{Verb: operate.Verb(a.ID), Kind: name, Summary: "ask what to " + a.Label}
	if r != nil {
		p.ID = r.ID()
	}
	return js.ask(&job{plans: []operate.Action{p}})
}

// Fit are those of rows that an action can be done to; of one alone and of readable ones it can be done to all or to none.
func Fit(a *view.Action, rows []live.Row) (fit []live.Row, out, why string, by live.Row) {
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

// plan asks for an action on rows as they were seen; out says which are left out.
func (js *Jobs) plan(a *view.Action, name kind.Name, rows []live.Row, out string, answers map[string]string) tea.Cmd {
	plans := make([]operate.Action, 0, len(rows))
	for _, r := range rows {
		p, err := a.Plan(js.Operator, r, answers)
		if err != nil {
			js.fail(err)
			return nil
		}
		plans = append(plans, p)
	}
	j := &job{plans: plans}
	if n := js.Hidden(); n > 0 && !a.NoRow {
		j.note = fmt.Sprintf("The filter hides %s more marked: hidden rows are left alone.", text.Count(n))
	}
	for line := range strings.Lines(out) {
		j.note = strings.TrimPrefix(j.note+"\n"+text.Line(strings.TrimSuffix(line, "\n")), "\n")
	}
	j.since = js.about(name, func() tea.Cmd {
		now, out, why := js.anew(a, name, rows)
		if why != "" {
			js.say(why, view.Warn)
			return nil
		}
		return js.plan(a, name, now, out, answers)
	}, seenRows(rows)...)
	return js.ask(j)
}

// ask shows what a job will do before it is done.
func (js *Jobs) ask(j *job) tea.Cmd {
	if js.Operator.ReadOnly() {
		j.plans = j.plans[:1]
		return js.do(j) // refused there, and noted in the audit trail
	}
	yes := func() tea.Cmd { return js.do(j) }
	switch {
	case len(j.plans) > 1:
		js.Overlays.Push(overlay.NewCounted(j.plans, j.note, j.since, yes))
	case j.draft != nil:
		q := overlay.Confirm(j.plans[0], yes, overlay.Button{Label: "back to the text", Press: func() tea.Cmd { return js.openEditor(*j.draft) }})
		q.Diff, q.Back, q.Buttons[2].Label = j.diff, 1, "discard it"
		q.About(js.aboutDraft(j))
		js.Overlays.Push(q)
	default:
		if w := j.plans[0].Warning; w != "" {
			yes = func() tea.Cmd { return js.askAgain(j, w) }
		}
		q := overlay.Confirm(j.plans[0], yes)
		q.Diff = j.diff
		q.About(j.since)
		if j.note != "" {
			q.Text += "\n" + j.note
		}
		js.Overlays.Push(q)
	}
	return nil
}

// askAgain puts a second question before what may be a mistake; "no" is preselected.
func (js *Jobs) askAgain(j *job, warning string) tea.Cmd {
	p := j.plans[0]
	q := overlay.Confirm(p, func() tea.Cmd { return js.do(j) })
	q.Title, q.Text, q.Plan = "really "+q.Title, text.Line(warning)+"\n\n"+q.Text, nil
	q.At = q.Back
	q.About(j.since)
	js.Overlays.Push(q)
	return nil
}

// do carries actions out one after the other, until one fails or the operator stops it.
func (js *Jobs) do(j *job) tea.Cmd {
	j.started = js.Now()
	js.working = j
	return func() tea.Msg {
		res := actedMsg{job: j}
		for _, p := range j.plans {
			if j.stopped.Load() {
				break
			}
			out, err := js.Operator.Do(js.Ctx, p)
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

func (js *Jobs) acted(msg actedMsg) tea.Cmd {
	j := msg.job
	js.working = nil
	js.Live.Refresh()
	js.Done(j.plans[0].Kind, msg.ids)
	js.remember(j, msg)
	if n := len(j.plans); msg.err == nil && len(msg.done) < n {
		js.say(fmt.Sprintf("stopped %s: %d done, %d not tried", j.name(), len(msg.done), n-len(msg.done)), view.Plain)
		return nil
	}
	if msg.err == nil {
		text := msg.done[0].Text
		if n := len(msg.done); n > 1 {
			text = fmt.Sprintf("%s of %d", j.plans[0].Verb, n)
		}
		js.say(text, view.Good)
		return nil
	}
	if j.draft != nil {
		return js.unsaved(j, msg.err)
	}
	more := ""
	if n := len(j.plans); n > 1 {
		more = fmt.Sprintf(" (%d of %d done before it, %d not tried)", len(msg.ids), n, n-len(msg.ids)-1)
	}
	js.Say(titleOf(msg.err), failure(msg.err)+more, toneOf(msg.err))
	return nil
}

func (js *Jobs) fail(err error) { js.Say(titleOf(err), failure(err), toneOf(err)) }

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

// Stop ends a job on several rows before the next one; false if none runs.
func (js *Jobs) Stop() bool {
	if js.working == nil || len(js.working.plans) == 1 {
		return false
	}
	js.working.stopped.Store(true)
	return true
}

// bar draws how much of a whole is done, in the colours of the line that it stands in.
func bar(done, of int) string {
	p := progress.New(progress.WithWidth(20), progress.WithoutPercentage(), progress.WithFillCharacters('█', '░'))
	p.FullColor, p.EmptyColor = lipgloss.NoColor{}, lipgloss.NoColor{}
	return p.ViewAs(float64(done) / float64(of))
}

// Progress says how far the job is that runs; empty if none does.
func (js *Jobs) Progress() string {
	j := js.working
	if j == nil {
		return ""
	}
	says := fmt.Sprintf("%s… %s", j.name(), text.Age(max(0, js.Now().Sub(j.started)).Truncate(time.Second)))
	if len(j.plans) == 1 {
		return says
	}
	through := int(j.through.Load())
	says += fmt.Sprintf("  %s %d of %d done", bar(through, len(j.plans)), through, len(j.plans))
	if j.stopped.Load() {
		return says + ", stopping after this one"
	}
	return says + fmt.Sprintf(", %s stops", js.KeyName(keymap.Back))
}
