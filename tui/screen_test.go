package tui_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pgregory.net/rapid"

	"holdfast/core/live"
	"holdfast/tui"
	"holdfast/tui/view"
	"holdfast/views"
)

// What is always true of the screen, whatever is on it: see driver.check.

var allSizes = [][2]int{
	{0, 0}, {1, 1}, {2, 7}, {20, 5}, {39, 9}, {39, 10}, {40, 9}, {40, 10}, {41, 11}, {60, 12}, {119, 20}, {120, 20}, {300, 100},
}

// Overlays are drawn in those sizes in which something about them changes.
var overlaySizes = [][2]int{{20, 5}, {40, 10}, {41, 11}, {119, 20}}

func TestEveryScreenFitsEverySize(t *testing.T) {
	for _, f := range []struct {
		name string
		fill func(*world)
	}{{"shop", shop}, {"hostile", hostile}, {"empty", func(*world) {}}} {
		if testing.Short() && f.name != "hostile" {
			continue
		}
		d := open(t, options{}, f.fill)
		at := func(step string, sizes [][2]int) {
			for _, s := range sizes {
				d.resize(s[0], s[1])
				if err := fits(d.m.View(), s[0], s[1]); err != nil {
					t.Errorf("%s, %s, %dx%d: %v", f.name, step, s[0], s[1], err)
				}
			}
			d.resize(100, 30)
		}
		for i, v := range views.All().Frames() {
			d.press(string(rune('1' + i)))
			at("view "+v.Name, allSizes)
			for _, keys := range []string{
				"enter", "down enter enter", "?", ":", "s", "/", "space", "a f", "a u", "a d", "a b", "f", "b", "l", "u", "e", "d", "c", "right right", "S", "enter / a enter n", "[", "]",
				"y", "y c", "a y", "enter y", "y r", "M",
			} {
				d.press(strings.Fields(keys)...)
				sizes := overlaySizes
				if testing.Short() {
					sizes = sizes[1:2]
				}
				at(fmt.Sprintf("view %s after %s", v.Name, keys), sizes)
				d.home()
			}
		}
		for name, change := range map[string]func(*live.Snapshot){"lost": d.lost(time.Minute), "incomplete": incomplete} {
			d.snap = change
			d.show()
			at(name, allSizes)
		}
	}
}

// home leaves whatever is open and goes back to the table, all rows shown.
func (d *driver) home() {
	d.press("esc", "esc", "esc", "left", "left")
}

// A monkey at the keyboard, with a network that fails and rows that come and go: nothing may panic, and every screen
// must fit.
func TestMonkey(t *testing.T) {
	keys := []string{
		"enter", "enter", "esc", "esc", "esc", "tab", "shift+tab", "space", "up", "down", "down", "left", "right", "pgup", "pgdown", "home", "end",
		"ctrl+d", "ctrl+u", "backspace", "f2", "1", "2", "3", "4", "5", "6", "7", "8", "9", "?", ":", "/", "s", "S", "a", "A", "f", "b", "l", "u", "e", "d",
		"y", "n", "p", "r", "z", "c", "x", "~", "!", "[", "]", "alt+left", "alt+right", "N", "n", "ctrl+p", "ctrl+n", "M", "j",
	}
	dir := t.TempDir()
	must(t, flag.Set("rapid.checks", "25")) // each has a server of its own
	t.Cleanup(func() { must(t, flag.Set("rapid.checks", "100")) })
	rapid.Check(t, func(rt *rapid.T) {
		fill := rapid.SampledFrom([]func(*world){shop, hostile, func(w *world) { shop(w); hostile(w) }}).Draw(rt, "fill")
		d := drive(t, options{flushDir: dir, readOnly: rapid.Bool().Draw(rt, "read-only")}, fill)
		defer d.core.Close()
		defer d.mini.Close()
		w := &world{t: t, core: d.core, mini: d.mini}
		d.read()
		seen := func() {
			if err := fits(d.m.View(), d.width(), d.height()); err != nil {
				rt.Fatal(err)
			}
		}
		press := func(rt *rapid.T) {
			d.press(rapid.SampledFrom(keys).Draw(rt, "key"))
			seen()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"press":       press,
			"press again": press,
			"press more":  press,
			"paste": func(rt *rapid.T) {
				d.send(tea.PasteMsg{Content: rapid.SampledFrom([]string{evil, "x\n", "store:~(", "1"}).Draw(rt, "text")})
				seen()
			},
			"wheel": func(rt *rapid.T) {
				d.send(tea.MouseWheelMsg{Button: rapid.SampledFrom([]tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown, tea.MouseWheelLeft}).Draw(rt, "way")})
				seen()
			},
			"click": func(rt *rapid.T) {
				d.clickAt(rapid.IntRange(-1, d.width()).Draw(rt, "x"), rapid.IntRange(-1, d.height()).Draw(rt, "y"))
				seen()
			},
			"resize": func(rt *rapid.T) {
				s := rapid.SampledFrom(allSizes).Draw(rt, "size")
				d.resize(s[0], s[1])
				seen()
			},
			"delete": func(rt *rapid.T) {
				if all := d.mini.Keys(); len(all) > 0 {
					d.mini.Del(rapid.SampledFrom(sorted(all)).Draw(rt, "raw key"))
				}
				d.read()
				seen()
			},
			"add": func(rt *rapid.T) {
				w.bump("user", rapid.SampledFrom([]string{"a", "all", "zz", evil}).Draw(rt, "generation"), 1)
				d.read()
				seen()
			},
			"clock": func(*rapid.T) {
				d.now = d.now.Add(3 * time.Second)
				d.send(tui.ClockMsg())
				seen()
			},
			"outage": func(*rapid.T) {
				d.snap = d.lost(0)
				d.show()
				seen()
				d.snap = func(*live.Snapshot) {}
			},
			"failure": func(*rapid.T) {
				d.mini.SetError("ERR \x1b[2J" + evil)
				d.press("y", "enter")
				d.mini.SetError("")
				seen()
			},
			"panic": func(*rapid.T) {
				d.send(tui.PanicMsg("boom\n" + evil))
				seen()
			},
		})
	})
}

// A view that asks for more than it should, and one that fails, end nothing.
func TestPanicsStayInTheirCommand(t *testing.T) {
	fail := true
	broken := &view.View{
		Name: "broken", Title: "Broken", Short: "B",
		Columns: []view.Column{{Title: "X", Text: func(live.Row, view.Clock) string { return "x" }}},
		Rows: func(s *live.Snapshot, _ live.Rows) live.Rows {
			if fail {
				panic("a view went wrong")
			}
			return s.Table("buffers")
		},
	}
	d := drive(t, options{views: append(slices.Clone(views.All().Frames()[:8]), broken)}, shop)
	d.read()
	d.press("9")
	d.shows("A part of the dashboard failed", "a view went wrong")
	d.read()
	d.read()
	d.press("esc")
	d.hides("A part of the dashboard failed")
	fail = false
	d.read()
	d.shows("[9 B]", "> x")
	if got := strings.Count(d.screen(), "\n"); got != 23 {
		t.Errorf("%d line ends", got)
	}
}
