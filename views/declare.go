package views

import (
	"cmp"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui"
)

// View is one kind of row: how the dashboard shows it, and what `holdfast get` prints of it.
type View struct {
	*tui.View
	Fields []Field
	Others []live.Kind // that Fields look at, besides the view's own
}

// Field is one member of the objects that `holdfast get` prints.
type Field struct {
	Name  string
	Value func(live.Row, tui.Clock) any // string, []byte, int64, float64, bool, time.Time (zero: null), time.Duration, nil; an error: why it is not known
}

// The helpers below let a view be written in terms of its own row type.

func field[R live.Row](name string, value func(R) any) Field {
	return Field{name, func(r live.Row, _ tui.Clock) any { return value(r.(R)) }}
}

// ttlField is the time left until a deadline in ms, -1 where there is none.
func ttlField[R live.Row](name string, deadline func(R) time.Time) Field {
	return Field{name, func(r live.Row, at tui.Clock) any {
		d := deadline(r.(R))
		if d.IsZero() {
			return int64(-1)
		}
		return max(0, d.UnixMilli()-at.Now.UnixMilli()) // a time.Duration ends after 292 years
	}}
}

// knownField is field, or why its value is not known.
func knownField[R live.Row](f Field, why func(R) error) Field {
	return Field{f.Name, func(r live.Row, at tui.Clock) any {
		if err := why(r.(R)); err != nil {
			return err
		}
		return f.Value(r, at)
	}}
}

// notKnownText stands in cells for what could not be read.
const notKnownText = "?"

// known is a column whose cells may not be known; those sort last.
func known[R live.Row](c tui.Column, why func(R) error) tui.Column {
	text, compare, tone, whole := c.Text, c.Compare, c.Tone, c.Whole
	if whole != nil {
		c.Whole = func(r live.Row) string {
			if why(r.(R)) != nil {
				return notKnownText
			}
			return whole(r)
		}
	}
	c.Text = func(r live.Row, at tui.Clock) string {
		if why(r.(R)) != nil {
			return notKnownText
		}
		return text(r, at)
	}
	c.Compare = func(a, b live.Row) int {
		switch noA, noB := why(a.(R)) != nil, why(b.(R)) != nil; {
		case noA && noB:
			return 0
		case noA:
			return 1
		case noB:
			return -1
		}
		return compare(a, b)
	}
	c.Tone = func(r live.Row, at tui.Clock) tui.Tone {
		switch {
		case why(r.(R)) != nil:
			return tui.Warn
		case tone == nil:
			return tui.Plain
		}
		return tone(r, at)
	}
	return c
}

// fact is one line of a detail, or that it is not known and why.
func fact(name, text string, why error) tui.Fact {
	if why != nil {
		return tui.Fact{Name: name, Text: "not known: " + why.Error(), Tone: tui.Warn}
	}
	return tui.Fact{Name: name, Text: text}
}

func textColumn[R live.Row](title string, get func(R) string) tui.Column {
	return tui.Column{
		Title:   title,
		Text:    func(r live.Row, _ tui.Clock) string { return get(r.(R)) },
		Compare: func(a, b live.Row) int { return cmp.Compare(get(a.(R)), get(b.(R))) },
	}
}

func number[R live.Row, N int64 | uint64](title string, get func(R) N) tui.Column {
	return tui.Column{
		Title: title, Right: true,
		Text:    func(r live.Row, _ tui.Clock) string { return strconv.FormatInt(int64(get(r.(R))), 10) },
		Compare: func(a, b live.Row) int { return cmp.Compare(get(a.(R)), get(b.(R))) },
	}
}

// ttl counts down to a deadline on our clock; those without one sort last.
func ttl[R live.Row](title string, deadline func(R) time.Time) tui.Column {
	return tui.Column{
		Title: title, Right: true,
		Text:    func(r live.Row, at tui.Clock) string { return left(deadline(r.(R)), at) },
		Compare: func(a, b live.Row) int { return compareDeadlines(deadline(a.(R)), deadline(b.(R))) },
		Tone: func(r live.Row, at tui.Clock) tui.Tone {
			d := deadline(r.(R))
			switch {
			case d.IsZero():
				return tui.Muted
			case d.Sub(at.Now) < 5*time.Second:
				return tui.Warn
			}
			return tui.Plain
		},
	}
}

func left(deadline time.Time, at tui.Clock) string {
	if deadline.IsZero() {
		return "never"
	}
	if years := deadline.Year() - at.Now.Year(); years > 200 { // a time.Duration ends after 292
		return humanize.Comma(int64(years)) + "y"
	}
	return text.Age(max(0, deadline.Sub(at.Now)))
}

// leftWords is left as part of a sentence.
func leftWords(deadline time.Time, at tui.Clock) string {
	if deadline.IsZero() {
		return "never"
	}
	return "in " + left(deadline, at)
}

func compareDeadlines(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// age is how long ago something was on the server's clock.
func age[R live.Row](title string, since func(R) time.Time) tui.Column {
	return tui.Column{
		Title: title, Right: true,
		Text: func(r live.Row, at tui.Clock) string {
			t := since(r.(R))
			if t.IsZero() {
				return "-"
			}
			return ago(t, at)
		},
		Compare: func(a, b live.Row) int { return compareDeadlines(since(a.(R)), since(b.(R))) },
	}
}

func grow(c tui.Column) tui.Column { c.Grow = true; return c }

func widest(c tui.Column, cells int) tui.Column { c.Max = cells; return c }

func toned[R live.Row](c tui.Column, tone func(R) tui.Tone) tui.Column {
	c.Tone = func(r live.Row, _ tui.Clock) tui.Tone { return tone(r.(R)) }
	return c
}

// ago is how long before the server's time something was.
func ago(t time.Time, at tui.Clock) string {
	return text.Age(max(0, at.Server.Sub(t)).Truncate(time.Second))
}

func facts[R live.Row](list func(R, tui.Clock) []tui.Fact) func(live.Row, tui.Clock) []tui.Fact {
	return func(r live.Row, at tui.Clock) []tui.Fact { return list(r.(R), at) }
}

// links are those that a row itself tells, whatever its content.
func links[R live.Row](list func(R, tui.Lookup) []tui.Link) func(live.Row, tui.Lookup, []byte) []tui.Link {
	return func(r live.Row, l tui.Lookup, _ []byte) []tui.Link { return list(r.(R), l) }
}

func part[R live.Row](says func(R) string) func(live.Row) string {
	return func(r live.Row) string { return says(r.(R)) }
}
