package tui_test

import (
	"strings"
	"testing"

	"holdfast/internal/redistest"
)

// losing makes a server whose reply to a script is lost as soon as a condition holds.
func losing(when func() bool) func(command string) redistest.Hold {
	return func(command string) redistest.Hold {
		if strings.HasPrefix(command, "eval") && when() {
			return redistest.After
		}
		return redistest.Pass
	}
}

// Whoever reads "failed" does it again: what may have happened is told as that, of one row and amid many.
func TestALostReplyIsNoFailure(t *testing.T) {
	for name, one := range map[string]struct {
		start, lostAt string // the value of a generation from which on replies are lost
		keys          []string
		typed         string
		shown         []string
	}{
		"one":  {"generations", "120", []string{"b"}, "", []string{"in doubt: bump catalog:all", "may have happened"}},
		"bulk": {"generations", "121", []string{"a", "b"}, "3", []string{"in doubt", "bump user:single:user:42: no reply", "may have happened", "1 of 3", "done before it, 1 not tried"}},
	} {
		t.Run(name, func(t *testing.T) {
			var d *driver
			armed := false
			d = open(t, options{start: one.start, gate: losing(func() bool { return armed && d.get("gen:catalog:all") == one.lostAt })}, shop)
			d.to("all")
			d.press(one.keys...)
			d.typed(one.typed)
			armed = true
			d.press("enter")
			d.shows(one.shown...)
			d.hides("failed", "refused")
			d.check()
		})
	}
}

// Nor is a text said not to be saved that may be.
func TestALostReplyToASaveIsNotUnsaved(t *testing.T) {
	armed := false
	d := open(t, options{start: "records", gate: losing(func() bool { return armed })}, shop)
	d.to("leader")
	d.press("e")
	d.typed("x")
	d.press("f2")
	armed = true
	d.press("y")
	d.shows("in doubt: cfg:leader", "may have happened", "back to the text")
	d.hides("not saved", "failed")
}
