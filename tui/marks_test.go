package tui_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestMarkRange(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) {
		for i := range 30 {
			w.bump("user", fmt.Sprintf("u%02d", i), 1)
		}
	})
	d.press("V")
	d.shows("a range goes from the last mark to the cursor")
	d.to("u05")
	d.press("space")
	d.to("u09")
	d.press("V")
	d.shows("5 marked")
	d.to("u11")
	d.press("V") // goes on from there
	d.shows("7 marked")
	d.to("u03")
	d.press("space")
	d.to("u01")
	d.press("shift+space") // upwards
	d.shows("10 marked")

	d.press("A", "V")
	d.shows("a range goes from the last mark to the cursor") // that mark is gone
	d.to("u20")
	d.press("space")
	d.press("/")
	d.typed("!u20")
	d.press("enter", "V")
	d.shows("a range goes from the last mark to the cursor") // it is not shown
}

func TestBulkPreviewSaysWhatAndHowMany(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) {
		for i := range 14 {
			w.bump("user", fmt.Sprintf("u%02d", i), 1)
		}
	})
	d.resize(160, 45)
	d.press("a", "/")
	d.typed("!u13")
	d.press("enter", "b")
	d.shows("bump 13 generations", "raise the generation of u00 in user", "raise the generation of u09 in user", "and 3 more",
		"EVALSHA (bump) gen:user:u00", "and the same for each of the 13", "The filter hides 1 more marked", "Type 13 to do it")
	d.hides("raise the generation of u10")
	d.press("esc", "A", "home", "space", "/")
	d.typed("~u0")
	d.press("enter")
	d.press("b")
	d.hides("hides")
}

// Whatever takes several rows asks for their number.
func TestEveryBulkActionAsksForTheNumber(t *testing.T) {
	for start, key := range map[string]string{"buffers": "f", "generations": "b", "workers": "d", "locks": "u", "records": "d", "kv": "d"} {
		d := open(t, options{start: start}, shop)
		if start == "kv" {
			d.press("enter", "enter") // its pairs
		}
		d.press("space", "space", key)
		d.shows("Type 2 to do it")
		before := d.mini.Dump()
		d.press("enter", "y", "enter")
		d.shows("that is not 2")
		equal(t, "the keyspace of "+start, d.mini.Dump(), before)
	}
}

// A mark does not hide that a row cannot be read: the sign for that stands behind the name then.
func TestMarkedRowsStillShowThatTheyCannotBeRead(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	for _, size := range sizes {
		d.resize(size[0], size[1])
		d.to("broken")
		equal(t, "the sign is there in "+d.row(), strings.HasPrefix(d.row(), "!broken"), true)
		d.press("a")
		equal(t, "both signs are there in "+d.row(), regexp.MustCompile(`^\*broken +! `).MatchString(d.row()), true)
		d.press("home")
		d.shows("\n *broken")
		d.press("A")
	}
}
