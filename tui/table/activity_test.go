package table

import (
	"fmt"
	"testing"
	"time"

	"holdfast/core/live"
	"holdfast/tui/view"
	"holdfast/tui/view/viewtest"
)

// shownActivity is the cell of a row.
func shownActivity(a activity, id string, now time.Time) string {
	return a.column().Text(viewtest.Row(id, 0, ""), view.Clock{Now: now})
}

func TestActivityCountsChangesOfRowsOnTheScreen(t *testing.T) {
	a, now := activity{}, time.Unix(1_000_000, 0) // where a span begins
	start := now.Add(-time.Hour)
	quiet, busy := viewtest.Row("quiet", 0, ""), viewtest.Row("busy", 0, "")
	for i := range 4 * 5 {
		a.note([]live.Row{quiet, busy}, nil, start, now)
		a.note([]live.Row{quiet, busy}, nil, start, now) // a key was pressed: that is no reading
		now, busy = now.Add(time.Second), viewtest.Row("busy", i+1, "")
	}
	last := now.Add(-time.Second)
	if got := shownActivity(a, "quiet", last); got != "" {
		t.Errorf("a row that does not change shows %q", got)
	}
	if got, want := shownActivity(a, "busy", last), "····▄▅▅▅"; got != want {
		t.Errorf("a row that changes each second shows %q, want %q", got, want)
	}
	if got, want := shownActivity(a, "busy", last.Add(2*activitySpan)), "··▄▅▅▅··"; got != want {
		t.Errorf("10 s later it shows %q, want %q", got, want)
	}
	if got := shownActivity(a, "busy", last.Add(time.Hour)); got != "" {
		t.Errorf("an hour later it shows %q", got)
	}
	if got := shownActivity(a, "never seen", last); got != "" {
		t.Errorf("a row that was never on the screen shows %q", got)
	}
}

// A row that comes to the screen brings what is known of it, one that comes back is not counted twice, and what nobody
// looked at is blank: a dot would say that nothing changed.
func TestActivityOfRowsThatComeAndGo(t *testing.T) {
	a, now := activity{}, time.Unix(1_000_000, 0)
	recent := []live.Change{{At: now.Add(-10 * time.Second), ID: "a"}, {At: now.Add(-time.Hour), ID: "a"}, {At: now, ID: "other"}}
	whole := now.Add(-20 * time.Second) // older changes are missing
	first := viewtest.Row("a", 0, "")
	a.note([]live.Row{first}, recent, whole, now)
	if got, want := shownActivity(a, "a", now), "    ·▁··"; got != want {
		t.Errorf("shown is %q, want %q", got, want)
	}
	a.note(nil, recent, whole, now.Add(time.Second))
	recent = append(recent, live.Change{At: now.Add(2 * time.Second), ID: "a"})
	now = now.Add(3 * time.Second)
	a.note([]live.Row{viewtest.Row("a", 0, "")}, recent, whole, now)
	if got, want := shownActivity(a, "a", now), "    ·▁·▁"; got != want {
		t.Errorf("after it came back %q is shown, want %q", got, want)
	}
	a.note(nil, recent, whole, now)
	now = now.Add(15 * time.Second)
	a.note([]live.Row{viewtest.Row("a", 0, "")}, []live.Change{{At: now, ID: "a"}}, now.Add(-5*time.Second), now) // many others changed meanwhile
	if got, want := shownActivity(a, "a", now), " ·▁·▁  ▁"; got != want {
		t.Errorf("after changes that nobody kept %q is shown, want %q", got, want)
	}
}

// However far somebody scrolls, what is kept is bounded; and of what was long away nothing is.
func TestActivityIsBounded(t *testing.T) {
	a, now := activity{}, time.Unix(1_000_000, 0)
	for i := range 500 {
		var page []live.Row
		for j := range 50 {
			page = append(page, viewtest.Row(fmt.Sprint(i, "-", j), 0, ""))
		}
		a.note(page, nil, now, now)
		if len(a) > maxPulses+50 {
			t.Fatalf("%d rows are kept", len(a))
		}
	}
	a.note([]live.Row{viewtest.Row("a", 0, "")}, nil, now, now.Add(time.Minute))
	if len(a) != 1 {
		t.Errorf("a minute later %d rows are kept", len(a))
	}
}
