package jobs

import (
	"bytes"
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/tui/detail"
	"holdfast/tui/overlay"
	"holdfast/tui/view"
)

// A conflict is a save that came too late. Its screen shows the document from three sides: as it was opened, as it is now
// (theirs) and as the operator wrote it (yours). Whatever is chosen is saved against the version that was shown.

type writtenMsg struct {
	draft draft
	path  string
	err   error
}

// unsaved keeps the draft of a save that failed. One that came too late is compared with what is there now.
func (js *Jobs) unsaved(j *job, err error) tea.Cmd {
	mine, plan := *j.draft, j.plans[0]
	if !errors.Is(err, operate.ErrConflict) {
		js.keep(mine, err)
		return nil
	}
	shown := js.rowNow(plan.Kind, plan.ID)
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(js.Ctx, detail.ReadLimit)
		defer cancel()
		now, was, err := js.loadBeside(ctx, plan.Kind, plan.ID, shown)
		switch {
		case err != nil:
			return savedMsg{mine: mine, err: err}
		case now.Version == mine.doc.Version && bytes.Equal(now.Body, mine.doc.Body): // the row changed, the document did not
			mine.was = was
			return draftedMsg{mine, plan, j.diff, nil}
		}
		c := operate.Compare(mine.doc, plan, now)
		return savedMsg{j, mine, was, c, overlay.Sides(c), nil}
	}
}

func (js *Jobs) conflict(msg savedMsg) overlay.Layer {
	c := msg.conflict
	edit := func(label, text string) overlay.Button {
		return overlay.Button{Label: label, Press: func() tea.Cmd { return js.openEditor(draft{c.Now, text, msg.was}) }}
	}
	q := &overlay.Question{Title: "conflict on " + text.Line(c.Now.ID)}
	q.About(js.about(c.Now.Kind, func() tea.Cmd { return js.unsaved(msg.job, operate.ErrConflict) }, seen{c.Now.ID, msg.was}))
	if len(msg.lines) == 0 {
		q.Text = "It was changed meanwhile to exactly your text: nothing was written."
		q.Buttons = []overlay.Button{edit("edit theirs", c.Now.Text()), {Label: "leave"}}
		q.Back = 1
		return q
	}
	q.Text = "It was changed meanwhile, so nothing was written. "
	if len(c.Members) > 0 {
		q.Text += "- is theirs, on the server now; + is yours; ! is what both changed."
	} else {
		q.Text += "! is what both replaced."
	}
	q.Diff = msg.lines
	q.Back = 3
	first := edit("edit theirs", c.Merged)
	if c.Merged != c.Now.Text() {
		first.Label = "edit merged"
	}
	q.Buttons = []overlay.Button{
		first,
		{Label: "take theirs", Press: func() tea.Cmd { js.say("left as it is now; what you wrote is dropped", view.Plain); return nil }},
		{Label: "save mine over theirs", Danger: true, Press: func() tea.Cmd { return js.edited(draft{c.Now, c.Mine, msg.was}) }},
		{Label: "leave", Press: func() tea.Cmd { return toFile(draft{c.Now, c.Mine, msg.was}) }},
	}
	return q
}

// toFile keeps a text where its writer finds it again.
func toFile(d draft) tea.Cmd {
	return func() tea.Msg {
		path, err := writeTemp(d)
		return writtenMsg{d, path, err}
	}
}

func (js *Jobs) keptIn(msg writtenMsg) {
	if msg.err != nil {
		js.keep(msg.draft, msg.err)
		return
	}
	js.say("nothing written; your text is in "+msg.path, view.Warn) // it stays until the next key
}
