package tui_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/internal/redistest"
	"holdfast/tui"
)

func others(try func(string) error) tui.Connections {
	return tui.Connections{
		Here: "prod", Colour: "bad", Names: []string{"dev", "prod", evil},
		Try: func(_ context.Context, name string) error { return try(name) },
	}
}

func TestTheHeaderNamesTheConnection(t *testing.T) {
	for _, colour := range append(tui.Colours(), "") {
		d := open(t, options{others: tui.Connections{Here: "prod", Colour: colour}})
		if first, _, _ := strings.Cut(d.screen(), "\n"); !strings.HasPrefix(first, "  prod  holdfast  redis.example:6379") {
			t.Errorf("%q: %q", colour, first)
		}
	}
	d := open(t, options{others: tui.Connections{Here: evil, Colour: "bad"}})
	d.gallery() // which checks what reaches the terminal
}

// Another connection is asked first. If it answers the dashboard ends and says where to go; if not it stays.
func TestConnect(t *testing.T) {
	var asked []string
	fails := errors.New("connect to 10.0.0.9:6379: nobody there")
	d := open(t, options{others: others(func(name string) error { asked = append(asked, name); return fails })}, shop)
	d.press(":")
	d.typed("connect to")
	d.shows("connect to dev")
	d.hides("connect to prod")
	d.gallery()
	d.press("enter")
	d.shows("Cannot connect to dev; this connection stays", fails.Error())
	if d.quit || d.m.Leads() != "" || len(asked) != 1 || asked[0] != "dev" {
		t.Errorf("it ended: %v, for %q, asked %q", d.quit, d.m.Leads(), asked)
	}
	fails = nil
	d.press("esc", ":")
	d.typed("connect to dev")
	d.press("enter")
	if !d.quit || d.m.Leads() != "dev" {
		t.Errorf("it ended: %v, for %q", d.quit, d.m.Leads())
	}
}

// While the answer is awaited nothing else can be begun, and whoever closes the box stays, whatever the answer is.
func TestConnectCanBeLeft(t *testing.T) {
	d := open(t, options{others: others(func(string) error { return nil })}, shop)
	d.press(":")
	d.typed("connect to dev")
	answer := d.m.Route(key("enter")) // which is on its way now
	d.shows("Connecting to dev", "waiting for an answer")
	d.press("2", "f")
	d.shows("Connecting to dev")
	d.press("esc")
	d.run(answer)
	if d.quit || d.m.Leads() != "" {
		t.Errorf("it ended: %v, for %q", d.quit, d.m.Leads())
	}
	d.hides("Connecting to dev")
}

func TestWhyTheOldConnectionIsBack(t *testing.T) {
	d := open(t, options{others: tui.Connections{Here: "prod", Names: []string{"prod"}, Why: "connect to h: it went away"}})
	d.shows("This connection stays", "it went away")
	d.press("esc")
	d.hides("it went away")
}

// The chosen columns stand in their order behind the first one, which stays; the others are gone.
func TestColumnsOfTheConfiguration(t *testing.T) {
	d := open(t, options{columns: map[string][]string{"locks": {"FENCE", "TOKEN"}, "leases": {"GRANTED", "LEASE"}}, start: "locks"}, shop)
	d.resize(160, 45)
	line := func(with string) string {
		for l := range strings.Lines(d.screen()) {
			if strings.Contains(l, with) {
				return strings.Join(strings.Fields(l), " ")
			}
		}
		return ""
	}
	if got := line("FENCE"); got != "KEY FENCE TOKEN" {
		t.Errorf("%q\n%s", got, d.screen())
	}
	d.press("7")
	if got := line("GRANTED"); got != "LEASE GRANTED" {
		t.Errorf("%q\n%s", got, d.screen())
	}
	d.press("3")
	d.shows("NAMESPACE", "GENERATION", "TTL") // the other views are as ever
}

// Run says which connection was asked for, once the other one has answered.
func TestRunLeadsToAnotherConnection(t *testing.T) {
	r := start(t, "locks", func(w *world) { w.lock("lock:first", "token-1", time.Hour) }, others(func(string) error { return nil }))
	redistest.Eventually(t, "the row is shown", r.out.has("lock:first"))
	r.types(t, ":connect to dev")
	redistest.Eventually(t, "it is offered", r.out.has("connect to dev"))
	r.types(t, "\r")
	r.ends(t)
	if r.next != "dev" {
		t.Errorf("it leads to %q", r.next)
	}
}
