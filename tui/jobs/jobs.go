// Package jobs is what is done to rows: the questions before an action, the action that runs, edits, and the undo history. It
// knows neither tables nor tabs: the dashboard says which rows an action is for.
package jobs

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui/overlay"
	"holdfast/tui/view"
)

// Host is what jobs need of the dashboard. All of it is needed.
type Host struct {
	Ctx      context.Context // ends what runs
	Live     *live.Model
	Operator *operate.Operator
	Now      func() time.Time
	Overlays *overlay.Stack // where questions are put

	Snapshot func() *live.Snapshot // the newest one
	Clock    func() view.Clock
	View     func(kind.Name) *view.View // of the rows of a kind; nil: none has them
	Hidden   func() int                 // how many marked rows the filter hides
	KeyName  func(keymap.Action) string
	Say      func(title, text string, tone view.Tone) // title stands in place of what the tone says; empty: that does
	Done     func(name kind.Name, ids []string)       // something was done to these rows
}

// Jobs are those of one dashboard: one at a time.
type Jobs struct {
	Host
	working *job // that runs
	done    undoHistory
}

// New is a dashboard's without anything done yet.
func New(h Host) *Jobs { return &Jobs{Host: h} }

// Msg is what a job has to go on with.
type Msg interface{ take(*Jobs) tea.Cmd }

// Take goes on with a job.
func (js *Jobs) Take(msg Msg) tea.Cmd { return msg.take(js) }

func (js *Jobs) say(text string, tone view.Tone) { js.Say("", text, tone) }

// Busy says that an action still runs; empty if none does.
func (js *Jobs) Busy() string {
	if js.working != nil {
		return "another action is still running"
	}
	return ""
}

// SayBusy tells, and says, that an action still runs.
func (js *Jobs) SayBusy() bool {
	why := js.Busy()
	if why != "" {
		js.say(why, view.Plain)
	}
	return why != ""
}

// Failed gives up the job whose command failed.
func (js *Jobs) Failed() { js.working = nil }

// Whatever a job has to go on with comes from a command.
func (msg lookedMsg) take(js *Jobs) tea.Cmd  { return js.looked(msg) }
func (msg actedMsg) take(js *Jobs) tea.Cmd   { return js.acted(msg) }
func (msg editedMsg) take(js *Jobs) tea.Cmd  { return js.editorEnded(msg) }
func (msg draftedMsg) take(js *Jobs) tea.Cmd { return js.drafted(msg) }
func (msg writtenMsg) take(js *Jobs) tea.Cmd { js.keptIn(msg); return nil }

func (msg loadedMsg) take(js *Jobs) tea.Cmd {
	if msg.err != nil {
		js.fail(msg.err)
		return nil
	}
	return js.openEditor(draft{msg.doc, msg.doc.Text(), msg.was})
}

func (msg FileMsg) take(js *Jobs) tea.Cmd {
	if msg.err != nil {
		js.keep(msg.draft, msg.err)
		return nil
	}
	msg.Began = js.Now()
	return js.runEditor(msg)
}

func (msg savedMsg) take(js *Jobs) tea.Cmd {
	if msg.err != nil {
		js.keep(msg.mine, msg.err)
		return nil
	}
	js.Overlays.Push(js.conflict(msg))
	return nil
}
