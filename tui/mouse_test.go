package tui_test

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"holdfast/tui"
	"holdfast/views"
)

// place finds a text on the screen: the cell and the line where it begins.
func (d *driver) place(text string) (x, y int) {
	d.t.Helper()
	for y, l := range strings.Split(d.screen(), "\n") {
		if before, _, ok := strings.Cut(l, text); ok {
			return ansi.StringWidth(before), y
		}
	}
	d.t.Fatalf("%q is not on the screen:\n%s", text, d.screen())
	return 0, 0
}

func (d *driver) clickAt(x, y int) { d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }

// click clicks where a text stands.
func (d *driver) click(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		x, y := d.place(text)
		d.clickAt(x, y)
	}
}

var clickSizes = [][2]int{{40, 10}, {80, 24}, {119, 30}, {120, 30}, {200, 60}, {300, 100}}

// each runs a test at several sizes.
func eachSize(t *testing.T, f func(*testing.T, [2]int)) {
	for _, s := range clickSizes {
		t.Run(fmt.Sprintf("%dx%d", s[0], s[1]), func(t *testing.T) { f(t, s) })
	}
}

// clickTab clicks on a tab, in whichever form it is written.
func (d *driver) clickTab(n int) {
	d.t.Helper()
	line := " " + strings.Split(d.screen(), "\n")[1] + " "
	v := views.All().Frames()[n-1]
	for _, text := range []string{v.Title, v.Short, ""} {
		for _, before := range []string{" ", "["} {
			if x := strings.Index(line, strings.TrimRight(fmt.Sprintf("%s%d %s", before, n, text), " ")+map[bool]string{true: " "}[text == ""]); x >= 0 {
				d.clickAt(x, 1)
				return
			}
		}
	}
	d.t.Fatalf("there is no tab %d in %q", n, line)
}

func TestClickOnATab(t *testing.T) {
	eachSize(t, func(t *testing.T, s [2]int) {
		d := open(t, options{}, shop)
		d.resize(s[0], s[1])
		for n := 9; n > 0; n-- {
			d.clickTab(n)
			d.shows(fmt.Sprintf("[%d ", n))
		}
		d.press("4", "enter")
		d.clickTab(6) // also from a detail
		d.shows("[6 ", "> lock:actor:agent-1")
		d.clickAt(s[0]-1, 0)
		d.clickAt(s[0]-1, 1)
		d.shows("[6 ", "> lock:actor:agent-1")
	})
}

func TestClickOnARow(t *testing.T) {
	eachSize(t, func(t *testing.T, s [2]int) {
		d := open(t, options{start: "actors"}, shop)
		d.resize(s[0], s[1])
		d.click("agent-2")
		d.shows("> agent-2")
		d.hides("Actors agent-2")
		d.click("agent-2")
		d.shows("Actors agent-2")
		d.press("esc")
		d.shows("> agent-2")
		d.clickAt(5, s[1]-2) // below the rows
		d.send(tea.MouseClickMsg{X: 2, Y: 3, Button: tea.MouseRight})
		d.shows("> agent-2")
	})
}

// A click means what stood there when it was drawn, whatever came since.
func TestClickOnARowThatMoved(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	_, y := d.place("agent-3")
	d.m.View()
	d.mini.Del("actor:agent-2")
	_, err := d.core.Live.ReadAll(ctx)
	must(t, err)
	d.run(d.m.RouteOnly(tui.SnapshotMsg(d.core.Live.Snapshot())))
	d.run(d.m.RouteOnly(tea.MouseClickMsg{X: 4, Y: y, Button: tea.MouseLeft}))
	d.resize(80, 24)
	d.shows("> agent-3")
}

func TestClickOnATitleSorts(t *testing.T) {
	eachSize(t, func(t *testing.T, s [2]int) {
		d := open(t, options{start: "generations"}, shop)
		d.resize(s[0], s[1])
		d.click("NAMESPACE")
		d.shows("sorted by NAMESPACE", "NAMESPACE▲")
		d.click("NAMESPACE▲")
		d.shows("sorted by NAMESPACE", "NAMESPACE▼")
		d.click("▼")
		d.shows("NAMESPACE▲")
		d.press("1")
		d.click("WHAT")
		d.shows("has a fixed order")
	})
}

func TestClickBesideADetail(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.resize(160, 45)
	d.press("enter")
	d.shows("Actors agent-1")
	d.click("agent-2") // moves the cursor, the detail stays
	d.shows("> agent-2", "Actors agent-1")
	d.click("agent-2")
	d.shows("> agent-2", "Actors agent-2")
	d.press("esc")
	d.hides("Actors agent-2") // one step back, not two
	d.shows("> agent-2")
}

func TestClickOnALink(t *testing.T) {
	eachSize(t, func(t *testing.T, s [2]int) {
		d := open(t, options{start: "actors"}, shop)
		d.resize(s[0], s[1])
		d.press("enter")
		for range 20 {
			if strings.Contains(d.screen(), "locked by  locks") {
				break
			}
			d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown, X: s[0] - 2, Y: 4})
		}
		d.click("locked by  locks")
		d.shows("Locks lock:actor:agent")
		d.press("esc")
		d.shows("Actors agent-1", "> locked by")
	})
}

// The wheel moves what is under the pointer.
func TestWheelGoesByThePointer(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) {
		for i := range 60 {
			w.bump("n", fmt.Sprintf("k%02d", i), 1)
		}
	})
	d.resize(160, 14)
	d.press("enter")
	d.shows("> k00", "lines 1-")
	d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown, X: 5, Y: 6})
	d.shows("> k03", "lines 1-", "Generations n:k00")
	d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown, X: 150, Y: 6})
	d.shows("> k03", "lines 4-")
}

func TestClickBesideAnOverlay(t *testing.T) {
	beside := func(d *driver) { d.clickAt(0, 0) }
	for _, c := range []struct {
		name  string
		setup func(*driver)
		open  string // a text of what is open
		shuts bool
	}{
		{"help", func(d *driver) { d.press("?") }, "Keys of Records", true},
		{"palette", func(d *driver) { d.press(":") }, "Go to a view", true},
		{"palette with a text", func(d *driver) { d.press(":"); d.typed("fl") }, "Go to a view", false},
		{"copy menu", func(d *driver) { d.press("y") }, "Copy of", true},
		{"question", func(d *driver) { d.press("d") }, "> no <", false},
		{"form", func(d *driver) { d.press("6", "l") }, "take a lock", true},
		{"form with a text", func(d *driver) { d.press("6", "l"); d.typed("x") }, "take a lock", false},
		{"editor", func(d *driver) { d.to("leader"); d.press("e") }, "edit cfg:leader", false},
		{"bulk", func(d *driver) { d.press("2", "a", "f") }, "Type 3 to do it", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, options{start: "records"}, shop)
			c.setup(d)
			d.shows(c.open)
			beside(d)
			if c.shuts {
				d.hides(c.open)
			} else {
				d.shows(c.open)
			}
		})
	}
}

func TestClickInAnOverlay(t *testing.T) {
	eachSize(t, func(t *testing.T, s [2]int) {
		d := open(t, options{start: "records"}, shop)
		d.resize(s[0], s[1])
		d.press(":")
		d.click("view 2")
		d.shows("> Buffers")
		d.click("view 2")
		d.shows("[2 ")

		d.press("y")
		d.click("r row")
		d.click("r row")
		equal(t, "copies", len(d.clipboard), 1)

		d.press("6", "l")
		d.click("  expires after")
		d.typed("x")
		d.shows("> expires after", "30sx")
		d.press("esc")
		d.press("8", "d")
		d.click("yes")
		d.shows("> yes <")
		d.click("> yes <") // what destroys something wants a key
		d.shows("> yes <")
		d.click("no ")
		d.click("> no <")
		d.hides("> no <", "deleted")
	})
}

func TestClickWhileAPromptIsOpen(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.press("/")
	d.typed("agent")
	d.click("agent-2")
	d.shows("> agent-2", "filter agent hides 1")
	d.press("/", "backspace", "backspace", "backspace", "backspace", "backspace")
	d.typed("~[")
	d.click("agent-3")
	d.shows("/~[", "> agent-2") // it is not clear what shall be shown
}

func TestMouseCanBeLeftToTheTerminal(t *testing.T) {
	d := open(t, options{}, shop)
	equal(t, "mode", d.m.View().MouseMode, tea.MouseModeCellMotion)
	d.press("M")
	d.shows("select text as usual; M takes it back")
	equal(t, "mode", d.m.View().MouseMode, tea.MouseModeNone)
	d.press("M")
	d.shows("hold shift to select text")
	equal(t, "mode", d.m.View().MouseMode, tea.MouseModeCellMotion)
}
