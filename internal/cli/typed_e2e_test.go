//go:build unix

package cli

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/internal/redistest"
)

// A megabyte that comes as keys, as from a terminal that does not bracket what is pasted, fills its line and no more: the
// screen is not drawn for each key, and what is typed next is answered.
func TestAMegabyteIsTyped(t *testing.T) {
	t.Parallel()
	s := newServer(t, redistest.Start(t).Client(t))
	s.stock(t)
	for i := range 500 {
		s.set(t, fmt.Sprint("lock:l", i), "token", 0)
	}
	megabyte := strings.Repeat("aé日x", 1<<20/7)
	for _, line := range []struct{ name, keys, shows string }{
		{"filter", "6/", "enter accept"}, {"jump", "6'", "jump to"}, {"palette", ":", "Go to a view or do something"}, {"form", "6l", "take a lock"},
	} {
		t.Run(line.name, func(t *testing.T) {
			t.Parallel()
			x := dashboard(t, nil, s.flags...)
			x.shows("[1 Overview]", "LIVE (pushed)")
			x.see(line.keys, line.shows)
			before := x.bytes.Load()
			x.types(megabyte)
			x.leave(line.shows)
			if wrote := x.bytes.Load() - before; wrote > 1<<21 { // drawing each of the 600,000 keys takes ten times that
				t.Errorf("%d bytes were written for them", wrote)
			}
			x.see("3", "[3 Generations 1]", "> u1")
			x.types("q")
			x.quits()
		})
	}
}

// q closes the detail that is open, also one that a link led to, and only then the dashboard.
func TestQClosesADetailFirst(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	for _, width := range []int{80, wide, 200} { // in place of the table, below it, and beside it
		x := dashboard(t, nil, append(s.flags, "--view", "actors")...)
		x.resize(width, high)
		x.shows("> a1")
		x.see(enter, "Raw keys")
		x.types("q")
		x.hides("Raw keys")
		x.see(enter, "Actors a1", "> worker")
		x.see(enter, "Workers ns:pool:pod-0")
		x.types("q")
		x.hides("Workers ns:pool:pod-0")
		x.types("q")
		x.hides("Raw keys")
		x.shows("> a1")
		x.types("q")
		x.quits()
	}
}
