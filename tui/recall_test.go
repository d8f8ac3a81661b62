package tui_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func (d *driver) filter(text string) {
	d.press("/")
	d.typed(text)
	d.press("enter")
}

// The last filters of a view come back in its filter line, as commands do in a shell.
func TestFiltersAreRecalled(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop)
	d.press("/", "up")
	d.shows("no filter was used here yet")
	d.press("esc")
	for _, text := range []string{"orders", "clicks", "orders", "invoices"} { // the second "orders" takes the place of the first
		d.filter(text)
		d.press("esc")
	}
	d.press("/")
	d.typed("zz")
	for _, step := range []struct{ key, shows string }{
		{"up", " /invoices"}, {"up", " /orders"}, {"up", " /clicks"}, {"up", "there is no older filter"},
		{"down", " /orders"}, {"ctrl+n", " /invoices"}, {"down", " /zz"}, {"down", "there is no newer filter"}, {"ctrl+p", " /invoices"},
	} {
		d.press(step.key)
		d.shows(step.shows)
	}
	d.hides("clicks ") // the rows follow
	d.press("enter", "/", "up")
	d.shows(" /orders") // what stands there already is passed over
	d.press("esc", "3", "/", "up")
	d.shows("no filter was used here yet") // each view has its own
}

// They survive the end of a run, and what is wrong with them never keeps a dashboard from starting.
func TestFiltersAreKept(t *testing.T) {
	kept := map[string][]string{}
	keep := func(view string, filters []string) error { kept[view] = filters; return nil }
	d := open(t, options{start: "buffers", keep: keep}, shop)
	for i := range 25 {
		d.filter(fmt.Sprint("!no", i))
		d.press("esc")
	}
	d.filter("~[a")  // no filter
	d.press("esc")   //
	d.filter("    ") // neither
	equal(t, "how many are kept", len(kept["buffers"]), 20)
	equal(t, "the newest", kept["buffers"][0], "!no24")

	d = open(t, options{start: "buffers", load: func() (map[string][]string, error) { return kept, nil }}, shop)
	d.press("/", "up")
	d.shows(" /!no24")

	d = open(t, options{start: "buffers", keep: func(string, []string) error { return errors.New("disk full") },
		load: func() (map[string][]string, error) { return nil, errors.New("line 3: no TOML") }}, shop)
	d.shows("the filters of earlier runs are unreadable and ignored: line 3: no TOML", "clicks")
	d.filter("orders")
	d.shows("the filter is not kept for the next run: disk full", "row 1 of 1")
}

// A file may hold anything.
func TestKeptFiltersFromStrangers(t *testing.T) {
	many := []string{strings.ToValidUTF8(evil, ""), "", "  ", strings.Repeat("x", 5000)}
	for i := range 50 {
		many = append(many, fmt.Sprint("f", i))
	}
	d := open(t, options{start: "buffers", load: func() (map[string][]string, error) {
		return map[string][]string{"buffers": many, "no such view": {"x"}}, nil
	}}, shop)
	d.press("/")
	for range 20 {
		d.press("up")
		d.check()
	}
	d.shows(" /f18")
	d.press("up")
	d.shows("there is no older filter")
	d.press("esc", ":")
	d.typed("filter: f18")
	d.press("enter")
	d.shows("Nothing matches f18")
}
