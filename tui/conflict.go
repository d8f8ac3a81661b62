package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/operate"
	"holdfast/internal/text"
)

// A conflict is a save that came too late. Its screen shows the document from three sides: as it was opened, as it is now
// (theirs) and as the operator wrote it (yours). Whatever is chosen is saved against the version that was shown.

type writtenMsg struct {
	draft draft
	path  string
	err   error
}

// unsaved keeps the draft of a save that failed. One that came too late is compared with what is there now.
func (m *Model) unsaved(j *job, err error) tea.Cmd {
	mine, plan := *j.draft, j.plans[0]
	if !errors.Is(err, operate.ErrConflict) {
		m.keep(mine, err)
		return nil
	}
	shown := m.rowNow(plan.Kind, plan.ID)
	return guard(func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, ioLimit)
		defer cancel()
		now, was, err := m.loadBeside(ctx, plan.Kind, plan.ID, shown)
		switch {
		case err != nil:
			return savedMsg{mine: mine, err: err}
		case now.Version == mine.doc.Version && bytes.Equal(now.Body, mine.doc.Body): // the row changed, the document did not
			mine.was = was
			return draftedMsg{mine, plan, j.diff, nil}
		}
		c := operate.Compare(mine.doc, plan, now)
		return savedMsg{j, mine, was, c, sides(c), nil}
	})
}

func (m *Model) conflict(msg savedMsg) layer {
	c := msg.conflict
	edit := func(label, text string) button {
		return button{label: label, press: func() tea.Cmd { return m.openEditor(draft{c.Now, text, msg.was}) }}
	}
	q := &question{title: "conflict on " + text.Line(c.Now.ID)}
	q.of = m.about(c.Now.Kind, func() tea.Cmd { return m.unsaved(msg.job, operate.ErrConflict) }, seen{c.Now.ID, msg.was})
	if len(msg.lines) == 0 {
		q.text = "It was changed meanwhile to exactly your text: nothing was written."
		q.buttons = []button{edit("edit theirs", c.Now.Text()), {label: "leave"}}
		q.back = 1
		return q
	}
	q.text = "It was changed meanwhile, so nothing was written. "
	if len(c.Members) > 0 {
		q.text += "- is theirs, on the server now; + is yours; ! is what both changed."
	} else {
		q.text += "! is what both replaced."
	}
	q.diff = msg.lines
	q.back = 3
	first := edit("edit theirs", c.Merged)
	if c.Merged != c.Now.Text() {
		first.label = "edit merged"
	}
	q.buttons = []button{
		first,
		{label: "take theirs", press: func() tea.Cmd { m.say("left as it is now; what you wrote is dropped", Plain); return nil }},
		{label: "save mine over theirs", danger: true, press: func() tea.Cmd { return m.edited(draft{c.Now, c.Mine, msg.was}) }},
		{label: "leave", press: func() tea.Cmd { return toFile(draft{c.Now, c.Mine, msg.was}) }},
	}
	return q
}

// toFile keeps a text where its writer finds it again.
func toFile(d draft) tea.Cmd {
	return guard(func() tea.Msg {
		path, err := writeTemp(d)
		return writtenMsg{d, path, err}
	})
}

func (m *Model) keptIn(msg writtenMsg) {
	if msg.err != nil {
		m.keep(msg.draft, msg.err)
		return
	}
	m.say("nothing written; your text is in "+msg.path, Warn) // it stays until the next key
}

// sides are the lines that show a conflict: by members where it has them, else by the lines of both texts. None where
// both sides wrote the same.
func sides(c operate.Conflict) []string {
	theirs := c.Now.Text()
	if theirs == c.Mine {
		return nil
	}
	if len(c.Members) == 0 {
		return bothDifferences(difference(c.Was, theirs), difference(c.Was, c.Mine))
	}
	var overlaps, alone []string
	for _, one := range c.Members {
		name := strings.Join(one.Path, ".")
		switch {
		case one.Overlaps():
			overlaps = append(overlaps, "! "+name+": both changed it")
			overlaps = slices.Concat(overlaps, value("  was    ", one.Was), value("- theirs ", one.Theirs), value("+ yours  ", one.Mine))
		case one.Theirs == one.Mine:
			alone = append(alone, "  "+name+": both changed it to the same")
			alone = slices.Concat(alone, value("  was    ", one.Was), value("  now    ", one.Mine))
		case one.Mine == one.Was:
			alone = append(alone, "  "+name+": only they changed it")
			alone = slices.Concat(alone, value("  was    ", one.Was), value("- theirs ", one.Theirs))
		default:
			alone = append(alone, "  "+name+": only you changed it")
			alone = slices.Concat(alone, value("  was    ", one.Was), value("+ yours  ", one.Mine))
		}
	}
	return append(overlaps, alone...)
}

// bothDifferences are two differences to the same text; what is taken away in both is marked.
func bothDifferences(theirs, yours []string) []string {
	for i, l := range theirs {
		if at := slices.Index(yours, l); at >= 0 && strings.HasPrefix(l, "-") {
			theirs[i], yours[at] = "!"+l[1:], "!"+l[1:]
		}
	}
	return slices.Concat([]string{"theirs, against what you opened:"}, theirs, []string{"", "yours, against what you opened:"}, yours)
}

// How a value of a member is shown in full: in lines of so many characters, and not more of them.
const (
	maxLine   = 60
	maxValues = 12
)

func value(label, json string) []string {
	if json == "" {
		return []string{label + "(none)"}
	}
	var lines []string
	for part := range slices.Chunk([]rune(text.Line(json)), maxLine) {
		if len(lines) == maxValues {
			return append(lines, fmt.Sprintf("%s… of %d bytes", label[:1]+strings.Repeat(" ", len(label)-1), len(json)))
		}
		lines = append(lines, label+string(part))
		label = label[:1] + strings.Repeat(" ", len(label)-1)
	}
	return lines
}
