package overlay

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/conn"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// commandLog shows the Redis commands that were sent, as one would type them. It stands still while somebody reads in it.
type commandLog struct {
	*pane
	own    bool   // only those of actions
	find   *field // what they are to contain
	typing bool   // it has the keys
	shown  []conn.Entry
	all    int
}

// NewCommandLog shows a log; bottom is the key that leads to its end.
func NewCommandLog(log *conn.Log, bottom string) *commandLog {
	c := &commandLog{find: newField("")}
	c.pane = &pane{title: "Commands sent", log: true, end: true, held: bottom + " goes on"}
	c.text = func(th themes.Theme, w int) (int, func(int) string) {
		if c.end {
			c.take(log.Last())
		}
		return len(c.shown), func(i int) string { return commandLine(th, c.shown[i], w) }
	}
	return c
}

// take takes those commands in that are asked for.
func (c *commandLog) take(all []conn.Entry) {
	c.all = len(all)
	folded := text.Fold(c.find.text)
	c.shown = slices.DeleteFunc(all, func(e conn.Entry) bool {
		return c.own && !e.Own || !strings.Contains(text.Fold(e.Text+" -> "+e.Err), folded)
	})
}

func commandLine(th themes.Theme, e conn.Entry, w int) string {
	when := fmt.Sprintf("%s %7s  ", e.At.Format("15:04:05.000"), e.Took.Round(10*time.Microsecond))
	says, style := text.Line(e.Text), th.Text
	switch {
	case e.Err != "":
		says, style = says+" -> "+text.Line(e.Err), th.Bad
	case e.Reads:
		style = th.Muted
	}
	return th.Muted.Render(when) + style.Render(text.Cut(says, w-text.Width(when)))
}

func (c *commandLog) scope() keymap.Scope {
	if c.typing {
		return keymap.Input
	}
	return keymap.Log
}

func (c *commandLog) hints() []Hint {
	if c.typing {
		return HintsOf(keymap.Accept, keymap.Cancel)
	}
	return HintsOf(keymap.Close, keymap.OwnCommands, keymap.FindCommand, keymap.PageDown, keymap.PageUp)
}

func (c *commandLog) act(a keymap.Action) (func() tea.Cmd, bool) {
	switch {
	case a == keymap.OwnCommands:
		c.own, c.end = !c.own, true
	case a == keymap.FindCommand:
		c.typing, c.find.focused = true, true
	case c.typing && a == keymap.Cancel:
		c.find.set("")
		c.typing, c.end = false, true
	case c.typing && a == keymap.Accept:
		c.typing = false
	case !c.typing:
		return c.pane.act(a)
	}
	return nil, false
}

func (c *commandLog) intake() intake {
	if !c.typing {
		return intake{}
	}
	return c.find.intake()
}

func (c *commandLog) typed(msg tea.Msg) tea.Cmd {
	if c.typing {
		c.find.take(msg)
		c.end = true
	}
	return nil
}

func (c *commandLog) draw(th themes.Theme, w, h int) (string, []string) {
	if !c.typing && c.find.text == "" && !c.own {
		return c.pane.draw(th, w, h)
	}
	title, lines := c.pane.draw(th, w, h-1)
	what := "all commands"
	if c.own {
		what = "the commands of actions"
	}
	n := fmt.Sprintf("%s of %s, %s  ", text.Count(len(c.shown)), text.Count(c.all), what)
	c.find.width, c.find.focused = max(1, w-text.Width(n)-3), c.typing
	return title, append([]string{th.Muted.Render(n) + th.Key.Render("/") + c.find.view()}, lines...)
}
