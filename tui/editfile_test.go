package tui_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"holdfast/core/record"
	"holdfast/tui"
)

// runs lets an editor that is a shell command change the file, as the terminal would.
func (d *driver) runs(after time.Duration, change func(path string)) {
	d.t.Helper()
	if len(d.files) == 0 {
		d.t.Fatal("no editor was opened")
	}
	path := d.files[len(d.files)-1]
	change(path)
	d.now = d.now.Add(after)
	d.send(tui.EditorEnded(d.file, d.began))
}

func editing(t *testing.T, value string) *driver {
	d := open(t, options{start: "records"}, func(w *world) { w.record("cfg", "k", value, record.NoLeaseId) })
	t.Setenv("EDITOR", "true")
	d.press("e")
	return d
}

func write(t *testing.T, text string) func(string) {
	return func(path string) { must(t, os.WriteFile(path, []byte(text), 0o600)) }
}

// A text that came back empty is written only when that is asked for by name, whichever editor it came from.
func TestAnEmptyTextIsNotSavedByAccident(t *testing.T) {
	for _, text := range []string{"", "\n", " \n\t\n"} {
		for name, empties := range map[string]func(*driver){
			"of $EDITOR": func(d *driver) {
				t.Setenv("EDITOR", "true")
				d.press("e")
				d.runs(time.Minute, write(t, text))
			},
			"of the dashboard": func(d *driver) {
				d.press("e", "ctrl+k")
				d.send(paste(text))
				d.press("f2")
			},
		} {
			t.Run(name, func(t *testing.T) {
				d := open(t, options{start: "records"}, func(w *world) { w.record("cfg", "k", "value", record.NoLeaseId) })
				empties(d)
				d.shows("empty: cfg:k", "> back to what is stored <", "save it empty")
				d.check()
				d.press("esc")
				equal(t, "the value", d.stored("k"), "value")
				t.Setenv("EDITOR", "")
				empties(d)
				d.press("tab", "tab", "enter")
				d.shows("if it still has version")
				d.act("y")
				if got := strings.TrimSpace(d.stored("k")); got != "" {
					t.Errorf("stored %q", got)
				}
				d.act("z", "y")
				equal(t, "the value after undo", d.stored("k"), "value")
			})
		}
	}
}

// An editor that forks comes back at once: its file is kept, and its text taken when the operator says so.
func TestAnEditorThatForks(t *testing.T) {
	d := editing(t, "before")
	path := d.files[0]
	d.runs(300*time.Millisecond, func(string) {})
	d.shows("the editor returned at once", "> take it as it is now <", "leave the file")
	d.check()
	d.now = d.now.Add(time.Minute)
	d.press("enter") // too early
	d.shows("the editor returned at once")
	write(t, "after")(path)
	d.press("enter")
	d.shows("-before", "+after")
	d.act("y")
	equal(t, "the value", d.stored("k"), "after")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", path, err)
	}

	d = editing(t, "before")
	d.runs(300*time.Millisecond, func(string) {})
	d.press("esc")
	d.shows("the text stays in")
	text, err := os.ReadFile(d.files[0])
	must(t, err)
	equal(t, "the file", string(text), "before")
	must(t, os.Remove(d.files[0]))

	d = editing(t, "before") // somebody who looked at it and left
	d.runs(5*time.Second, func(string) {})
	d.shows("no change, nothing written")
}
