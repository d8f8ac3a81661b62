package tui_test

import "testing"

// A row that cannot be read is found by what is wrong, looked into, and deleted as it was seen.
func TestAnUnreadableRowIsSeenAndDeleted(t *testing.T) {
	d := open(t, options{start: "generations"}, shop, func(w *world) { w.mini.HSet("gen:user:zzz", "field", "odd\u202e") })
	d.filter("unreadable")
	d.shows("row 1 of 1")
	d.press("enter")
	d.shows("As stored in gen:user:zzz", "hash, 1 elements:", `field  odd\u202e`, "d delete")
	d.check()
	d.press("d")
	d.shows("delete the key gen:user:zzz, an unreadable hash", `field  odd\u202e`, "> no <")
	d.check()
	d.mini.HSet("gen:user:zzz", "field", "other")
	d.act("y")
	d.shows("refused", "changed meanwhile")
	d.act("d", "y")
	d.shows("done: deleted gen:user:zzz")
	if d.mini.Exists("gen:user:zzz") {
		t.Error("it is still there")
	}
	d.press("esc", "z")
	d.shows("cannot undo: what was deleted could not be read")

	d = open(t, options{start: "generations", readOnly: true}, func(w *world) { w.mini.HSet("gen:user:zzz", "field", "v") })
	d.act("d")
	d.shows("refused", "read-only")
	if !d.mini.Exists("gen:user:zzz") {
		t.Error("deleted though read-only")
	}
}
