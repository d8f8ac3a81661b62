package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/overlay"
	"holdfast/tui/table"
	"holdfast/tui/view"
)

// undoHistory is what was done here, oldest first.
type undoHistory struct {
	entries []undoEntry
	last    int // the number of the last one
}

// undoEntry is one action that was done, on a row or on many, and what takes it back or why nothing can.
type undoEntry struct {
	number int // from 1
	at     time.Time
	what   string
	undo   []operate.Action // of the rows that can be, the last one done first
	lost   int              // of how many rows nothing takes it back
	why    string           // of the first of those
	warned bool             // that it cannot be undone: the one before it is next
}

// maxUndoEntries is how many the list of them shows.
const maxUndoEntries = 20

func (h *undoHistory) add(now time.Time, what string, done []operate.Outcome) {
	h.last++
	d := undoEntry{number: h.last, at: now, what: what}
	for _, out := range slices.Backward(done) {
		if out.Undo != nil {
			d.undo = append(d.undo, *out.Undo)
			continue
		}
		d.lost++
		d.why = out.NoUndo
	}
	h.entries = append(h.entries, d)
	rows := 0
	for i, d := range slices.Backward(h.entries) { // of a bulk action on all that can be marked each can be undone
		if rows += len(d.undo) + 1; rows > table.MaxMarks && i < len(h.entries)-1 {
			h.entries = slices.Delete(h.entries, 0, i+1)
			break
		}
	}
}

// undone takes off an entry what was taken back of it, or never will be; without a rest it is gone.
func (h *undoHistory) undone(number, rows int) {
	for i := range h.entries {
		if d := &h.entries[i]; d.number == number {
			d.undo = d.undo[min(rows, len(d.undo)):]
		}
	}
	h.entries = slices.DeleteFunc(h.entries, func(d undoEntry) bool { return d.number == number && len(d.undo) == 0 })
}

// part says that not all rows of an entry can be undone; empty where they can.
func (d undoEntry) part() string {
	if d.lost == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d rows cannot be undone: %s", d.lost, d.lost+len(d.undo), d.why)
}

// maxNamed is how many rows of many are named.
const maxNamed = 3

// some names the first of many rows.
func some(ids []string) string {
	says := strings.Join(ids[:min(len(ids), maxNamed)], ", ")
	if more := len(ids) - maxNamed; more > 0 {
		says += fmt.Sprintf(" and %s more", text.Count(more))
	}
	return says
}

// remember keeps what can be undone. What an undo took back, or never will, makes way for what was done before.
func (js *Jobs) remember(j *job, msg actedMsg) {
	switch {
	case j.undoes != 0:
		rows := len(msg.ids)
		if errors.Is(msg.err, conn.ErrPrecondition) && !errors.Is(msg.err, operate.ErrReadOnly) {
			rows++
		}
		js.done.undone(j.undoes, rows)
	case len(msg.done) == 1:
		js.done.add(js.Now(), msg.done[0].Text, msg.done)
	case len(msg.done) > 1:
		js.done.add(js.Now(), fmt.Sprintf("%s of %s %s: %s", j.plans[0].Verb, text.Count(len(msg.done)), j.plans[0].Kind, some(msg.ids)), msg.done)
	}
}

// next is the entry that an undo is for: the last one, but none that cannot be undone and of which that was said; nil if
// there is none.
func (h *undoHistory) next() *undoEntry {
	for i := range slices.Backward(h.entries) {
		if d := &h.entries[i]; len(d.undo) > 0 || !d.warned {
			return d
		}
	}
	return nil
}

// CanUndo tells whether an undo has something to do, or to say.
func (js *Jobs) CanUndo() bool { return js.done.next() != nil }

// CannotUndo says why nothing is to be undone, or to be listed for it; empty if something is.
func (js *Jobs) CannotUndo(a keymap.Action) string {
	last := js.done.next()
	switch {
	case a == keymap.UndoList && len(js.done.entries) == 0, a == keymap.Undo && last == nil:
		return "nothing to undo"
	case a == keymap.Undo && len(last.undo) == 0:
		return last.why
	case a == keymap.Undo:
		return js.Busy()
	}
	return ""
}

// UndoLast plans to take back the last action, or says once why that cannot be.
func (js *Jobs) UndoLast() tea.Cmd {
	last := js.done.next()
	if last == nil || js.working != nil {
		js.say(cmp.Or(js.Busy(), js.CannotUndo(keymap.Undo)), view.Plain)
		return nil
	}
	if len(last.undo) > 0 {
		return js.takeBack(*last)
	}
	last.warned = true
	more := ""
	if js.CanUndo() {
		more = "; again for the action before it"
	}
	js.say(fmt.Sprintf("cannot undo: %s (%s)%s", last.why, last.what, more), view.Warn)
	return nil
}

func (js *Jobs) takeBack(d undoEntry) tea.Cmd {
	if js.SayBusy() {
		return nil
	}
	if len(d.undo) == 0 {
		js.say(fmt.Sprintf("cannot undo: %s (%s)", d.why, d.what), view.Warn)
		return nil
	}
	j := &job{plans: slices.Clone(d.undo), undoes: d.number, note: d.part()}
	was := make([]seen, len(j.plans))
	for i, p := range j.plans {
		was[i] = seen{p.ID, []live.Row{js.rowNow(p.Kind, p.ID)}}
	}
	j.since = js.about(j.plans[0].Kind, func() tea.Cmd { return js.takeBack(d) }, was...)
	return js.ask(j)
}

// UndoList offers the last actions, newest first, to take one back. One that was done over since is refused then.
func (js *Jobs) UndoList() overlay.Layer {
	var choices []overlay.Choice
	for _, d := range slices.Backward(js.done.entries) {
		if len(choices) == maxUndoEntries {
			break
		}
		hint := "can be undone"
		switch part := d.part(); {
		case len(d.undo) == 0:
			hint = "cannot: " + d.why
		case part != "":
			hint = part
		}
		label := fmt.Sprintf("%s  %s", d.at.Format(time.TimeOnly), d.what)
		choices = append(choices, overlay.Choice{Label: label, Hint: hint, Pick: func() tea.Cmd { return js.takeBack(d) }})
	}
	if len(choices) == 0 {
		return overlay.NewText("Undo", "There is nothing to undo yet.")
	}
	p := overlay.NewPicker("Undo one of the last actions", choices)
	p.Whole = true
	return p
}
