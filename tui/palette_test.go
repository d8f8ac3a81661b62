package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestPaletteOffersFiltersOfTheView(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop)
	d.filter("orders")
	d.press("esc", ":")
	d.typed("filter: ord")
	d.press("enter")
	d.shows("row 1 of 1", "orders")
	d.press("3", ":")
	d.typed("filter: ord")
	d.shows("nothing matches")
}

// The rows that were opened or acted on last, in whatever view, are a choice away.
func TestPaletteOffersRecentRows(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-1")
	d.press("enter", "3")
	d.to("all")
	d.act("b", "y")
	d.press("9", "enter", "enter", "enter") // a key of a database
	d.shows("Pairs flags:dark-mode")
	choose := func(text string) {
		t.Helper()
		d.press("1", ":")
		d.typed(text)
		d.press("enter")
	}
	choose("catalog:all")
	d.shows("Generations catalog:all")
	choose("flags:dark")
	d.shows("Pairs flags:dark-mode", "[9 KV")
	choose("agent-1")
	d.shows("Actors agent-1")
	d.press("esc")
	d.shows("[1 All") // it leads back where the palette was opened
	d.mini.Del("actor:agent-1")
	d.read()
	choose("agent-1")
	d.shows("agent-1 is gone", "[4 Act")
}

func TestRecentRowsAreBounded(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) {
		for i := range 30 {
			w.bump("n", fmt.Sprintf("k%02d", i), 1)
		}
	})
	for range 30 {
		d.press("enter", "esc", "down")
	}
	d.resize(160, 100)
	d.press(":")
	equal(t, "recent rows", strings.Count(d.screen(), "recent row of"), 20)
	d.shows("n:k29", "n:k10")
	d.hides("n:k09 ")
}

// What cannot be done stands there, too, after what can, with the reason.
func TestPaletteSaysWhyNot(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.resize(160, 100)
	d.to("broken")
	d.press(":")
	d.shows("not now: edit broken: the record is unreadable", "not now: actors cannot be flushed", "not now: nothing to undo", "not now: there is no earlier place")
	lines := strings.Split(d.screen(), "\n")
	place := func(text string) int {
		return slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, text) })
	}
	equal(t, "what can be done comes first", place("show the keys that work here") < place("not now:"), true)
	d.press("esc")
	d = open(t, options{start: "locks", readOnly: true}, shop)
	d.resize(160, 100)
	d.press(":")
	d.shows("not now: read-only")
}

func TestPaletteSortsByAColumn(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop)
	d.press(":")
	d.typed("sort by records")
	d.press("enter")
	d.shows("sorted by RECORDS, ascending")
}

// Who moves beyond the last choice is told so.
func TestPickerSaysWhereItEnds(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop)
	d.press("s", "up")
	d.shows("Sort Buffers by, this is the first")
	d.press("down")
	d.hides("this is the")
	for range 20 {
		d.press("down")
	}
	d.shows("Sort Buffers by, this is the last")
}
