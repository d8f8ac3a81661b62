package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// Half of a paste would be saved for the whole: too long a one is refused, and what was typed before stays.
func TestPasteOfAMegabyte(t *testing.T) {
	megabyte := tea.PasteMsg{Content: strings.Repeat("0123456\x1b日", 100_000)}
	for _, c := range []struct {
		name  string
		setup func(*driver)
		after string // what is on the screen when the refusal is shut
	}{
		{"form", func(d *driver) { d.press("6", "l"); d.typed("mine") }, "lock:mine"},
		{"filter", func(d *driver) { d.press("/"); d.typed("lea") }, "/lea"},
		{"jump", func(d *driver) { d.press("'"); d.typed("lea") }, "jump to lea"},
		{"palette", func(d *driver) { d.press(":"); d.typed("flu") }, "flu"},
		{"bulk", func(d *driver) { d.press("2", "a", "f"); d.typed("3") }, "Type 3 to do it: 3"},
		{"editor", func(d *driver) { d.to("leader"); d.press("e"); d.typed("new-") }, "new-host-4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, options{start: "records"}, shop)
			c.setup(d)
			d.send(megabyte)
			d.check()
			d.shows("Not pasted", "1,100,000 bytes are too many")
			d.press("esc")
			d.hides("Not pasted")
			d.shows(c.after)
		})
	}
	d := open(t, options{start: "records"}, shop)
	d.send(megabyte)
	d.shows("> blob")
	d.hides("Not pasted")
}
