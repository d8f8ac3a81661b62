package tui

import (
	"time"

	"holdfast/internal/text"
	"holdfast/themes"
	"holdfast/tui/view"
)

// toast is a short message above the key hints. Failures stay longer and until the next key.
type toast struct {
	text  string
	tone  view.Tone
	until time.Time
	title string // stands before the text instead of what the tone says
}

// maxToastLines is how many lines of the frame a message may take.
const maxToastLines = 2

func newToast(says string, tone view.Tone, now time.Time) toast {
	stays := 4 * time.Second
	if tone == view.Bad || tone == view.Warn {
		stays = 12 * time.Second
	}
	return toast{text: text.Line(says), tone: tone, until: now.Add(stays)}
}

func (t toast) over(now time.Time) bool { return t.text == "" || now.After(t.until) }

// word says what the colour says.
func (t toast) word() string {
	if t.title != "" {
		return t.title + ": "
	}
	switch t.tone {
	case view.Bad:
		return "failed: "
	case view.Warn:
		return "refused: "
	case view.Good:
		return "done: "
	}
	return ""
}

// lines are the message as it stands on a screen.
func (t toast) lines(width int) []string { return text.Wrap(t.word()+t.text, max(1, width-2)) }

// render draws the message in lines of at most width cells; none when its time is over.
func (t toast) render(th themes.Theme, width int, now time.Time) []string {
	if t.over(now) {
		return nil
	}
	style := th.ToastInfo
	switch t.tone {
	case view.Bad, view.Warn:
		style = th.ToastBad
	case view.Good:
		style = th.ToastGood
	}
	lines := t.lines(width)
	if len(lines) > maxToastLines {
		lines = append(lines[:maxToastLines-1:maxToastLines-1], text.Cut(lines[maxToastLines-1]+" …", width-2))
	}
	for i, l := range lines {
		lines[i] = strip(style, l, width)
	}
	return lines
}
