package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/tui/detail"
	"holdfast/tui/overlay"
	"holdfast/tui/terminal"
	"holdfast/tui/view"
)

// The way of an edit: load -> openEditor -> edited -> ask -> Operator.Do, with a conflict screen where the document changed
// under the editor. What the operator wrote is kept until it is saved or dropped, whatever goes wrong.

// draft is a text on its way back to the document it was made from.
type draft struct {
	doc  operate.Document
	text string
	was  []live.Row // its row when the document was read: as it was shown, and as it was
}

// then hands the draft on with another text.
func (d draft) then(next func(draft) tea.Cmd) func(string) tea.Cmd {
	return func(written string) tea.Cmd { return next(draft{d.doc, written, d.was}) }
}

type (
	loadedMsg struct {
		doc operate.Document
		was []live.Row
		err error
	}
	fileMsg struct { // the draft is in a file, for an editor
		draft  draft
		editor string
		path   string
		began  time.Time
		forked bool // the editor goes on in a window of its own
		err    error
	}
	editedMsg struct {
		file fileMsg // as it was given to the editor
		text string
		err  error
	}
	draftedMsg struct {
		draft draft
		plan  operate.Action
		diff  []string
		err   error
	}
	savedMsg struct { // too late
		job      *job
		mine     draft
		was      []live.Row // as of the conflict
		conflict operate.Conflict
		lines    []string // that show it
		err      error
	}
)

// load reads a document for the editor.
func (m *Model) load(id string) tea.Cmd {
	v, _ := m.subject()
	name, shown := v.Kind, m.rowNow(v.Kind, id)
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, detail.ReadLimit)
		defer cancel()
		doc, was, err := m.loadBeside(ctx, name, id, shown)
		return loadedMsg{doc, was, err}
	}
}

// loadBeside reads a document, and before it its row, which the snapshot may not have yet as it is.
func (m *Model) loadBeside(ctx context.Context, name kind.Name, id string, shown live.Row) (operate.Document, []live.Row, error) {
	was := []live.Row{shown}
	if !m.Operator.ReadOnly() {
		if r, err := m.Live.ReadRow(ctx, name, id); err == nil {
			was = append(was, orNil(r))
		}
	}
	doc, err := m.Operator.Load(ctx, name, id)
	return doc, was, err
}

// aboutDraft watches the row of an edit. To ask anew is to compare both sides.
func (m *Model) aboutDraft(j *job) *overlay.Since {
	return m.about(j.draft.doc.Kind, func() tea.Cmd { return m.unsaved(j, operate.ErrConflict) }, seen{j.draft.doc.ID, j.draft.was})
}

func (m *Model) editing(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case loadedMsg:
		if msg.err != nil {
			m.fail(msg.err)
			return nil
		}
		return m.openEditor(draft{msg.doc, msg.doc.Text(), msg.was})
	case fileMsg:
		if msg.err != nil {
			m.keep(msg.draft, msg.err)
			return nil
		}
		msg.began = m.Now()
		return m.runEditor(msg)
	case editedMsg:
		return m.editorEnded(msg)
	case draftedMsg:
		return m.drafted(msg)
	case savedMsg:
		if msg.err != nil {
			m.keep(msg.mine, msg.err)
			return nil
		}
		m.overlays.Push(m.conflict(msg))
	case writtenMsg:
		m.keptIn(msg)
	}
	return nil
}

// openEditor hands a draft to $VISUAL or $EDITOR, or to the editor of our own where neither is set.
func (m *Model) openEditor(d draft) tea.Cmd {
	name := os.Getenv("VISUAL")
	if name == "" {
		name = os.Getenv("EDITOR")
	}
	if name != "" {
		return func() tea.Msg {
			path, err := writeTemp(d)
			return fileMsg{draft: d, editor: name, path: path, err: err}
		}
	}
	e, why := overlay.NewEditor(d.doc.ID, d.text, d.then(m.edited), d.then(m.leftEditor))
	switch {
	case e != nil:
		m.overlays.Push(e)
	case d.text != d.doc.Text():
		m.keep(d, errors.New(why))
	default:
		m.say(why+": set EDITOR and start again", view.Warn)
	}
	return nil
}

// runEditor gives the terminal to the editor until it ends, at the latest soon after the dashboard is told to.
func (m *Model) runEditor(f fileMsg) tea.Cmd {
	cmd := exec.CommandContext(m.ctx, "sh", "-c", f.editor+` "$1"`, "sh", f.path) // as git does: an editor may come with arguments
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }      // it may save, and put the terminal back
	cmd.WaitDelay = editorGrace
	cmd.Env = withoutSecrets(os.Environ())
	return terminal.Run(cmd, func(err error) tea.Msg {
		if err != nil {
			err = fmt.Errorf("editor %s: %w", f.editor, err)
		}
		return f.read(err)
	})
}

// editorGrace is how long an editor that was told to end may take.
const editorGrace = time.Second

// withoutSecrets is an environment without what says how we reach the server.
func withoutSecrets(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(one string) bool {
		return strings.HasPrefix(one, "HOLDFAST_") || strings.HasPrefix(one, "REDISCLI_AUTH=")
	})
}

// read takes the text out of the file as it is now.
func (f fileMsg) read(err error) editedMsg {
	text, readErr := os.ReadFile(f.path)
	if readErr != nil {
		text = []byte(f.draft.text)
	}
	return editedMsg{f, string(text), errors.Join(err, readErr)}
}

// quickReturn is how soon an editor comes back that goes on in a window of its own.
const quickReturn = time.Second

// editorEnded takes in what an editor left. One that came back at once and changed nothing may still be open: its file
// stays.
func (m *Model) editorEnded(msg editedMsg) tea.Cmd {
	f, was := msg.file, msg.file.draft
	d := draft{was.doc, msg.text, was.was}
	if msg.err == nil && d.text == was.text && (f.forked || m.Now().Sub(f.began) < quickReturn) {
		m.overlays.Push(m.stillOpen(f))
		return nil
	}
	_ = os.Remove(f.path)
	switch {
	case msg.err != nil && d.text == was.doc.Text():
		m.fail(msg.err)
		return nil
	case msg.err != nil:
		m.keep(d, msg.err)
		return nil
	}
	return m.edited(d)
}

// stillOpen waits for an editor that forked. Whatever is chosen, its file stays until its text is taken.
func (m *Model) stillOpen(f fileMsg) overlay.Layer {
	f.forked = true
	take := func() tea.Cmd { return func() tea.Msg { return f.read(nil) } }
	leave := func() tea.Cmd { m.say("nothing written; the text stays in "+f.path, view.Warn); return nil }
	return &overlay.Question{
		Title: "the editor returned at once: " + text.Line(f.draft.doc.ID),
		Text: fmt.Sprintf("Nothing was changed in it so far. It may be open in a window of its own: edit and save it there, then take it. "+
			"The file is %s. (An option such as code --wait avoids this question.)", text.Clean(f.path)),
		Buttons: []overlay.Button{{Label: "take it as it is now", Press: take}, {Label: "leave the file", Press: leave}},
		Back:    1,
	}
}

// writeTemp puts the text where only this user can read it.
func writeTemp(d draft) (string, error) {
	f, err := os.CreateTemp("", "holdfast-*"+d.doc.Extension())
	if err != nil {
		return "", err
	}
	if _, err := f.WriteString(d.text); err != nil {
		return "", errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f.Name(), f.Close()
}

// edited plans to save a draft. One that ended empty is saved only if that is confirmed: it may have been cut off.
func (m *Model) edited(d draft) tea.Cmd {
	if strings.TrimSpace(d.text) != "" || strings.TrimSpace(d.doc.Text()) == "" {
		return m.planEdit(d)
	}
	m.overlays.Push(&overlay.Question{
		Title: "empty: " + text.Line(d.doc.ID), Text: fmt.Sprintf("The text is empty; %s are stored. Nothing was written.", text.Bytes(int64(len(d.doc.Body)))),
		Buttons: []overlay.Button{
			{Label: "back to what is stored", Press: func() tea.Cmd { return m.openEditor(draft{d.doc, d.doc.Text(), d.was}) }},
			{Label: "discard it"},
			{Label: "save it empty", Danger: true, Press: func() tea.Cmd { return m.planEdit(d) }},
		},
		Back: 1,
	})
	return nil
}

// planEdit takes its time with a large text.
func (m *Model) planEdit(d draft) tea.Cmd {
	return func() tea.Msg {
		plan, err := m.Operator.Edit(d.doc, d.text)
		if err != nil {
			return draftedMsg{draft: d, err: err}
		}
		return draftedMsg{d, plan, overlay.Difference(d.doc.Text(), d.text), nil}
	}
}

func (m *Model) drafted(msg draftedMsg) tea.Cmd {
	switch {
	case errors.Is(msg.err, operate.ErrUnchanged):
		m.say("no change, nothing written", view.Plain)
		return nil
	case msg.err != nil:
		m.keep(msg.draft, msg.err)
		return nil
	}
	return m.ask(&job{plans: []operate.Action{msg.plan}, draft: &msg.draft, diff: msg.diff})
}

// leftEditor asks before it drops a text that was changed.
func (m *Model) leftEditor(d draft) tea.Cmd {
	if d.text != d.doc.Text() {
		m.keep(d, errors.New("the text was changed and is not saved"))
	}
	return nil
}

// keep says why a draft is not saved, or that nobody knows, and leads back to it.
func (m *Model) keep(d draft, err error) {
	title := cmp.Or(titleOf(err), "not saved")
	m.overlays.Push(&overlay.Question{
		Title: title + ": " + text.Line(d.doc.ID), Text: view.Reason(err),
		Buttons: []overlay.Button{
			{Label: "back to the text", Press: func() tea.Cmd { return m.openEditor(d) }},
			{Label: "discard it"},
		},
	})
}
