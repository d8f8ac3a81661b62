package jobs

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
	FileMsg struct { // the draft is in a file, for an editor
		Path   string
		Began  time.Time // when the editor was started
		draft  draft
		editor string
		forked bool // the editor goes on in a window of its own
		err    error
	}
	editedMsg struct {
		file FileMsg // as it was given to the editor
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
func (js *Jobs) load(name kind.Name, id string) tea.Cmd {
	shown := js.rowNow(name, id)
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(js.Ctx, detail.ReadLimit)
		defer cancel()
		doc, was, err := js.loadBeside(ctx, name, id, shown)
		return loadedMsg{doc, was, err}
	}
}

// loadBeside reads a document, and before it its row, which the snapshot may not have yet as it is.
func (js *Jobs) loadBeside(ctx context.Context, name kind.Name, id string, shown live.Row) (operate.Document, []live.Row, error) {
	was := []live.Row{shown}
	if !js.Operator.ReadOnly() {
		if r, err := js.Live.ReadRow(ctx, name, id); err == nil {
			was = append(was, orNil(r))
		}
	}
	doc, err := js.Operator.Load(ctx, name, id)
	return doc, was, err
}

// aboutDraft watches the row of an edit. To ask anew is to compare both sides.
func (js *Jobs) aboutDraft(j *job) *overlay.Since {
	return js.about(j.draft.doc.Kind, func() tea.Cmd { return js.unsaved(j, operate.ErrConflict) }, seen{j.draft.doc.ID, j.draft.was})
}

// openEditor hands a draft to $VISUAL or $EDITOR, or to the editor of our own where neither is set.
func (js *Jobs) openEditor(d draft) tea.Cmd {
	name := os.Getenv("VISUAL")
	if name == "" {
		name = os.Getenv("EDITOR")
	}
	if name != "" {
		return func() tea.Msg {
			path, err := writeTemp(d)
			return FileMsg{draft: d, editor: name, Path: path, err: err}
		}
	}
	e, why := overlay.NewEditor(d.doc.ID, d.text, d.then(js.edited), d.then(js.leftEditor))
	switch {
	case e != nil:
		js.Overlays.Push(e)
	case d.text != d.doc.Text():
		js.keep(d, errors.New(why))
	default:
		js.say(why+": set EDITOR and start again", view.Warn)
	}
	return nil
}

// runEditor gives the terminal to the editor until it ends, at the latest soon after the dashboard is told to.
func (js *Jobs) runEditor(f FileMsg) tea.Cmd {
	cmd := exec.CommandContext(js.Ctx, "sh", "-c", f.editor+` "$1"`, "sh", f.Path) // as git does: an editor may come with arguments
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }       // it may save, and put the terminal back
	cmd.WaitDelay = editorGrace
	cmd.Env = withoutSecrets(os.Environ())
	return terminal.Run(cmd, func(err error) tea.Msg {
		if err != nil {
			err = fmt.Errorf("editor %s: %w", f.editor, err)
		}
		return f.Read(err)
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

// Read takes the text out of the file as it is now.
func (f FileMsg) Read(err error) Msg {
	text, readErr := os.ReadFile(f.Path)
	if readErr != nil {
		text = []byte(f.draft.text)
	}
	return editedMsg{f, string(text), errors.Join(err, readErr)}
}

// quickReturn is how soon an editor comes back that goes on in a window of its own.
const quickReturn = time.Second

// editorEnded takes in what an editor left. One that came back at once and changed nothing may still be open: its file
// stays.
func (js *Jobs) editorEnded(msg editedMsg) tea.Cmd {
	f, was := msg.file, msg.file.draft
	d := draft{was.doc, msg.text, was.was}
	if msg.err == nil && d.text == was.text && (f.forked || js.Now().Sub(f.Began) < quickReturn) {
		js.Overlays.Push(js.stillOpen(f))
		return nil
	}
	_ = os.Remove(f.Path)
	switch {
	case msg.err != nil && d.text == was.doc.Text():
		js.fail(msg.err)
		return nil
	case msg.err != nil:
		js.keep(d, msg.err)
		return nil
	}
	return js.edited(d)
}

// stillOpen waits for an editor that forked. Whatever is chosen, its file stays until its text is taken.
func (js *Jobs) stillOpen(f FileMsg) overlay.Layer {
	f.forked = true
	take := func() tea.Cmd { return func() tea.Msg { return f.Read(nil) } }
	leave := func() tea.Cmd { js.say("nothing written; the text stays in "+f.Path, view.Warn); return nil }
	return &overlay.Question{
		Title: "the editor returned at once: " + text.Line(f.draft.doc.ID),
		Text: fmt.Sprintf("Nothing was changed in it so far. It may be open in a window of its own: edit and save it there, then take it. "+
			"The file is %s. (An option such as code --wait avoids this question.)", text.Clean(f.Path)),
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
func (js *Jobs) edited(d draft) tea.Cmd {
	if strings.TrimSpace(d.text) != "" || strings.TrimSpace(d.doc.Text()) == "" {
		return js.planEdit(d)
	}
	js.Overlays.Push(&overlay.Question{
		Title: "empty: " + text.Line(d.doc.ID), Text: fmt.Sprintf("The text is empty; %s are stored. Nothing was written.", text.Bytes(int64(len(d.doc.Body)))),
		Buttons: []overlay.Button{
			{Label: "back to what is stored", Press: func() tea.Cmd { return js.openEditor(draft{d.doc, d.doc.Text(), d.was}) }},
			{Label: "discard it"},
			{Label: "save it empty", Danger: true, Press: func() tea.Cmd { return js.planEdit(d) }},
		},
		Back: 1,
	})
	return nil
}

// planEdit takes its time with a large text.
func (js *Jobs) planEdit(d draft) tea.Cmd {
	return func() tea.Msg {
		plan, err := js.Operator.Edit(d.doc, d.text)
		if err != nil {
			return draftedMsg{draft: d, err: err}
		}
		return draftedMsg{d, plan, overlay.Difference(d.doc.Text(), d.text), nil}
	}
}

func (js *Jobs) drafted(msg draftedMsg) tea.Cmd {
	switch {
	case errors.Is(msg.err, operate.ErrUnchanged):
		js.say("no change, nothing written", view.Plain)
		return nil
	case msg.err != nil:
		js.keep(msg.draft, msg.err)
		return nil
	}
	return js.ask(&job{plans: []operate.Action{msg.plan}, draft: &msg.draft, diff: msg.diff})
}

// leftEditor asks before it drops a text that was changed.
func (js *Jobs) leftEditor(d draft) tea.Cmd {
	if d.text != d.doc.Text() {
		js.keep(d, errors.New("the text was changed and is not saved"))
	}
	return nil
}

// keep says why a draft is not saved, or that nobody knows, and leads back to it.
func (js *Jobs) keep(d draft, err error) {
	title := cmp.Or(titleOf(err), "not saved")
	js.Overlays.Push(&overlay.Question{
		Title: title + ": " + text.Line(d.doc.ID), Text: view.Reason(err),
		Buttons: []overlay.Button{
			{Label: "back to the text", Press: func() tea.Cmd { return js.openEditor(d) }},
			{Label: "discard it"},
		},
	})
}
