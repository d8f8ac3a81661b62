package tui_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/core/live"
	"holdfast/tui"
)

// What the frame says must be so of the rows that are shown, and of what the keys do there.

// Rows that cannot be read are counted only where all of them are shown.
func TestUnreadableRowsAreCountedWhereTheyAreShown(t *testing.T) {
	const counted = "1 unreadable (!)"
	d := open(t, options{start: "actors"}, shop)
	d.shows(counted)
	d.press("/")
	d.typed("agent")
	d.press("enter")
	d.shows("row 1 of 3", "hides 1")
	d.hides(counted)
	d.press("esc")
	d.shows(counted)

	d = open(t, options{start: "kv"}, shop, func(w *world) {
		w.put("other", "k", "v")
		_, err := w.mini.Lpush("kv:{other}:d:odd", "no value")
		must(w.t, err)
	})
	d.to("other")
	d.press("enter", "enter")
	d.shows("!other:odd")
	d.press("esc", "esc")
	d.to("flags")
	d.press("enter", "enter")
	d.shows("row 1 of 2", "Pairs of flags")
	d.hides(counted)
}

// A detail that shows a part of the content says so, and so does the copy of it.
func TestPartOfAContentIsCalledOne(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop, func(w *world) { w.push("large", 295) })
	d.to("large")
	d.press("enter")
	d.shows("Content, first 200 of 295 records, ")
	d.press("y")
	d.shows("the first 200 of 295 records")
	d.hides("the whole content")
	d.press("d")
	d.shows("copied the first 200 of 295 records, ")
	d.press("esc")
	d.to("orders")
	d.press("enter")
	d.hides("Content, first")
	d.press("y")
	d.shows("the whole content")

	d = open(t, options{start: "kv"}, shop, func(w *world) {
		for range 51 {
			w.put("busy", "k", "v")
		}
	})
	d.to("busy")
	d.press("enter")
	d.shows("Content, newest 50 changes, ")
}

// One row that an action is not for keeps it from all that are marked: the refusal says so, and leads to that row.
func TestBulkRefusalLeadsToItsRow(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.resize(140, 24)
	d.press("a", "end", "space", "up", "space", "d") // agent-1 and agent-2, of which one runs
	d.shows("refused: delete agent-1: only a suspended actor can be deleted", "nothing was done", "The cursor is on it: space", ">*agent-1")
	if !d.mini.Exists("actor:agent-2") {
		t.Error("an actor that was marked, too, is deleted")
	}
	d.press("space", "d")
	d.shows("delete actors agent-2 if it still has version")
	d.press("esc", "A", "home", "d")
	d.shows("refused: delete agent-1: only a suspended actor can be deleted")
	d.hides("nothing was done")
}

// A filter that hides the row under the cursor leads to the first row that it shows.
func TestFilterThatHidesTheCursorLeadsToTheFirstRow(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) {
		for _, name := range []string{"a1", "a2", "b1", "b2", "c"} {
			w.bump("ns", name, 1)
		}
	})
	d.to("c")
	d.press("/")
	d.typed("b")
	d.press("enter")
	d.shows("> b1", "row 1 of 2")
	d.press("down", "/")
	d.typed("2")
	d.press("enter")
	d.shows("> b2", "row 1 of 1") // it is still shown
	d.press("esc")
	d.shows("> b2", "row 4 of 5")
}

// A generation that cannot rise any more says so in words.
func TestBumpOfTheLargestGeneration(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) { must(w.t, w.mini.Set("gen:ns:key", "9223372036854775807")) })
	d.act("b", "y")
	d.shows("failed: bump ns:key: the generation is at its maximum")
}

// What became of an action names its row once, and no part of the program.
func TestFailureNamesItsRowOnce(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-2")
	d.press("l", "enter")
	d.mini.SetError("LOADING Redis is loading the dataset in memory")
	d.press("y")
	d.shows("failed: lock lock:actor:agent-2: LOADING Redis is loading the dataset in", "its token is")
	d.hides("actorstore")
}

// What somebody reads in the command log stays where it is, however much is sent meanwhile.
func TestCommandLogStandsStillWhileItIsRead(t *testing.T) {
	d := open(t, options{}, shop)
	sent := func(what string) {
		for i := range 600 { // more than the log keeps
			must(t, d.core.Conn.Set(ctx, what, i, 0).Err())
		}
		d.show()
	}
	sent("before")
	d.press("c", "pgup", "pgup")
	d.shows("↕ Commands sent, held: end goes on", "SET before 550")
	was := d.screen()
	sent("after")
	equal(t, "the screen", d.screen(), was)
	d.press("end")
	d.shows("SET after 599")
	d.hides("held: end goes on")
}

// A lock that was not taken by the primitive has no fencing number.
func TestLockWithoutAFence(t *testing.T) {
	d := open(t, options{start: "locks"}, func(w *world) { must(w.t, w.mini.Set("lock:foreign", "theirs")) })
	equal(t, "the row", strings.Fields(d.row())[3], "-")
	d.press("enter")
	d.shows("fence    -")
}

// However small the screen, it says how to get help and which server it shows.
func TestSmallScreensKeepHelpAndServer(t *testing.T) {
	for _, here := range []string{"", "prod"} {
		d := drive(t, options{readOnly: true, others: tui.Connections{Here: here}}, shop)
		d.snap = func(s *live.Snapshot) { s.Pushed = true }
		d.read()
		d.resize(40, 10)
		for i := range 9 {
			d.press(fmt.Sprint(i + 1))
			d.check()
			d.shows("? help", "READ-ONLY")
			d.press("enter")
			d.check()
			d.shows("? help")
			if i > 0 { // the overview has no details
				d.shows("esc back")
			}
			d.press("esc")
		}
		if here == "" {
			d.shows("redis.exam")
		} else {
			d.shows("prod", "red")
		}
		d.snap = func(s *live.Snapshot) {
			s.State, s.Err, s.Paused, s.ReadAt = live.Lost, errors.New("cut"), true, d.now.Add(-2*time.Hour)
		}
		d.show()
		d.check()
		d.shows("STALE", "PAUSED", "READ-")
	}
}
