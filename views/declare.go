package views

import (
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// View is one kind of row: how the dashboard shows it, and what `holdfast get` prints of it.
type View struct {
	*view.View
	Fields []Field
	Others []kind.Name // that Fields look at, besides the view's own
}

// Field is one member of the objects that `holdfast get` prints.
type Field struct {
	Name  string
	Value func(live.Row, view.Clock) any // string, []byte, int64, uint64, float64, bool, time.Time (zero: null), time.Duration, nil; an error: why it is not known
}

// FieldNames are the names of the fields.
func (v View) FieldNames() []string {
	names := make([]string, len(v.Fields))
	for i, f := range v.Fields {
		names[i] = f.Name
	}
	return names
}

// Values are those of the fields in a readable row.
func (v View) Values(r live.Row, at view.Clock) []any {
	values := make([]any, len(v.Fields))
	for i, f := range v.Fields {
		values[i] = f.Value(r, at)
	}
	return values
}

// column is a column of a schema, whatever its type.
type column interface {
	Err(kind.Row) error
	Value(kind.Row) any
	AppendKey(b []byte, r kind.Row) []byte
}

// field is a column of a schema as it is.
func field(name string, c column) Field {
	return Field{name, func(r live.Row, _ view.Clock) any { return c.Value(r.(kind.Row)) }}
}

// derived is a field that a function makes of a row.
func derived[R live.Row](name string, value func(R) any) Field {
	return Field{name, func(r live.Row, _ view.Clock) any { return value(r.(R)) }}
}

// ttlField is the time left until a deadline in ms, -1 where there is none.
func ttlField(name string, c kind.Time) Field {
	return Field{name, func(r live.Row, at view.Clock) any {
		if err := c.Err(r.(kind.Row)); err != nil {
			return err
		}
		d := c.Of(r.(kind.Row))
		if d.IsZero() {
			return int64(-1)
		}
		return max(0, d.UnixMilli()-at.Now.UnixMilli()) // a time.Duration ends after 292 years
	}}
}

// onServer is a deadline on the server's clock, which has whole seconds; null where there is none.
func onServer(name string, c kind.Time) Field {
	return Field{name, func(r live.Row, at view.Clock) any {
		if err := c.Err(r.(kind.Row)); err != nil {
			return err
		}
		d := c.Of(r.(kind.Row))
		if d.IsZero() {
			return nil
		}
		return d.Add(at.Server.Sub(at.Now)).Round(time.Second)
	}}
}

// knownField is field, or why its value is not known.
func knownField(f Field, why func(kind.Row) error) Field {
	return Field{f.Name, func(r live.Row, at view.Clock) any {
		if err := why(r.(kind.Row)); err != nil {
			return err
		}
		return f.Value(r, at)
	}}
}

// notKnownText stands in cells for what could not be read.
const notKnownText = "?"

// known is a column whose cells may not be known; those sort last.
func known(c view.Column, why func(kind.Row) error) view.Column {
	text, key, tone, whole := c.Text, c.Key, c.Tone, c.Whole
	if whole != nil {
		c.Whole = func(r live.Row) string {
			if why(r.(kind.Row)) != nil {
				return notKnownText
			}
			return whole(r)
		}
	}
	c.Text = func(r live.Row, at view.Clock) string {
		if why(r.(kind.Row)) != nil {
			return notKnownText
		}
		return text(r, at)
	}
	c.Key = func(b []byte, r kind.Row) []byte {
		if why(r) != nil {
			return kind.AppendUnknownKey(b)
		}
		return key(b, r)
	}
	c.Tone = func(r live.Row, at view.Clock) view.Tone {
		switch {
		case why(r.(kind.Row)) != nil:
			return view.Warn
		case tone == nil:
			return view.Plain
		}
		return tone(r, at)
	}
	return c
}

// fact is one line of a detail, or that it is not known and why.
func fact(name, text string, why error) view.Fact {
	if why != nil {
		return view.Fact{Name: name, Text: "not known: " + why.Error(), Tone: view.Warn}
	}
	return view.Fact{Name: name, Text: text}
}

// text is a column of a schema as it is.
func textColumn(title string, c kind.Text) view.Column {
	return known(view.Column{
		Title: title,
		Text:  func(r live.Row, _ view.Clock) string { return c.Of(r.(kind.Row)) },
		Key:   c.AppendKey,
	}, c.Err)
}

// textOf is a column that a function makes of a row.
func textOf(title string, get func(kind.Row) string) view.Column {
	return view.Column{
		Title: title,
		Text:  func(r live.Row, _ view.Clock) string { return get(r.(kind.Row)) },
		Key:   func(b []byte, r kind.Row) []byte { return kind.AppendTextKey(b, get(r)) },
	}
}

// textOr is textColumn, with a dash where there is none.
func textOr(title string, c kind.Text) view.Column {
	return known(textOf(title, func(r kind.Row) string { return orDash(c.Of(r)) }), c.Err)
}

// number is a column of numbers; show writes one, nil as it is.
func number[N int64 | uint64](title string, c interface {
	column
	Of(kind.Row) N
}, show func(N) string) view.Column {
	if show == nil {
		show = decimal[N]
	}
	return known(view.Column{
		Title: title, Right: true,
		Text: func(r live.Row, _ view.Clock) string { return show(c.Of(r.(kind.Row))) },
		Key:  c.AppendKey,
	}, c.Err)
}

func decimal[N int64 | uint64](n N) string {
	if n < 0 {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatUint(uint64(n), 10)
}

// ttl counts down to a deadline on our clock; those without one sort last.
func ttl(title string, c kind.Time) view.Column {
	return known(view.Column{
		Title: title, Right: true,
		Text: func(r live.Row, at view.Clock) string { return left(c.Of(r.(kind.Row)), at) },
		Key:  c.AppendKey,
		Tone: func(r live.Row, at view.Clock) view.Tone {
			d := c.Of(r.(kind.Row))
			switch {
			case d.IsZero():
				return view.Muted
			case d.Sub(at.Now) < 5*time.Second:
				return view.Warn
			}
			return view.Plain
		},
	}, c.Err)
}

func left(deadline time.Time, at view.Clock) string {
	if deadline.IsZero() {
		return "never"
	}
	if years := deadline.Year() - at.Now.Year(); years > 200 { // a time.Duration ends after 292
		return humanize.Comma(int64(years)) + "y"
	}
	return text.Age(max(0, deadline.Sub(at.Now)))
}

// leftWords is left as part of a sentence.
func leftWords(deadline time.Time, at view.Clock) string {
	if deadline.IsZero() {
		return "never"
	}
	return "in " + left(deadline, at)
}

// age is how long ago something was on the server's clock.
func age(title string, c kind.Time) view.Column {
	return known(view.Column{
		Title: title, Right: true,
		Text: func(r live.Row, at view.Clock) string {
			t := c.Of(r.(kind.Row))
			if t.IsZero() {
				return "-"
			}
			return ago(t, at)
		},
		Key: c.AppendKey,
	}, c.Err)
}

func grow(c view.Column) view.Column { c.Grow = true; return c }

func widest(c view.Column, cells int) view.Column { c.Max = cells; return c }

func toned[R live.Row](c view.Column, tone func(R) view.Tone) view.Column {
	c.Tone = func(r live.Row, _ view.Clock) view.Tone { return tone(r.(R)) }
	return c
}

// ago is how long before the server's time something was.
func ago(t time.Time, at view.Clock) string {
	return text.Age(max(0, at.Server.Sub(t)).Truncate(time.Second))
}

func facts(list func(kind.Row, view.Clock) []view.Fact) func(live.Row, view.Clock) []view.Fact {
	return func(r live.Row, at view.Clock) []view.Fact { return list(r.(kind.Row), at) }
}

// links are those that a row itself tells, whatever its content.
func links(list func(kind.Row, view.Lookup) []view.Link) func(live.Row, view.Lookup, []byte) []view.Link {
	return func(r live.Row, l view.Lookup, _ []byte) []view.Link { return list(r.(kind.Row), l) }
}

func part(says func(kind.Row) string) func(live.Row) string {
	return func(r live.Row) string { return says(r.(kind.Row)) }
}
