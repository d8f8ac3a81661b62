package tui

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"charm.land/bubbles/v2/textinput"

	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/themes"
)

// confirm shows what is about to happen: to how many rows, with which commands. Destructive actions have "no"
// preselected, and those on several rows want their number typed.
type confirm struct {
	plans []operate.Action
	yes   bool
	count textinput.Model // only with counted
	run   func([]operate.Action) tea.Cmd
}

func newConfirm(plans []operate.Action, run func([]operate.Action) tea.Cmd) *confirm {
	c := &confirm{plans: plans, run: run, yes: !plans[0].Destructive, count: newInput("")}
	if c.counted() {
		c.count.Focus()
	}
	return c
}

func (c *confirm) counted() bool { return len(c.plans) > 1 }

func (c *confirm) scope() keymap.Scope {
	if c.counted() {
		return keymap.Form
	}
	return keymap.Confirm
}

func (c *confirm) act(a keymap.Action) (tea.Cmd, verdict) {
	switch a {
	case keymap.Yes:
		return c.run(c.plans), shut
	case keymap.NextButton, keymap.PrevButton:
		c.yes = !c.yes
	case keymap.Press:
		if !c.yes {
			return nil, shut
		}
		return c.run(c.plans), shut
	case keymap.Accept: // of the typed number
		if c.count.Value() == strconv.Itoa(len(c.plans)) {
			return c.run(c.plans), shut
		}
	case keymap.No, keymap.Cancel:
		return nil, shut
	}
	return nil, stay
}

func (c *confirm) typed(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	if c.counted() {
		c.count, cmd = c.count.Update(msg)
	}
	return cmd
}

func (c *confirm) draw(th themes.Theme, w, h int) (string, string) {
	first := c.plans[0]
	title := fmt.Sprintf("%s %d %s", first.Verb, len(c.plans), first.Kind)
	if !c.counted() {
		title = fmt.Sprintf("%s %s", first.Verb, Clean(first.ID))
	}
	var lines []string
	room := max(1, (h-6)/2)
	for i, p := range c.plans {
		if i == room && len(c.plans) > room+1 {
			lines = append(lines, th.Muted.Render(fmt.Sprintf("and %d more", len(c.plans)-i)))
			break
		}
		lines = append(lines, wrap(Clean(p.Summary), w)...)
	}
	lines = append(lines, "", th.Muted.Render("sends"))
	for i, cmd := range first.Commands {
		if i == room {
			lines = append(lines, th.Muted.Render(fmt.Sprintf("  and %d more commands", len(first.Commands)-i)))
			break
		}
		lines = append(lines, "  "+th.JSONString.Render(cut(Clean(cmd), w-2)))
	}
	if c.counted() {
		lines = append(lines, th.Muted.Render(fmt.Sprintf("  for each of the %d", len(c.plans))), "",
			fmt.Sprintf("Type %d and enter to do it, esc to leave it: ", len(c.plans))+c.count.View())
		return title, strings.Join(lines, "\n")
	}
	yes := button(th, "yes", c.yes)
	if c.yes && first.Destructive {
		yes = th.Danger.Padding(0).Render("> yes <")
	}
	lines = append(lines, "", yes+"  "+button(th, "no", !c.yes))
	return title, strings.Join(lines, "\n")
}
