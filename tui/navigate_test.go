package tui_test

import (
	"fmt"
	"image/color"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/keymap"
	"holdfast/views"
)

func TestViewsByKey(t *testing.T) {
	d := open(t, options{}, shop)
	names := []string{"Overview", "Buffers", "Generations", "Actors", "Workers", "Locks", "Leases", "Records", "KV"}
	d.resize(160, 24)
	for i, name := range names {
		d.press(fmt.Sprint(i + 1))
		d.shows(fmt.Sprintf("[%d %s", i+1, name))
	}
	d.press("0")
	d.shows("[10 Findings")
	d.press("tab")
	d.shows("[1 Overview")
	d.press("shift+tab")
	d.shows("[10 Findings")
}

func TestAViewThatIsNotThere(t *testing.T) {
	d := open(t, options{views: views.All().Frames()[:8]}, shop)
	d.press("8", "9")
	d.shows("there are 8 views", "[8 Rec")
}

// What has no tab of its own is reached through its parent, counts as part of it, and leads back there.
func TestTheKeysOfADatabaseBelongToItsTab(t *testing.T) {
	d := open(t, options{}, func(w *world) { shop(w); w.put("other", "elsewhere", "v") })
	d.press("9")
	d.to("flags")
	d.press("enter", "enter")
	d.shows("[9 KV", "Pairs of flags", "dark-mode", "new-cart")
	d.hides("elsewhere")
	d.press("tab")
	d.shows("[10 Find]")
	d.press("9", "enter", "enter", "esc")
	d.shows("KV flags")
	d.press("esc")
	d.shows("DATABASE")
	d.hides("dark-mode")
}

// The documents beside actors are counted where there are any, and listed from there: all of them, also after an actor led to
// one.
func TestTheOverviewLeadsToTheDocumentsBesideActors(t *testing.T) {
	open(t, options{}, shop).hides("documents")
	d := open(t, options{}, func(w *world) {
		for key, doc := range map[string]string{
			"actor:sp:a1":          `{"metadata":{"atespace":"sp","name":"a1"},"actorTemplate":{"atespace":"sp","name":"t1"},"status":{"state":"ACTOR_STATE_PAUSED"}}`,
			"actor-template:sp:t1": `{"metadata":{"atespace":"sp","name":"t1","version":"7"}}`,
			"actor-snapshot:sp:s1": `{"metadata":{"atespace":"sp","name":"s1"}}`,
			"atespace:other":       `{"metadata":{"name":"other"}}`,
		} {
			must(w.t, w.mini.Set(key, doc))
		}
	})
	d.shows("documents")
	list := func() {
		d.press("1")
		d.to("documents")
		d.press("enter")
		d.shows("[4 Act", "t1", "s1", "other", "actor-snapshot")
	}
	list()
	d.press("4", "enter")
	d.shows("actor-template")
	d.press("enter")
	d.shows("only shows the documents of this writer", "t1")
	list()
}

func TestStartView(t *testing.T) {
	open(t, options{start: "locks"}, shop).shows("[6 Loc")
}

func TestMoving(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) {
		for i := range 60 {
			w.bump("n", fmt.Sprintf("k%02d", i), 1)
		}
	})
	at := func(row, first string) {
		t.Helper()
		if got := strings.Fields(d.row())[0]; got != row {
			t.Errorf("the cursor is on %s, want %s", got, row)
		}
		if got := strings.Fields(strings.Split(d.screen(), "\n")[3])[0]; strings.TrimPrefix(got, ">") != first && got != ">" {
			t.Errorf("the first row is %s, want %s", got, first)
		}
	}
	for _, step := range []struct{ key, row, first string }{
		{"up", "k00", "k00"}, {"down", "k01", ""}, {"j", "k02", ""}, {"k", "k01", ""}, {"pgdown", "k19", "k02"}, {"ctrl+f", "k37", "k20"},
		{"pgup", "k19", "k19"}, {"ctrl+d", "k28", "k19"}, {"ctrl+u", "k19", "k19"}, {"G", "k59", "k42"}, {"down", "k59", "k42"}, {"g", "k00", "k00"},
		{"end", "k59", "k42"}, {"home", "k00", "k00"},
	} {
		d.press(step.key)
		if step.first == "" {
			step.first = "k00"
		}
		at(step.row, step.first)
	}
	d.shows("row 1 of 60")
	d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	d.shows("row 4 of 60")
	d.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	d.send(tea.MouseWheelMsg{Button: tea.MouseWheelLeft})
	d.shows("row 1 of 60")
}

// esc goes back one step at a time: the overlay, the marks, the filter, and along the way one came.
func TestBack(t *testing.T) {
	d := open(t, options{}, shop)
	d.to("generations")
	d.press("enter") // the overview leads to them
	d.shows("[3 Gen")
	d.press("/")
	d.typed("user")
	d.press("enter", "space", "?")
	d.shows("Keys of Generations")
	d.press("esc")
	d.shows("1 marked")
	d.hides("Keys of")
	d.press("enter")
	d.shows("Generations user:single:user:7")
	d.press("esc")
	d.shows("1 marked", "filter user")
	d.press("esc")
	d.shows("filter user")
	d.hides("marked")
	d.press("esc")
	d.hides("filter user")
	d.shows("[3 Gen")
	d.press("esc")
	d.shows("[1 All")
	d.press("esc")
	d.shows("[1 All")
}

func TestPauseAndRefresh(t *testing.T) {
	d := open(t, options{}, shop)
	d.press("p")
	d.show()
	d.shows("PAUSED")
	d.press("p", "p") // faster than the snapshots come
	d.show()
	d.shows("PAUSED")
	d.press("p")
	d.show()
	d.shows("POLL 1s")
	d.snap = func(s *live.Snapshot) { s.Pushed = true }
	d.show()
	d.shows("LIVE (pushed)")
	d.press("r")
	d.shows("reading again")
	d.snap = d.lost(0)
	d.now = d.now.Add(time.Minute)
	d.show()
	d.press("r")
	d.hides("reading again") // there the countdown says more
}

func TestFilterLine(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.press("/")
	d.typed("user")
	d.shows("/user", "row 1 of 2", "filter user hides 1")
	d.typed(" ~[")
	d.shows("error parsing regexp", "row 1 of 2") // the rows stay as they are
	d.press("enter")
	d.shows("error parsing regexp") // and the line stays open
	d.press("backspace", "backspace", "backspace", "enter")
	d.shows("filter user hides 1")
	d.press("/")
	d.shows("/user")
	d.press("esc")
	d.shows("row 2 of 3")
	d.press("/")
	d.send(tea.PasteMsg{Content: "ca\u202et\x1b[2J\n"})
	d.shows(`/ca\u202et\x1b[2J`, "Nothing matches")
	d.press("esc")
	d.press("/", "q", "?", "1") // keys are text here
	d.shows("/q?1")
	d.press("ctrl+c")
	equal(t, "quit", d.quit, true)
}

// The cursor stays on its row while a filter is typed and taken away, also when what was arranged comes late.
func TestLateArrangementDoesNotMoveTheCursor(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.to("single:user:42")
	d.press("/")
	late := d.m.Route(key("c")) // "c" is being arranged …
	d.press("esc")              // … when the filter goes
	d.run(late)
	if !strings.Contains(d.row(), "single:user:42") {
		t.Errorf("the cursor is on %q", d.row())
	}
	d.shows("row 2 of 3")
}

// While one tab is being arranged, another one can be looked at, and gets its turn.
func TestTabSwitchWhileArranging(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.press("2", "S", "3", "/")
	late := d.m.Route(key("a"))
	d.press("enter", "2")
	d.shows("[2 Buf")
	d.run(late)
	d.shows("STORE▼", "row 3 of 3")
	d.press("3")
	d.shows("filter a hides 2", "> all")
}

// An arrangement that takes long rests before it follows newer rows, but not before it follows the operator.
func TestArrangingRests(t *testing.T) {
	slow := true
	all := views.All().Frames()
	frame := *all[0]
	count := 0
	frame.Rows = func(s *live.Snapshot, _ live.Rows) live.Rows {
		if count++; slow {
			<-time.After(20 * time.Millisecond)
		}
		return s.Table("buffers")
	}
	frame.Columns, frame.Span, frame.Open = all[1].Columns, nil, nil
	all[0] = &frame
	d := drive(t, options{views: all}, shop)
	d.read()
	was := count
	for range 5 {
		d.show() // the clock stands still
	}
	equal(t, "the number of arrangements meanwhile", count, was)
	d.press("S")
	equal(t, "the number of arrangements for the operator", count, was+1)
	d.now = d.now.Add(time.Minute)
	d.show()
	if count == was+1 {
		t.Error("newer rows are never arranged")
	}
}

// A new order looks at every row, but what follows it is cheap: a change is not made to wait because it took long.
func TestNothingRestsAfterANewOrder(t *testing.T) {
	var server *world
	d := open(t, options{start: "generations"}, shop, func(w *world) { server = w })
	d.press("S")
	server.bump("user", "42", 500)
	d.read() // the clock stands still
	d.shows("500")
}

func TestSort(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop)
	order := func(want ...string) {
		t.Helper()
		lines := strings.Split(d.screen(), "\n")[3 : 3+len(want)]
		for i, l := range lines {
			if got := strings.Fields(strings.TrimLeft(l, " >*!~"))[0]; got != want[i] {
				t.Fatalf("row %d is %s, want %s:\n%s", i, got, want[i], d.screen())
			}
		}
	}
	order("clicks", "invoices", "orders")
	d.press("S")
	d.shows("STORE▼")
	order("orders", "invoices", "clicks")
	d.press("S", "s")
	d.typed("records")
	d.press("enter")
	d.shows("RECORDS▲", "sorted by RECORDS, ascending")
	order("invoices", "clicks", "orders")
	d.press("s")
	d.typed("records")
	d.shows("sorted by this: choose again to reverse")
	d.press("enter")
	d.shows("RECORDS▼", "descending")
	order("orders", "clicks", "invoices")
	d.press("s", "down", "down", "up", "enter")
	d.shows("STATE▲")
	d.press("s", "esc")
	d.shows("STATE▲")
	d.press("1", "s")
	d.shows("overview has a fixed order")
}

func TestPalette(t *testing.T) {
	d := open(t, options{}, shop)
	d.press(":")
	d.typed("recor")
	d.press("enter")
	d.shows("[8 Rec")
	d.press(":")
	d.typed("qqqq")
	d.shows("nothing matches")
	d.press("enter", "esc")
	d.press("2", ":")
	d.typed("flush")
	d.press("enter")
	d.shows("flush ", "> no <")
	d.press("esc", ":")
	d.typed("help")
	d.press("enter")
	d.shows("Keys of Buffers", "In a table") // of the table, not of the palette
	d.press("esc", ":")
	d.typed("filter")
	d.press("enter")
	d.typed("orders")
	d.shows("/orders", "row 1 of 1")
	d.press("esc", "7", ":")
	d.typed("release")
	d.shows("release the lease") // in the view's words
	d.press("esc", "enter", ":")
	d.typed("next link")
	d.press("enter")
	d.shows("Leases cfg:1")
	d.press(":")
	d.typed("quit")
	if n := strings.Count(d.screen(), "  quit  "); n > 1 {
		t.Errorf("quit stands there %d times", n)
	}
	d.press("enter")
	equal(t, "quit", d.quit, true)
}

func TestPaletteByMouse(t *testing.T) {
	d := open(t, options{}, shop)
	d.press(":")
	d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	d.press("enter")
	d.shows("[4 Act")
	d.press("?")
	d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	d.shows("↕ Keys of Actors")
	d.press("q")
	equal(t, "quit", d.quit, false) // q closes the help
	d.press("q")
	equal(t, "quit", d.quit, true)
}

func TestRemappedKeys(t *testing.T) {
	d := open(t, options{start: "generations", keys: map[keymap.Action][]string{
		keymap.Bump: {"B", "f5"}, keymap.Down: {"ctrl+n"}, keymap.Undo: {}, keymap.Back: {"backspace"}, keymap.Yes: {"j"},
	}}, shop)
	d.press("b", "z", "down")
	d.shows("row 1 of 3", "B bump")
	d.press("ctrl+n")
	d.shows("row 2 of 3")
	d.press("f5")
	d.shows("j yes")
	d.press("y")
	equal(t, "the generation", d.get("gen:user:single:user:42"), "7")
	d.act("j")
	equal(t, "the generation", d.get("gen:user:single:user:42"), "8")
	d.press("/")
	d.typed("zzz")
	d.press("enter")
	d.shows("Nothing matches zzz. backspace removes the filter.")
}

// What cannot be seen cannot be answered.
func TestKeysOnATerminalTooSmall(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.to("all")
	d.press("b")
	d.resize(39, 24)
	d.shows("terminal too small: 39x24, need 40x10")
	d.press("y", "enter", "2")
	equal(t, "the generation", d.get("gen:catalog:all"), "120")
	d.resize(80, 24)
	d.shows("bump catalog:all", "[3 Gen")
	d.resize(20, 5)
	d.press("q")
	equal(t, "quit", d.quit, true)
}

func TestCommandLogMoves(t *testing.T) {
	d := open(t, options{}, shop)
	d.press("c")
	d.shows("Commands sent", "↑")
	must(t, d.core.Conn.Set(ctx, "mark", "here", 0).Err())
	d.show()
	d.shows("SET mark here") // the end is followed
	d.press("up", "up", "up")
	for i := range 20 {
		must(t, d.core.Conn.Set(ctx, "other", i, 0).Err())
	}
	d.show()
	d.shows("↕ Commands sent") // until one looks elsewhere
	d.hides("SET other 19")
	d.press("end")
	d.shows("SET other 19")
	must(t, d.core.Conn.Set(ctx, "mark", "again", 0).Err())
	d.show()
	d.shows("SET mark again")
	d.press("q")
	d.hides("Commands sent")
}

func TestViewAsksForTheWholeScreen(t *testing.T) {
	d := open(t, options{}, shop)
	v := d.m.View()
	if !v.AltScreen || v.WindowTitle != "holdfast redis.example:6379" {
		t.Errorf("alternate screen %v, title %q", v.AltScreen, v.WindowTitle)
	}
	d.core.Conn.Addr = "/tmp/\x1b]0;evil\a.sock"
	d.check()
	if d.m.Init() == nil {
		t.Error("nothing is waited for")
	}
}

func TestThemeFollowsTheBackground(t *testing.T) {
	d := open(t, options{}, shop)
	d.press("8", "enter")
	dark, text := d.m.View().Content, d.screen()
	d.send(tea.BackgroundColorMsg{Color: color.White})
	if d.m.View().Content == dark {
		t.Error("nothing changed")
	}
	equal(t, "the text", d.screen(), text)
}
