package overlay

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// counted confirms an action on several rows: their number has to be typed.
type counted struct {
	asking
	plans []operate.Action
	note  string // clean
	yes   func() tea.Cmd
	input *field
	wrong bool
	s     Scroller
}

// maxRows is how many rows a question spells out.
const maxRows = 10

// NewCounted asks about plans of one verb and kind; note is clean.
func NewCounted(plans []operate.Action, note string, about *Since, yes func() tea.Cmd) *counted {
	c := &counted{plans: plans, note: note, yes: yes, input: newField(""), asking: asking{of: about}}
	c.input.focused = true
	return c
}

func (c *counted) scope() keymap.Scope { return keymap.Form }

func (c *counted) hints() []Hint {
	if c.of.changed() {
		return HintsOf(keymap.FormAgain, keymap.Accept, keymap.Cancel)
	}
	return HintsOf(keymap.Accept, keymap.Cancel)
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
		c.s.Act(keymap.Down)
	case keymap.PrevField:
		c.s.Act(keymap.Up)
	default:
		c.s.Act(a) // the wheel
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
