package tui_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/core/record"
)

// at fails the test unless the cursor is on the row that starts with a name.
func (d *driver) at(name string) {
	d.t.Helper()
	if row := strings.TrimLeft(d.row(), " *!~"); !strings.HasPrefix(row, name) {
		d.t.Fatalf("the cursor is on %q, not on %s:\n%s", row, name, d.screen())
	}
}

// cities are keys of one database, enough for several pages.
func cities(w *world) {
	for _, name := range []string{"amsterdam", "Berlin", "berlin/mitte", "brno", "köln", "Zürich", "100%", "a{b}:c"} {
		w.put("cities", name, "1")
	}
	for i := range 60 {
		w.put("cities", fmt.Sprintf("m/%02d", i), "1")
	}
	w.put("cities2", "brno", "1")
	w.record("cfg", "b", "1", record.NoLeaseId)
	w.record("cfg", "B", "1", record.NoLeaseId)
	w.record("cfg", "c", "1", record.NoLeaseId)
	w.record("etc", "bb", "1", record.NoLeaseId)
}

func TestAJumpLeadsToTheFirstRowThatBeginsSo(t *testing.T) {
	d := open(t, options{}, cities)
	d.press("9", "enter", "enter")
	for text, want := range map[string]string{
		"b": "berlin/mitte", "br": "brno", "B": "Berlin", "ber": "berlin/mitte", "BR": "brno", "m/4": "m/40", "kö": "köln", "KÖ": "köln",
		"100%": "100%", "a{b}:": "a{b}:c", "zü": "Zürich", "berlin/m": "berlin/mitte",
	} {
		d.press("home", "'")
		d.typed(text)
		d.at(want)
		d.press("enter")
		d.at(want)
		d.hides("jump to")
	}
}

func TestAJumpFollowsEachLetterAndEscapeLeadsBack(t *testing.T) {
	d := open(t, options{}, cities)
	d.press("9", "enter", "enter", "end", "up")
	d.at("m/58")
	before := d.screen()
	d.press("'")
	d.shows("jump to")
	d.typed("b")
	d.at("berlin/mitte")
	d.typed("r")
	d.at("brno")
	d.typed("x")
	d.at("brno")
	d.shows(`no row begins with "brx"`)
	d.press("backspace")
	d.hides("no row begins")
	d.press("backspace", "backspace")
	d.at("m/58")
	d.typed("am")
	d.at("amsterdam")
	d.press("esc")
	if d.screen() != before {
		t.Errorf("the screen was\n%s\nand is\n%s", before, d.screen())
	}
}

// Without an order by names, and under a filter, it is the first of the rows as they are shown.
func TestAJumpTakesTheRowsAsTheyAreShown(t *testing.T) {
	d := open(t, options{start: "records"}, cities)
	jump := func(text string) string {
		d.press("home", "'")
		d.typed(text)
		row := d.row()
		d.press("enter")
		return strings.Fields(strings.TrimLeft(row, " *!~"))[0]
	}
	if got := jump("b"); got != "b" {
		t.Errorf("by ID: %s", got)
	}
	d.press("S")
	if got := jump("b"); got != "bb" {
		t.Errorf("reversed: %s", got)
	}
	if got := jump("C"); got != "c" {
		t.Errorf("in another case: %s", got)
	}
	d.press("S", "/")
	d.typed("namespace:etc")
	d.press("enter")
	if got := jump("b"); got != "bb" {
		t.Errorf("filtered: %s", got)
	}
	d.press("'")
	d.typed("c")
	d.shows(`no row begins with "c"`)
	d.press("esc")
	d.at("bb")
}

func TestAJumpGoesOverRowsThatCannotBeRead(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.press("'")
	d.typed("bro")
	d.at("broken")
	d.press("backspace", "backspace", "backspace")
	d.typed("agent-3")
	d.at("agent-3")
}

// A database that is listed by what others say of it is named as it stands in its keys.
func TestAJumpFindsAName(t *testing.T) {
	d := open(t, options{}, func(w *world) { shop(w); w.put("a:{b}", "k", "v") })
	for _, one := range []struct{ tab, text, want string }{{"9", "a:{", "a:{b}"}, {"6", "lock:n", "lock:nightly"}, {"7", "cf", "1"}, {"2", "inv", "invoices"}, {"5", "pod-2", "pod-2"}, {"1", "locks", "locks"}} {
		d.press(one.tab, "'")
		d.typed(one.text)
		d.at(one.want)
		d.press("enter")
	}
}

func TestAJumpInATableWithoutRows(t *testing.T) {
	d := open(t, options{start: "leases"})
	d.press("'")
	d.typed("x")
	d.shows(`no row begins with "x"`)
	d.press("esc")
	d.hides("no row")
}
