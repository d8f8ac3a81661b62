package tui_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/core/record"
)

// What was done to many rows at once is one line of the list, and taken back at once.
func TestABulkActionIsOneUndo(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.press("a", "d")
	d.typed("3")
	d.act("enter")
	d.shows("No records here")
	d.press("Z")
	d.shows("delete of 3 records: cfg:blob", "can be undone")
	equal(t, "lines of the list", strings.Count(d.screen(), "can be undone"), 1)
	d.press("esc", "z")
	d.shows("put 3 records", "Type 3 to do it")
	d.typed("3")
	d.act("enter")
	equal(t, "the first", d.stored("blob"), "\x00\x01\xff\xfe")
	equal(t, "the second", d.stored("leader"), "host-4")
	equal(t, "the third", d.stored("replicas"), `{"web":3,"worker":{"min":1,"max":8}}`)
	d.press("z")
	d.shows("nothing to undo")
}

// Of an undo that was refused halfway the rest can still be taken back.
func TestTheRestOfABulkUndo(t *testing.T) {
	d := open(t, options{start: "records"}, func(w *world) {
		for i := range 5 {
			w.record("cfg", fmt.Sprint("k", i), "v", record.NoLeaseId)
		}
	})
	d.press("a", "d")
	d.typed("5")
	d.act("enter")
	(&world{t: t, core: d.core, mini: d.mini}).record("cfg", "k2", "another", record.NoLeaseId)
	d.read()
	d.press("z")
	d.typed("5")
	d.act("enter")
	d.shows("refused", "changed meanwhile")
	d.press("z")
	d.typed("2")
	d.act("enter")
	for i := range 5 {
		want := "v"
		if i == 2 {
			want = "another"
		}
		equal(t, fmt.Sprint("record ", i), d.stored(fmt.Sprint("k", i)), want)
	}
	d.press("z")
	d.shows("nothing to undo")
}

// A row that cannot be read keeps nobody from the others: it is left out by its name.
func TestUnreadableRowsAreLeftOut(t *testing.T) {
	d := open(t, options{start: "generations"}, shop, func(w *world) {
		must(w.t, w.mini.Set("gen:user:zzz", "no number"))
		must(w.t, w.mini.Set("gen:user:\u202e", "no number"))
	})
	d.press("a", "b")
	d.shows("bump 3 generations", `Left out, for they are unreadable, 2 rows: user:zzz, user:\u202e`, "Type 3 to do it")
	d.check()
	d.typed("3")
	d.act("enter")
	d.shows("done: bump of 3", "2 marked")
	equal(t, "a generation", d.get("gen:catalog:all"), "121")
	equal(t, "what cannot be read", d.get("gen:user:zzz"), "no number")
	d.press("Z")
	d.shows("bump of 3 generations: catalog:all")
	d.press("esc")
	d.to("single:user:42")
	d.press("space", "b") // one of the marked ones is left
	d.shows("bump user:single:user:42", "Left out, for they are unreadable, 2 rows: user:zzz")
	d.press("esc", "A", "end", "b")
	d.shows("the record is unreadable")
}

// The log keeps the commands of actions for as long as the dashboard runs, however much is read meanwhile.
func TestTheCommandLogKeepsActions(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.to("all")
	d.act("b", "enter")
	d.resize(160, 24)
	for range 600 {
		must(t, d.core.Conn.Get(ctx, "gen:user:single:user:42").Err())
		must(t, d.core.Conn.Del(ctx, "nothing").Err())
	}
	d.press("c")
	d.hides("gen:catalog:all")
	d.press("o")
	d.shows("gen:catalog:all", "the commands of actions")
	d.check()
	d.hides("GET gen:user")
	d.press("o", "/")
	d.typed("CATALOG:ALL")
	d.shows("gen:catalog:all", "all commands")
	d.hides("GET gen:user")
	d.check()
	d.press("enter")
	d.shows("gen:catalog:all")
	d.press("/", "esc")
	d.shows("DEL nothing")
	d.press("q")
	d.hides("Commands sent")
}
