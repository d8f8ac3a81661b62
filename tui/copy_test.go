package tui_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"holdfast/core/record"
)

// took holds the clipboard to what was copied last.
func (d *driver) took(want string) {
	d.t.Helper()
	if n := len(d.clipboard); n == 0 || d.clipboard[n-1] != want {
		d.t.Errorf("copied %q, want %q at the end", d.clipboard, want)
	}
}

func TestCopyOfARow(t *testing.T) {
	d := open(t, options{start: "locks"}, shop)
	d.press("y")
	d.shows("Copy of lock:actor:agent-1", "> k key", "r row", "c cell", "j JSON")
	d.press("k")
	d.took("lock:actor:agent-1")
	d.shows("copied the key, 18 bytes, if your terminal allows it")
	d.press("y", "r")
	if cells := strings.Split(d.clipboard[1], "\t"); len(cells) != 4 || cells[1] != "deploy-7f3a" || cells[2] != "2h00m" {
		t.Errorf("copied %q", cells)
	}
	d.press("y", "c")
	d.shows("Copy which cell", "deploy-7f3a")
	d.typed("tok")
	d.press("enter")
	d.took("deploy-7f3a")
	d.shows("copied TOKEN, 11 bytes")
	d.press("y", "j")
	var got struct{ Key, Token string }
	must(t, json.Unmarshal([]byte(d.clipboard[3]), &got))
	equal(t, "the JSON", fmt.Sprint(got), "{lock:actor:agent-1 deploy-7f3a}")
	d.press("y", "down", "enter") // without knowing the keys
	d.shows("copied the row")
	d.press("y", "esc", "y", "q")
	equal(t, "copies", len(d.clipboard), 5)
}

func TestCopyOfMarkedRows(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.press("a", "y")
	d.shows("Copy of 3 marked rows, a line each")
	d.press("k")
	d.took("gen:catalog:all\ngen:user:single:user:42\ngen:user:single:user:7")
	d.shows("copied the key of 3 rows")
	d.press("y", "r")
	if lines := strings.Split(d.clipboard[1], "\n"); len(lines) != 3 || slices.ContainsFunc(lines, func(l string) bool { return strings.Count(l, "\t") != 3 }) {
		t.Errorf("copied %q", lines)
	}
}

func TestCopyOfTheContent(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.press("enter", "y")
	d.shows("> d content")
	d.press("y") // twice the same key: what is nearest
	d.took("host-4")
	d.shows("copied the content, 6 bytes")
	d.press("esc")
	d.to("blob")
	d.press("enter", "y", "d")
	d.took("AAH//g==")
	d.shows("copied the content as base64")
}

// What is copied is what is stored. That it is more than it shows as is said.
func TestCopySaysWhatDoesNotShow(t *testing.T) {
	const value = "a\tb\r\nc\x1b[2J\u202e"
	d := open(t, options{start: "records"}, hostile, func(w *world) { w.record("cfg", "zz", value, record.NoLeaseId) })
	d.to("zz")
	d.press("enter", "y", "y", "esc")
	d.took(value)
	d.shows("copied the content, which has characters that do not show, 13 bytes")
	d.to("plain")
	d.press("y", "c")
	d.typed("val")
	d.press("enter")
	d.took("harmless")
	d.hides("do not show")
	d.press("a", "y", "r") // a line a row, whatever is in them
	rows := csv.NewReader(strings.NewReader(d.clipboard[2]))
	rows.Comma = '\t'
	all, err := rows.ReadAll()
	must(t, err)
	if !slices.ContainsFunc(all, func(cells []string) bool {
		return cells[0] == "zz" && cells[4] == strings.ReplaceAll(value, "\r\n", "\n")
	}) {
		t.Errorf("copied %q", all) // the reader drops the carriage return
	}
}

// Half of a text would be taken for the whole.
func TestCopyIsAllOrNothing(t *testing.T) {
	d := open(t, options{start: "records"}, func(w *world) {
		w.record("cfg", "large", strings.Repeat("x", 100_001), record.NoLeaseId)
		w.record("cfg", "most", strings.Repeat("x", 100_000), record.NoLeaseId)
	})
	d.press("enter", "y", "y")
	d.shows("refused: copy the content: more than the 100,000 bytes", "`holdfast get` prints it")
	equal(t, "copies", len(d.clipboard), 0)
	d.press("esc", "down", "enter", "y", "y")
	equal(t, "bytes", len(d.clipboard[0]), 100_000)
}

func TestCopyOfTooManyRows(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) {
		for i := range 1100 {
			w.bump("n", fmt.Sprintf("%0100d", i), 1)
		}
	})
	d.press("a", "y", "k")
	d.shows("refused: copy the key of 1,100 rows: more than the 100,000 bytes")
	equal(t, "copies", len(d.clipboard), 0)
}

func TestCopyWithoutARow(t *testing.T) {
	d := open(t, options{start: "leases"})
	d.press("y")
	d.shows("there is no row here to copy")
	d.press("1", "y") // rows that are no keys
	d.hides("> k key")
	d.shows("> r row")
}
