package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// question is an overlay with a text and buttons to choose from.
type question struct {
	asking
	title   string
	text    string   // clean
	plan    []string // the commands that will be sent
	diff    []string // raw lines of a difference
	buttons []button
	at      int // the button in focus
	back    int // the button that the key of "no" presses: nothing is lost by it
	s       scroller
	spots   []rect // of the buttons, as drawn last
}

type button struct {
	label  string
	press  func() tea.Cmd // nil: only shuts the question
	yes    bool           // what the key of "yes" presses
	danger bool
}

// confirm shows what is about to happen, with which commands. Of destructive actions "no" is preselected.
func confirm(plan operate.Action, yes func() tea.Cmd, between ...button) *question {
	q := &question{
		title: fmt.Sprintf("%s %s", plan.Verb, text.Line(plan.ID)), text: text.Line(plan.Summary), plan: plan.Commands,
		buttons: slices.Concat([]button{{label: "yes", press: yes, yes: true, danger: plan.Destructive}}, between, []button{{label: "no"}}),
	}
	q.back = len(q.buttons) - 1
	if plan.Destructive {
		q.at = q.back
	}
	return q
}

func (q *question) scope() keymap.Scope { return keymap.Confirm }

func (q *question) hints() []hint {
	no := hint{keymap.No, q.buttons[q.back].label} // which may be no plain no
	keys := []hint{{action: keymap.Press}, no, {action: keymap.NextButton}}
	if q.buttons[0].yes {
		keys = []hint{{action: keymap.Yes}, no, {action: keymap.Press}, {action: keymap.NextButton}}
	}
	if q.of.changed() {
		keys = append(hintsOf(keymap.AskAgain), keys...)
	}
	return keys
}

func (q *question) act(a keymap.Action) (func() tea.Cmd, bool) {
	switch n := len(q.buttons); a {
	case keymap.NextButton:
		q.at = (q.at + 1) % n
	case keymap.PrevButton:
		q.at = (q.at + n - 1) % n
	case keymap.Press:
		return q.buttons[q.at].press, true
	case keymap.Yes:
		if q.buttons[0].yes {
			return q.buttons[0].press, true
		}
	case keymap.No:
		return q.buttons[q.back].press, true
	case keymap.AskAgain:
		return q.of.renew()
	default:
		q.s.act(a)
	}
	return nil, false
}

// click puts the focus on a button; another one presses it, but for what destroys something: that wants a key.
func (q *question) click(x, y int) (func() tea.Cmd, bool) {
	for i, spot := range q.spots {
		switch b := q.buttons[i]; {
		case !spot.holds(x, y):
		case i == q.at && !b.danger:
			return b.press, true
		default:
			q.at = i
		}
	}
	return nil, false
}

func (q *question) draw(th themes.Theme, w, h int) (string, []string) {
	lines := text.Wrap(q.text, w)
	if len(q.diff) > 0 {
		lines = append(append(lines, ""), diffLines(th, q.diff, w)...)
	}
	if q.plan != nil {
		lines = append(lines, sends(th, q.plan, w)...)
	}
	foot := append([]string{""}, q.of.lines(th, w, keymap.AskAgain)...)
	row := q.row(th)
	below := text.Width(row) > w && len(q.buttons) > 1
	if below {
		for i := range q.buttons {
			foot = append(foot, q.button(th, i))
		}
	} else {
		foot = append(foot, row)
	}
	title, shown := q.s.above(q.title, lines, foot[max(0, len(foot)-h+1):], h)
	q.place(th, len(shown), below)
	return title, shown
}

// place notes where the buttons stand: at the end of the lines, below or beside each other.
func (q *question) place(th themes.Theme, lines int, below bool) {
	q.spots = nil
	x := 0
	for i := range q.buttons {
		w := text.Width(q.button(th, i))
		if below {
			q.spots = append(q.spots, rect{0, lines - len(q.buttons) + i, w, 1})
			continue
		}
		q.spots = append(q.spots, rect{x, lines - 1, w, 1})
		x += w + 1
	}
}

// row stands all buttons in a line.
func (q *question) row(th themes.Theme) string {
	texts := make([]string, len(q.buttons))
	for i := range q.buttons {
		texts[i] = q.button(th, i)
	}
	return strings.Join(texts, " ")
}

// button draws one button; arrows mark the one in focus without colour.
func (q *question) button(th themes.Theme, i int) string {
	b := q.buttons[i]
	switch {
	case i != q.at:
		return th.Button.Padding(0).Render("  " + b.label + "  ")
	case b.danger:
		return th.Danger.Padding(0).Render("> " + b.label + " <")
	}
	return th.ButtonFocus.Padding(0).Render("> " + b.label + " <")
}

// How many rows and commands a question spells out.
const (
	maxRows    = 10
	maxSpelled = 20
)

// sends lists commands as they will be sent.
func sends(th themes.Theme, commands []string, w int) []string {
	lines := []string{"", th.Muted.Render("sends")}
	for i, cmd := range commands {
		if i == maxSpelled {
			return append(lines, th.Muted.Render(fmt.Sprintf("  and %d more commands", len(commands)-i)))
		}
		for n, part := range text.Wrap(text.Line(cmd), w-4) {
			indent := "  "
			if n > 0 {
				indent = "    "
			}
			lines = append(lines, indent+th.JSONString.Render(part))
		}
	}
	return lines
}

func diffLines(th themes.Theme, diff []string, w int) []string {
	lines := make([]string, len(diff))
	for i, l := range diff {
		style := th.Text
		switch {
		case strings.HasPrefix(l, "!"):
			style = th.Warn
		case strings.HasPrefix(l, "+"):
			style = th.Good
		case strings.HasPrefix(l, "-"):
			style = th.Bad
		}
		lines[i] = style.Render(text.Cut(text.Line(strings.ReplaceAll(l, "\t", "    ")), w))
	}
	return lines
}

// counted confirms an action on several rows: their number has to be typed.
type counted struct {
	asking
	plans []operate.Action
	note  string // clean
	yes   func() tea.Cmd
	input *field
	wrong bool
	s     scroller
}

func newCounted(j *job, yes func() tea.Cmd) *counted {
	c := &counted{plans: j.plans, note: j.note, yes: yes, input: newField(""), asking: asking{of: j.since}}
	c.input.focused = true
	return c
}

func (c *counted) scope() keymap.Scope { return keymap.Form }

func (c *counted) hints() []hint {
	if c.of.changed() {
		return hintsOf(keymap.FormAgain, keymap.Accept, keymap.Cancel)
	}
	return hintsOf(keymap.Accept, keymap.Cancel)
}

func (c *counted) act(a keymap.Action) (func() tea.Cmd, bool) {
	switch a {
	case keymap.Accept:
		if c.wrong = c.input.text != strconv.Itoa(len(c.plans)); !c.wrong {
			return c.yes, true
		}
	case keymap.Cancel:
		return nil, true
	case keymap.FormAgain:
		return c.of.renew()
	case keymap.NextField:
		c.s.act(keymap.Down)
	case keymap.PrevField:
		c.s.act(keymap.Up)
	default:
		c.s.act(a) // the wheel
	}
	return nil, false
}

func (c *counted) typed(msg tea.Msg) tea.Cmd {
	c.wrong = false
	c.input.take(msg)
	return nil
}

func (c *counted) intake() intake { return c.input.intake() }

func (c *counted) draw(th themes.Theme, w, h int) (string, []string) {
	first, n := c.plans[0], len(c.plans)
	var lines []string
	for i, p := range c.plans {
		if i == maxRows {
			lines = append(lines, th.Muted.Render(fmt.Sprintf("and %d more", n-i)))
			break
		}
		lines = append(lines, text.Wrap(text.Line(p.Summary), w)...)
	}
	if c.note != "" {
		lines = append(append(lines, ""), text.Wrap(c.note, w)...)
	}
	lines = append(append(lines, sends(th, first.Commands, w)...), th.Muted.Render(fmt.Sprintf("  and the same for each of the %d", n)))
	ask := fmt.Sprintf("Type %d to do it: ", n)
	c.input.width = max(1, w-text.Width(ask)-1)
	foot := append([]string{""}, c.of.lines(th, w, keymap.FormAgain)...)
	if c.wrong {
		foot[0] = th.Bad.Render(fmt.Sprintf("that is not %d", n))
	}
	foot = append(foot, ask+c.input.view())
	return c.s.above(fmt.Sprintf("%s %d %s", first.Verb, n, first.Kind), lines, foot[max(0, len(foot)-h+1):], h)
}
