package tui_test

import (
	"os"
	"strings"
	"testing"
)

// late is an operator who saves mine into a record that somebody made theirs while the editor was open.
func late(t *testing.T, key string, edit func(d *driver), theirs string) *driver {
	t.Helper()
	d := open(t, options{start: "records"}, shop)
	d.to(key)
	d.press("e")
	edit(d)
	d.press("f2")
	d.shows("save records cfg:" + key)
	cas(d, key, theirs)
	d.act("y")
	d.shows("conflict on cfg:"+key, "nothing was written")
	equal(t, "the value", d.stored(key), theirs)
	return d
}

func mine(d *driver) { d.typed("mine-") }

// five makes "web": 3 a 5.
func five(d *driver) {
	d.press("down", "end", "backspace", "backspace")
	d.typed("5,")
}

const merged = `{"web":5,"worker":{"min":2,"max":8}}`

func TestConflict(t *testing.T) {
	t.Run("edit theirs", func(t *testing.T) {
		d := late(t, "leader", mine, "theirs")
		d.shows("theirs, against what you opened:", "+theirs", "yours, against what you opened:", "+mine-host-4", "!host-4", "> edit theirs <")
		d.press("enter")
		d.shows("edit cfg:leader", "theirs")
		d.typed("x-")
		d.act("f2", "y")
		equal(t, "the value", d.stored("leader"), "x-theirs")
	})
	t.Run("take theirs", func(t *testing.T) {
		d := late(t, "leader", mine, "theirs")
		d.press("tab", "enter")
		d.shows("what you wrote is dropped")
		equal(t, "the value", d.stored("leader"), "theirs")
	})
	t.Run("save mine over theirs", func(t *testing.T) {
		d := late(t, "leader", mine, "theirs")
		d.press("tab", "tab", "enter")
		d.shows("-theirs", "+mine-host-4", "save records cfg:leader")
		d.act("y")
		equal(t, "the value", d.stored("leader"), "mine-host-4")
	})
	t.Run("save mine over theirs, which changed again", func(t *testing.T) {
		d := late(t, "leader", mine, "theirs")
		d.press("tab", "tab", "enter")
		cas(d, "leader", "theirs again") // nobody has seen this
		d.act("y")
		d.shows("conflict on cfg:leader", "+theirs again")
		equal(t, "the value", d.stored("leader"), "theirs again")
	})
	t.Run("leave", func(t *testing.T) {
		d := late(t, "leader", mine, "theirs")
		d.shows("esc leave")
		d.press("esc")
		d.hides("conflict")
		d.shows("nothing written; your text is in ")
		_, path, _ := strings.Cut(d.screen(), "your text is in ")
		path, _, _ = strings.Cut(path, "\n")
		text, err := os.ReadFile(path)
		must(t, err)
		must(t, os.Remove(path))
		equal(t, "the text in the file", string(text), "mine-host-4")
		equal(t, "the value", d.stored("leader"), "theirs")
	})
	t.Run("the same", func(t *testing.T) {
		d := late(t, "leader", mine, "mine-host-4")
		d.shows("to exactly your text")
	})
	t.Run("scroll", func(t *testing.T) {
		d := late(t, "leader", mine, "theirs")
		d.resize(40, 10)
		d.shows("↓ conflict")
		d.press("end")
		d.shows("↑ conflict", "+mine-host-4")
	})
	t.Run("gone", func(t *testing.T) {
		d := open(t, options{start: "records"}, shop)
		d.to("leader")
		d.press("e")
		d.typed("mine-")
		d.press("f2")
		s, err := d.core.Records("cfg")
		must(t, err)
		must(t, s.Delete(ctx, "leader"))
		d.act("y")
		d.shows("not saved: cfg:leader", "> back to the text <")
	})
}

func TestConflictByMembers(t *testing.T) {
	t.Run("apart", func(t *testing.T) {
		d := late(t, "replicas", five, `{"web":3,"worker":{"min":2,"max":8}}`)
		d.shows("worker.min: only they changed it", "- theirs 2", "web: only you changed it", "was    3", "+ yours  5", "> edit merged <")
		d.hides("both changed it")
		d.press("enter")
		d.shows(`"web": 5,`, `"min": 2,`)
		d.press("f2")
		d.act("y")
		equal(t, "the value", d.stored("replicas"), merged)
	})
	t.Run("overlap", func(t *testing.T) {
		d := late(t, "replicas", five, `{"web":4,"worker":{"min":2,"max":8}}`)
		d.shows("! web: both changed it", "was    3", "- theirs 4", "+ yours  5", "worker.min: only they changed it", "> edit theirs <")
		d.check()
		d.press("enter")
		d.shows(`"web": 4,`)
	})
	t.Run("long values of a stranger", func(t *testing.T) {
		d := late(t, "replicas", five, `{"web":"`+strings.Repeat("日本\u202e", 600)+`"}`)
		d.check()
		d.resize(40, 10)
		d.check()
	})
}
