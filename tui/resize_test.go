package tui_test

import (
	"fmt"
	"testing"
)

// A storm of sizes, the smallest among them, takes nothing away: not the cursor, the marks, the window, the filter, the
// order, an open overlay and what was typed into it.
func TestResizeLosesNothing(t *testing.T) {
	many := func(w *world) {
		for i := range 80 {
			w.bump("n", fmt.Sprintf("k%02d", i), i+1)
		}
	}
	sizes := 200
	if testing.Short() {
		sizes = 15
	}
	for _, c := range []struct {
		name  string
		fill  func(*world)
		setup func(*driver)
	}{
		{"table", many, func(d *driver) {
			d.press("3", "/")
			d.typed("!k0")
			d.press("enter", "s")
			d.typed("gen")
			d.press("enter", "S", "pgdown", "pgdown", "space", "space", "up", "up", "up")
		}},
		{"filter that is typed", many, func(d *driver) { d.press("3", "end", "/"); d.typed("k4") }},
		{"jump", many, func(d *driver) { d.press("3", "'"); d.typed("k4") }},
		{"detail", shop, func(d *driver) { d.press("4", "enter", "tab", "down", "down") }},
		{"palette", shop, func(d *driver) { d.press(":"); d.typed("le"); d.press("down") }},
		{"help", shop, func(d *driver) { d.press("?", "down", "down", "down") }},
		{"form", shop, func(d *driver) { d.press("6", "l"); d.typed("mine"); d.press("tab"); d.typed("x") }},
		{"form with errors", shop, func(d *driver) { d.press("6", "l", "tab"); d.typed("x"); d.press("enter") }},
		{"question", shop, func(d *driver) { d.press("8", "d", "tab") }},
		{"bulk", shop, func(d *driver) { d.press("2", "a", "f"); d.typed("12") }},
		{"editor", shop, func(d *driver) { d.press("8"); d.to("replicas"); d.press("e", "down"); d.typed("more") }},
		{"copy menu", shop, func(d *driver) { d.press("8", "y", "down") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, options{}, c.fill)
			c.setup(d)
			before := d.screen()
			for i := range sizes {
				d.resize(i*37%310, i*13%103)
				d.check()
			}
			d.resize(80, 24)
			equal(t, "the screen", d.screen(), before)
		})
	}
}
