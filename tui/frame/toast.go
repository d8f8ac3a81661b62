// Package frame is what stands around the body of the screen: the tabs, the messages, the latency of the header.
package frame

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"holdfast/internal/text"
	"holdfast/themes"
	"holdfast/tui/view"
)

// Toast is a short message above the key hints. Failures stay longer and until the next key.
type Toast struct {
	text  string
	tone  view.Tone
	until time.Time
	title string // stands before the text instead of what the tone says
}

// ToastLines is how many lines of the frame a message may take.
const ToastLines = 2

// NewToast is a message; a title stands in place of what the tone says, where there is one.
func NewToast(title, says string, tone view.Tone, now time.Time) Toast {
	stays := 4 * time.Second
	if serious(tone) {
		stays = 12 * time.Second
	}
	return Toast{title: title, text: text.Line(says), tone: tone, until: now.Add(stays)}
}

// Text is what it says.
func (t Toast) Text() string { return t.text }

// Serious tells of a failure or a refusal, which stays until the next key.
func (t Toast) Serious() bool { return serious(t.tone) }

func serious(tone view.Tone) bool { return tone == view.Bad || tone == view.Warn }

// TooLong tells that a failure does not fit into the lines for it.
func (t Toast) TooLong(width int) bool { return t.Serious() && len(t.lines(width)) > ToastLines }

// Title says what the colour says.
func (t Toast) Title() string { return strings.TrimSuffix(t.word(), ": ") }

// Over tells whether its time is.
func (t Toast) Over(now time.Time) bool { return t.text == "" || now.After(t.until) }

// word is the title as it stands before the text.
func (t Toast) word() string {
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
func (t Toast) lines(width int) []string { return text.Wrap(t.word()+t.text, max(1, width-2)) }

// Render draws the message in lines of at most width cells; none when its time is over.
func (t Toast) Render(th themes.Theme, width int, now time.Time) []string {
	if t.Over(now) {
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
	if len(lines) > ToastLines {
		lines = append(lines[:ToastLines-1:ToastLines-1], text.Cut(lines[ToastLines-1]+" …", width-2))
	}
	for i, l := range lines {
		lines[i] = Strip(style, l, width)
	}
	return lines
}

// Strip is a line of text on an area of the style's colour.
func Strip(style lipgloss.Style, says string, width int) string {
	return style.Padding(0).Render(text.Cut(" "+says+" ", width))
}
