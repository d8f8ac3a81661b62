package tui

import (
	"errors"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/conn"
	"holdfast/core/operate"
)

// doings are what was done here, oldest first.
type doings struct {
	deeds []deed
	last  int // the number of the last one
}

// deed is one action that was done, and what takes it back or why nothing can.
type deed struct {
	number int // from 1
	at     time.Time
	what   string
	undo   *operate.Action
	why    string
	told   bool // that it cannot be undone: the one before it is next
}

// mostDeeds is how many the list of them shows.
const mostDeeds = 20

func (h *doings) add(now time.Time, out operate.Outcome) {
	h.last++
	h.deeds = append(h.deeds, deed{number: h.last, at: now, what: out.Text, undo: out.Undo, why: out.NoUndo})
	if n := len(h.deeds); n > mostMarks { // of a bulk action on all that can be marked each can be undone
		h.deeds = slices.Delete(h.deeds, 0, n-mostMarks)
	}
}

func (h *doings) drop(number int) {
	h.deeds = slices.DeleteFunc(h.deeds, func(d deed) bool { return d.number == number })
}

// remember keeps what can be undone. An undo that succeeded, or that never will, makes way for the one before it.
func (m *Model) remember(j *job, msg actedMsg) {
	if j.undoes != 0 {
		if msg.err == nil || errors.Is(msg.err, conn.ErrPrecondition) && !errors.Is(msg.err, operate.ErrReadOnly) {
			m.done.drop(j.undoes)
		}
		return
	}
	for _, out := range msg.done {
		m.done.add(m.Now(), out)
	}
}

// next is the deed that an undo is for: the last one, but none that cannot be undone and of which that was said; nil if
// there is none.
func (h *doings) next() *deed {
	for i := range slices.Backward(h.deeds) {
		if d := &h.deeds[i]; d.undo != nil || !d.told {
			return d
		}
	}
	return nil
}

// undoLast plans to take back the last action, or says once why that cannot be.
func (m *Model) undoLast() tea.Cmd {
	if m.isBusy() {
		return nil
	}
	last := m.done.next()
	if last == nil {
		m.say("nothing to undo", Plain)
		return nil
	}
	if last.undo != nil {
		return m.takeBack(*last)
	}
	last.told = true
	more := ""
	if m.done.next() != nil {
		more = "; again for what was done before it"
	}
	m.say(fmt.Sprintf("cannot undo: %s (%s)%s", last.why, last.what, more), Warn)
	return nil
}

func (m *Model) takeBack(d deed) tea.Cmd {
	if m.isBusy() {
		return nil
	}
	if d.undo == nil {
		m.say(fmt.Sprintf("cannot undo: %s (%s)", d.why, d.what), Warn)
		return nil
	}
	return m.ask(&job{plans: []operate.Action{*d.undo}, undoes: d.number})
}

// undoList offers the last actions, newest first, to take one back. One that was done over since is refused then.
func (m *Model) undoList() overlay {
	var choices []choice
	for _, d := range slices.Backward(m.done.deeds) {
		if len(choices) == mostDeeds {
			break
		}
		hint := "can be undone"
		if d.undo == nil {
			hint = "cannot: " + d.why
		}
		label := fmt.Sprintf("%s  %s", d.at.Format(time.TimeOnly), d.what)
		choices = append(choices, choice{label, hint, func() tea.Cmd { return m.takeBack(d) }})
	}
	if len(choices) == 0 {
		return textPane("Undo", "Nothing was done yet that could be undone.")
	}
	p := newPicker("Undo one of the last actions", choices)
	p.whole = true
	return p
}
