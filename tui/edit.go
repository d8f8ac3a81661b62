package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/operate"
)

// The way of an edit: load -> editor -> plan -> confirm -> Operator.Do, with a conflict screen where the document
// changed under the editor. The text of the operator is kept until it is saved or dropped.

type (
	loadedMsg struct {
		doc  operate.Document
		mine string // text to go on with instead of the document's; "" for none
		err  error
	}
	editedMsg struct {
		doc  operate.Document
		text string
		err  error
	}
	savedMsg struct { // a document changed under the editor: what it is now
		theirs operate.Document
		mine   string
		err    error
	}
)

// load reads a document for the editor.
func (m *Model) load(v *View, id, mine string) tea.Cmd {
	if m.Operator.ReadOnly() {
		m.fail(operate.ErrReadOnly)
		return nil
	}
	return guard(func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, ioLimit)
		defer cancel()
		doc, err := m.Operator.Load(ctx, v.Kind, id)
		return loadedMsg{doc, mine, err}
	})
}

func (m *Model) editing(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case loadedMsg:
		if msg.err != nil {
			m.fail(msg.err)
			return nil
		}
		text := msg.mine
		if text == "" {
			text = msg.doc.Text()
		}
		return m.openEditor(msg.doc, text)
	case editedMsg:
		return m.edited(msg)
	case savedMsg:
		if msg.err != nil {
			m.fail(msg.err)
			return nil
		}
		m.overlays.push(&conflict{theirs: msg.theirs, mine: msg.mine, edit: func(text string) tea.Cmd { return m.openEditor(msg.theirs, text) }})
	}
	return nil
}

// openEditor hands the text to $VISUAL or $EDITOR, or to the form of our own where neither is set.
func (m *Model) openEditor(doc operate.Document, text string) tea.Cmd {
	name := os.Getenv("VISUAL")
	if name == "" {
		name = os.Getenv("EDITOR")
	}
	if name == "" {
		m.overlays.push(newEditor(doc, text))
		return nil
	}
	path, err := writeTemp(doc, text)
	if err != nil {
		m.fail(err)
		return nil
	}
	cmd := exec.Command("sh", "-c", name+` "$1"`, "sh", path) // as git does: an editor may come with arguments
	return tea.ExecProcess(cmd, func(err error) tea.Msg {
		defer os.Remove(path)
		if err != nil {
			return editedMsg{doc, text, fmt.Errorf("editor %s: %w; nothing was saved", name, err)}
		}
		edited, err := os.ReadFile(path)
		return editedMsg{doc, string(edited), err}
	})
}

// writeTemp puts the text where only this user can read it.
func writeTemp(doc operate.Document, text string) (string, error) {
	f, err := os.CreateTemp("", "holdfast-*"+doc.Extension())
	if err != nil {
		return "", err
	}
	if _, err := f.WriteString(text); err != nil {
		return "", errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f.Name(), f.Close()
}

func (m *Model) edited(msg editedMsg) tea.Cmd {
	if msg.err != nil {
		m.fail(msg.err)
		return nil
	}
	plan, err := m.Operator.Edit(msg.doc, msg.text)
	switch {
	case errors.Is(err, operate.ErrUnchanged):
		m.say("no change, nothing written", Plain)
	case err != nil: // not valid: back into the editor with the text, so that nothing is lost
		m.overlays.push(&retry{err: err, again: func() tea.Cmd { return m.openEditor(msg.doc, msg.text) }})
	default:
		return m.planned(plannedMsg{[]operate.Action{plan}})
	}
	return nil
}

// conflicted turns a save that came too late into the reading of what is there now.
func (m *Model) conflicted(msg actedMsg) (tea.Cmd, bool) {
	if msg.plan.Verb != operate.Edit || !errors.Is(msg.err, operate.ErrConflict) {
		return nil, false
	}
	v, mine := m.viewOf(string(msg.plan.Kind)), msg.plan.Text
	if v == nil {
		return nil, false
	}
	return guard(func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, ioLimit)
		defer cancel()
		doc, err := m.Operator.Load(ctx, v.Kind, msg.plan.ID)
		return savedMsg{doc, mine, err}
	}), true
}

func (m *Model) viewOf(kind string) *View {
	for _, v := range m.Views {
		if string(v.Kind) == kind {
			return v
		}
	}
	return nil
}
