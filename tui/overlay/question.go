package overlay

import (
	"fmt"
	"image"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// Question is an overlay with a text and buttons to choose from.
type Question struct {
	asking
	Title   string
	Text    string   // clean
	Plan    []string // the commands that will be sent
	Diff    []string // raw lines of a difference
	Buttons []Button
	At      int // the button in focus
	Back    int // the button that the key of "no" presses: nothing is lost by it
	s       Scroller
	spots   []image.Rectangle // of the buttons, as drawn last
}

// Button is one answer.
type Button struct {
	Label  string
	Press  func() tea.Cmd // nil: only shuts the question
	yes    bool           // what the key of "yes" presses
	Danger bool
}

// Confirm shows what is about to happen, with which commands. Of destructive actions "no" is preselected.
func Confirm(plan operate.Action, yes func() tea.Cmd, between ...Button) *Question {
	q := &Question{
		Title: fmt.Sprintf("%s %s", plan.Verb, text.Line(plan.ID)), Text: text.Line(plan.Summary), Plan: plan.Commands,
		Buttons: slices.Concat([]Button{{Label: "yes", Press: yes, yes: true, Danger: plan.Destructive}}, between, []Button{{Label: "no"}}),
	}
	q.Back = len(q.Buttons) - 1
	if plan.Destructive {
		q.At = q.Back
	}
	return q
}

// About has a question watch the rows that it is about.
func (q *Question) About(s *Since) { q.of = s }

func (q *Question) scope() keymap.Scope { return keymap.Confirm }

func (q *Question) hints() []Hint {
	no := Hint{keymap.No, q.Buttons[q.Back].Label} // which may be no plain no
	keys := []Hint{{Action: keymap.Press}, no, {Action: keymap.NextButton}}
	if q.Buttons[0].yes {
		keys = []Hint{{Action: keymap.Yes}, no, {Action: keymap.Press}, {Action: keymap.NextButton}}
	}
	if q.of.changed() {
		keys = append(HintsOf(keymap.AskAgain), keys...)
	}
	return keys
}

func (q *Question) act(a keymap.Action) (func() tea.Cmd, bool) {
	switch n := len(q.Buttons); a {
	case keymap.NextButton:
		q.At = (q.At + 1) % n
	case keymap.PrevButton:
		q.At = (q.At + n - 1) % n
	case keymap.Press:
		return q.Buttons[q.At].Press, true
	case keymap.Yes:
		if q.Buttons[0].yes {
			return q.Buttons[0].Press, true
		}
	case keymap.No:
		return q.Buttons[q.Back].Press, true
	case keymap.AskAgain:
		return q.of.renew()
	default:
		q.s.Act(a)
	}
	return nil, false
}

// click puts the focus on a button; another one presses it, but for what destroys something: that wants a key.
func (q *Question) click(x, y int) (func() tea.Cmd, bool) {
	for i, spot := range q.spots {
		switch b := q.Buttons[i]; {
		case !image.Pt(x, y).In(spot):
		case i == q.At && !b.Danger:
			return b.Press, true
		default:
			q.At = i
		}
	}
	return nil, false
}

func (q *Question) draw(th themes.Theme, w, h int) (string, []string) {
	lines := text.Wrap(q.Text, w)
	if len(q.Diff) > 0 {
		lines = append(append(lines, ""), diffLines(th, q.Diff, w)...)
	}
	if q.Plan != nil {
		lines = append(lines, sends(th, q.Plan, w)...)
	}
	foot := append([]string{""}, q.of.lines(th, w, keymap.AskAgain)...)
	row := q.row(th)
	below := text.Width(row) > w && len(q.Buttons) > 1
	if below {
		for i := range q.Buttons {
			foot = append(foot, q.button(th, i))
		}
	} else {
		foot = append(foot, row)
	}
	title, shown := q.s.above(q.Title, lines, foot[max(0, len(foot)-h+1):], h)
	q.place(th, len(shown), below)
	return title, shown
}

// place notes where the buttons stand: at the end of the lines, below or beside each other.
func (q *Question) place(th themes.Theme, lines int, below bool) {
	q.spots = nil
	x := 0
	for i := range q.Buttons {
		w := text.Width(q.button(th, i))
		if below {
			q.spots = append(q.spots, image.Rect(0, lines-len(q.Buttons)+i, w, lines-len(q.Buttons)+i+1))
			continue
		}
		q.spots = append(q.spots, image.Rect(x, lines-1, x+w, lines))
		x += w + 1
	}
}

// row stands all buttons in a line.
func (q *Question) row(th themes.Theme) string {
	texts := make([]string, len(q.Buttons))
	for i := range q.Buttons {
		texts[i] = q.button(th, i)
	}
	return strings.Join(texts, " ")
}

// button draws one button; arrows mark the one in focus without colour.
func (q *Question) button(th themes.Theme, i int) string {
	b := q.Buttons[i]
	switch {
	case i != q.At:
		return th.Button.Padding(0).Render("  " + b.Label + "  ")
	case b.Danger:
		return th.Danger.Padding(0).Render("> " + b.Label + " <")
	}
	return th.ButtonFocus.Padding(0).Render("> " + b.Label + " <")
}
