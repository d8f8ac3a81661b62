package tui_test

import (
	"fmt"
	"strings"
	"testing"
)

// The history goes back and forward over views, rows and links alike.
func TestPlacesBackAndForward(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-1")
	d.press("enter", "enter", "2") // a row, its worker, another view
	d.shows("[2 Buf")
	way := []string{"Workers shop:small:pod-0", "Actors agent-1", "> agent-1"}
	for _, place := range way {
		d.press("[")
		d.shows(place)
	}
	d.hides("Raw keys")
	d.press("[")
	d.shows("there is no earlier place", "> agent-1")
	for _, place := range []string{"Actors agent-1", "Workers shop:small:pod-0", "[2 Buf"} {
		d.press("alt+right")
		d.shows(place)
	}
	d.press("]")
	d.shows("there is no later place", "[2 Buf")
	d.press("alt+left", "esc") // esc leads where the link came from, also from a place that was come back to
	d.shows("Actors agent-1")
	d.press("[")
	d.shows("Workers shop:small:pod-0")
}

// Who goes back and then elsewhere gives up what came after.
func TestPlacesBranch(t *testing.T) {
	d := open(t, options{start: "overview"}, shop)
	d.press("2", "3", "4", "[", "[")
	d.shows("[2 Buf")
	d.press("5", "]")
	d.shows("there is no later place", "[5 W")
	d.press("[", "[")
	d.shows("[1 All")
}

// A place remembers its row and what its view was narrowed to.
func TestPlacesKeepTheirRowAndDatabase(t *testing.T) {
	d := open(t, options{start: "kv"}, func(w *world) { shop(w); w.put("other", "elsewhere", "v") })
	d.to("flags")
	d.press("enter", "enter")
	d.to("new-cart")
	d.press("9")
	d.to("other")
	d.press("enter", "enter")
	d.shows("elsewhere")
	d.press("[", "[", "[")
	d.shows("Pairs of flags", "> new-cart")
	d.hides("elsewhere")
	d.press("]", "]", "]")
	d.shows("Pairs of other", "elsewhere")
}

func TestPlaceWhoseRowIsGone(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-2")
	d.press("enter", "2")
	d.mini.Del("actor:agent-2")
	d.read()
	d.press("[")
	d.shows("agent-2 is gone", "[4 Act", "agent-1")
	d.press("]")
	d.shows("[2 Buf")
}

// A place that is come back to shows the lines and the link that it was left with.
func TestPlaceIsFoundAsItWasLeft(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop)
	d.to("orders")
	d.press("enter", "pgdown")
	d.shows("lines 19-36 of 71")
	d.press("3", "[")
	d.shows("lines 19-36 of 71")
	d.press("4")
	d.to("agent-1")
	d.press("enter", "tab", "enter")
	d.shows("[6 Loc")
	d.press("esc")
	d.shows("> locked by")
}

func TestPlacesAreBounded(t *testing.T) {
	d := open(t, options{}, shop)
	for i := range 130 {
		d.press(fmt.Sprint(2 + i%2))
	}
	back := 0
	for ; back < 200 && !strings.Contains(d.screen(), "there is no earlier place"); back++ {
		d.press("[")
	}
	equal(t, "steps back", back, 100)
	d.hides("[1 All")
}

// Who comes back sees the content that was left at once, before it is read again.
func TestPlaceShowsItsContentAtOnce(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-1")
	d.press("enter", "enter")
	late := d.m.Route(key("esc"))
	d.shows("Actors agent-1", `"actorId": "agent-1"`)
	d.hides("reading")
	d.run(late)
}
