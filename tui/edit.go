package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/aymanbagabas/go-udiff"

	"holdfast/core/operate"
)

// The way of an edit: load -> openEditor -> edited -> ask -> Operator.Do, with a conflict screen where the document changed
// under the editor. What the operator wrote is kept until it is saved or dropped, whatever goes wrong.

// draft is a text on its way back to the document it was made from.
type draft struct {
	doc  operate.Document
	text string
}

type (
	loadedMsg struct {
		doc operate.Document
		err error
	}
	fileMsg struct { // the draft is in a file, for an editor
		draft  draft
		editor string
		path   string
		err    error
	}
	editedMsg struct {
		draft draft
		err   error
	}
	draftedMsg struct {
		draft draft
		plan  operate.Action
		diff  []string
		err   error
	}
	savedMsg struct { // too late
		mine     draft
		conflict operate.Conflict
		lines    []string // that show it
		err      error
	}
)

// load reads a document for the editor.
func (m *Model) load(id string) tea.Cmd {
	kind := m.view().Kind
	return guard(func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, ioLimit)
		defer cancel()
		doc, err := m.Operator.Load(ctx, kind, id)
		return loadedMsg{doc, err}
	})
}

func (m *Model) editing(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case loadedMsg:
		if msg.err != nil {
			m.fail(msg.err)
			return nil
		}
		return m.openEditor(draft{msg.doc, msg.doc.Text()})
	case fileMsg:
		if msg.err != nil {
			m.keep(msg.draft, msg.err)
			return nil
		}
		return runEditor(msg)
	case editedMsg:
		if msg.err != nil && msg.draft.text == msg.draft.doc.Text() {
			m.fail(msg.err)
			return nil
		}
		if msg.err != nil {
			m.keep(msg.draft, msg.err)
			return nil
		}
		return m.edited(msg.draft)
	case draftedMsg:
		return m.drafted(msg)
	case savedMsg:
		if msg.err != nil {
			m.keep(msg.mine, msg.err)
			return nil
		}
		m.overlays.push(m.conflict(msg))
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
		return guard(func() tea.Msg {
			path, err := writeTemp(d)
			return fileMsg{d, name, path, err}
		})
	}
	e, why := newEditor(d, m.edited, m.leftEditor)
	switch {
	case e != nil:
		m.overlays.push(e)
	case d.text != d.doc.Text():
		m.keep(d, errors.New(why))
	default:
		m.say(why+": set EDITOR and start again", Warn)
	}
	return nil
}

func runEditor(f fileMsg) tea.Cmd {
	cmd := exec.Command("sh", "-c", f.editor+` "$1"`, "sh", f.path) // as git does: an editor may come with arguments
	return tea.ExecProcess(cmd, func(err error) tea.Msg {
		defer os.Remove(f.path)
		text, readErr := os.ReadFile(f.path)
		if readErr == nil {
			f.draft.text = string(text)
		}
		if err != nil {
			err = fmt.Errorf("editor %s: %w", f.editor, err)
		}
		return editedMsg{f.draft, errors.Join(err, readErr)}
	})
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

// edited plans to save a draft, which takes its time with a large one.
func (m *Model) edited(d draft) tea.Cmd {
	return guard(func() tea.Msg {
		plan, err := m.Operator.Edit(d.doc, d.text)
		if err != nil {
			return draftedMsg{draft: d, err: err}
		}
		return draftedMsg{d, plan, difference(d.doc.Text(), d.text), nil}
	})
}

func (m *Model) drafted(msg draftedMsg) tea.Cmd {
	switch {
	case errors.Is(msg.err, operate.ErrUnchanged):
		m.say("no change, nothing written", Plain)
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

// difference between two texts, line by line: - is only in the old one, + only in the new. None where they are the same.
func difference(old, text string) []string {
	if !strings.HasSuffix(old, "\n") && !strings.HasSuffix(text, "\n") {
		old, text = old+"\n", text+"\n" // else the diff would say of both that their last line does not end
	}
	diff := strings.Split(strings.TrimSuffix(udiff.Unified("", "", old, text), "\n"), "\n")
	return diff[min(len(diff), len([]string{"---", "+++"})):]
}

// keep says why a draft is not saved and leads back to it.
func (m *Model) keep(d draft, err error) {
	m.overlays.push(&question{
		title: "not saved: " + cleanStart(d.doc.ID), text: reason(err),
		buttons: []button{
			{label: "back to the text", press: func() tea.Cmd { return m.openEditor(d) }},
			{label: "drop it"},
		},
	})
}
