package views

import (
	"fmt"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// What views show of rows of layouts, beside those of ours: the columns that only one of the two has, where such a row
// leads, and whether whoever holds or works lives.

// ours is a column that rows of layouts do not have.
func ours(c view.Column, name kind.Text) view.Column {
	is := func(r live.Row) bool { return name.Of(r.(kind.Row)) == "" }
	says := c.Text
	c.For, c.Usual = is, true
	c.Text = func(r live.Row, at view.Clock) string {
		if !is(r) {
			return ""
		}
		return says(r, at)
	}
	return c
}

// foreign is a column that only some rows have, such as those of layouts.
func foreign(c view.Column, has func(kind.Row) bool) view.Column {
	c.For = func(r live.Row) bool { return has(r.(kind.Row)) }
	return c
}

// ofLayout tells the rows of layouts.
func ofLayout(name kind.Text) func(kind.Row) bool {
	return func(r kind.Row) bool { return name.Of(r) != "" }
}

func layoutColumn(name kind.Text) view.Column {
	return foreign(textColumn("LAYOUT", name), ofLayout(name))
}

// notOurs keeps an action of ours from rows of layouts.
func notOurs(name kind.Text) func(live.Row) string {
	return func(r live.Row) string {
		if of := name.Of(r.(kind.Row)); of != "" {
			return "it belongs to the library of layout " + text.Clean(of)
		}
		return ""
	}
}

// either is why an action cannot be done, the first of several reasons.
func either(reasons ...func(live.Row) string) func(live.Row) string {
	return func(r live.Row) string {
		for _, why := range reasons {
			if says := why(r); says != "" {
				return says
			}
		}
		return ""
	}
}

// alive is whether somebody lives.
type alive int

const (
	notTold alive = iota // nothing says it
	dead
	lives
)

func (a alive) text() string { return [...]string{notKnownText, "no", "yes"}[a] }

func (a alive) tone() view.Tone { return [...]view.Tone{view.Muted, view.Bad, view.Plain}[a] }

// rank puts the dead first, and those of whom nobody tells last.
func (a alive) rank() int { return [...]int{2, 0, 1}[a] }

// value is for `holdfast get`: true, false or null.
func (a alive) value() any {
	if a == notTold {
		return nil
	}
	return a == lives
}

// aliveWorker tells it of a worker of a layout.
func aliveWorker(r kind.Row, now time.Time) alive {
	switch until := actorstore.WorkerColumns.AliveUntil.Of(r); {
	case until.IsZero():
		return notTold
	case until.After(now):
		return lives
	}
	return dead
}

// aliveHolder tells it of whoever holds a lock; ok is false where no row says who that is.
func aliveHolder(set *layout.Set, lock kind.Row, at view.Clock) (a alive, ok bool) {
	to, ok := set.Holder("locks", lock)
	if !ok || at.Others == nil {
		return notTold, ok
	}
	workers := at.Others.Table(to.View)
	r, there := workers.Get(to.ID)
	switch {
	case !there && workers.Complete:
		return dead, true
	case !there || r.Bad():
		return notTold, true
	}
	return aliveWorker(r, at.Now), true
}

// layoutLinks are where a row of a layout leads, as far as those rows are there.
func layoutLinks(set *layout.Set, name kind.Name, r kind.Row, l view.Lookup) (out []view.Link) {
	for _, to := range set.Links(name, r) {
		if _, there := l.Table(to.View).Get(to.ID); there {
			out = append(out, view.Link{Label: to.Label, View: string(to.View), ID: to.ID})
		}
	}
	return out
}

// fromLayout is the line of a detail that says by which layout a row was read.
func fromLayout(name string) view.Fact { return view.Fact{Name: "layout", Text: name} }

// heldText is since when something is so, on the server's clock; where nobody tells, since when it was seen, on ours.
func heldText(since, seen time.Time, at view.Clock) string {
	switch {
	case !since.IsZero():
		return ago(since, at)
	case !seen.IsZero():
		return "seen " + text.Age(max(0, at.Now.Sub(seen)).Truncate(time.Second))
	}
	return ""
}

// heldFact is the same in a detail.
func heldFact(since, seen time.Time, at view.Clock) view.Fact {
	says := "not known"
	switch {
	case !since.IsZero():
		says = fmt.Sprintf("since %s ago", ago(since, at))
	case !seen.IsZero():
		says = fmt.Sprintf("since when is not told; first seen %s ago", text.Age(max(0, at.Now.Sub(seen)).Truncate(time.Second)))
	}
	return view.Fact{Name: "held", Text: says}
}
