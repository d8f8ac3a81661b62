package tui_test

import (
	"strings"
	"testing"
	"time"

	"holdfast/core/record"
)

func TestEditAndUndo(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("replicas")
	d.press("e")
	d.shows("edit cfg:replicas", `"web": 3,`)
	d.press("f2")
	d.shows("no change, nothing written")

	d.press("e", "down", "end", "backspace", "backspace")
	d.typed("5,")
	d.press("f2")
	d.shows(`-  "web": 3,`, `+  "web": 5,`, "if it still has version 2", "> yes <")
	d.press("tab", "enter")
	d.shows("edit cfg:replicas", `"web": 5,`) // back to the text
	d.press("f2")
	d.shows("esc back to the text", "  discard it  ")
	d.press("esc")
	d.shows("edit cfg:replicas", `"web": 5,`)
	d.act("f2", "y")
	d.shows("done: saved cfg:replicas, version 5")
	equal(t, "the value", d.stored("replicas"), `{"web":5,"worker":{"min":1,"max":8}}`)

	d.act("z", "y")
	equal(t, "the value after undo", d.stored("replicas"), `{"web":3,"worker":{"min":1,"max":8}}`)
	d.press("z")
	d.shows("nothing to undo") // an undo is not undone by the same key
}

func TestEditOfActorKeepsWhatIsUnknown(t *testing.T) {
	d := open(t, options{start: "actors"}, func(w *world) {
		must(w.t, w.mini.Set("actor:a1", `{"actorId":"a1","version":"7","ateomPodIp":"10.0.0.7","keep":{"me":[1,2]}}`))
		w.mini.SetTTL("actor:a1", time.Hour)
	})
	d.press("e", "down", "down", "down", "end", "left", "left", "backspace")
	d.shows(`"keep": {`, `"ateomPodIp": "10.0.0."`)
	d.typed("8")
	d.act("f2", "y")
	d.shows("done: saved a1, version 8", "10.0.0.8")
	equal(t, "the document", d.get("actor:a1"), `{"actorId":"a1","version":"8","ateomPodIp":"10.0.0.8","keep":{"me":[1,2]}}`)
	equal(t, "its time to live", d.mini.TTL("actor:a1"), time.Hour)
}

func TestWrongDocumentIsKept(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("replicas")
	d.press("e")
	d.typed("oops")
	d.press("f2")
	d.shows("not saved: cfg:replicas", "not valid JSON", "> back to the text <")
	d.press("enter")
	d.shows("oops{")
	d.press("esc")
	d.shows("the text was changed and is not saved")
	d.shows("esc back to the text")
	d.press("esc")
	d.hides("not saved")
	d.shows("oops{") // however often esc is pressed, nothing is dropped
	d.press("esc", "esc", "esc", "tab", "enter")
	d.hides("oops{", "not saved")
	d.press("e", "esc")
	d.hides("not saved") // nothing was changed
	equal(t, "the value", d.stored("replicas"), `{"web":3,"worker":{"min":1,"max":8}}`)
}

// What the operator wrote is not lost with the connection.
func TestUnsavedTextIsKept(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.press("e")
	d.typed("mine-")
	d.press("f2")
	d.mini.SetError("LOADING Redis is loading the dataset in memory")
	d.press("y")
	d.mini.SetError("")
	d.shows("not saved: cfg:leader", "LOADING", "> back to the text <")
	cas(d, "leader", "theirs") // the version of the first reading still counts
	d.press("enter", "f2")
	d.act("y")
	d.shows("conflict on cfg:leader")
}

func TestUndoThatComesTooLate(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.press("e")
	d.typed("mine-")
	d.act("f2", "y")
	cas(d, "leader", "theirs")
	d.act("z", "y")
	d.shows("refused: edit cfg:leader: changed meanwhile")
	equal(t, "the value", d.stored("leader"), "theirs")
	d.press("z")
	d.shows("nothing to undo") // it never will be
}

// A text that is opened in the inline editor and saved is what it was.
func TestInlineEditorManglesNothing(t *testing.T) {
	for name, value := range map[string]string{
		"lines": strings.Repeat("x\n", 300) + "end", "empty": "", "no line end": "a\nb", "line ends": "a\n\n", "wide": "日本 é",
		"tab": "a\tb", "escape": "a\x1b[31mb", "carriage return": "a\r\nb", "bidi": "a\u202eb", "joined": "👨‍👩‍👧", "JSON with a tab": "{\"a\":\t1}",
		"many lines": strings.Repeat("x\n", 11_000),
	} {
		d := open(t, options{start: "records"}, func(w *world) { w.record("cfg", "k", value, record.NoLeaseId) })
		d.press("e")
		d.shows("edit cfg:k")
		d.press("f2")
		d.shows("no change, nothing written")
		if t.Failed() {
			t.Log(name)
		}
	}
}

func TestBinaryIsEditedAsBase64(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("blob")
	d.press("e")
	d.shows("AAH//g==")
	d.press("end", "backspace", "backspace", "backspace")
	d.typed("g==")
	d.press("f2")
	d.shows("no change")
	d.press("e")
	d.typed("AAAA")
	d.act("f2", "y")
	equal(t, "the value", d.stored("blob"), "\x00\x00\x00\x00\x01\xff\xfe")
}

// stored is the value of a record of the namespace cfg.
func (d *driver) stored(key string) string {
	d.t.Helper()
	s, err := d.core.Records("cfg")
	must(d.t, err)
	r, err := s.Get(ctx, record.Key(key))
	must(d.t, err)
	return string(r.Value)
}
