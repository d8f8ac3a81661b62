package views

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// own is the view that a layout declares for itself, with its columns by their types.
func own(set *layout.Set, o layout.Own) View {
	v := View{View: &view.View{
		Name: string(o.Name), Title: o.Title, Short: text.Start(o.Title, 4), Kind: o.Name, Quiet: true,
		Empty: fmt.Sprintf("Layout %s shows rows here: %s, under %s.", o.Layout, strings.TrimSuffix(o.About, "."), strings.Join(o.Keys, ", ")),
		Facts: facts(func(r kind.Row, at view.Clock) (out []view.Fact) {
			for _, c := range o.Columns {
				f := fact(strings.ReplaceAll(c.Name(), "_", " "), orDash(ownFact(c, r, at)), c.Err(r))
				if c.Err(r) == nil {
					f.Tone = ownTone(c, r, at)
				}
				out = append(out, f)
			}
			return append(out, fromLayout(o.Layout))
		}),
		Links: links(func(r kind.Row, l view.Lookup) []view.Link { return layoutLinks(set, o.Name, r, l) }),
	}}
	for _, c := range o.Columns {
		v.Columns = append(v.Columns, ownColumn(c))
		v.Fields = append(v.Fields, ownField(c))
	}
	v.Columns[0].Grow = true
	return v
}

// OwnTitle is the title of a column in a view of a layout's own.
func OwnTitle(column string) string { return strings.ToUpper(strings.ReplaceAll(column, "_", " ")) }

// ownColumn is a column of such a view.
func ownColumn(c layout.OwnColumn) view.Column {
	title := OwnTitle(c.Name())
	if c.Type() == kind.TypeDeadline {
		return ttl(title, kind.Time{Column: c.Column})
	}
	return known(view.Column{
		Title: title, Right: c.Type() == kind.TypeInt || c.Type() == kind.TypeTime || c.Type() == kind.TypeDuration,
		Text: func(r live.Row, at view.Clock) string { return orDash(ownCell(c, r.(kind.Row), at)) },
		Key:  c.AppendKey,
		Tone: func(r live.Row, at view.Clock) view.Tone { return ownTone(c, r.(kind.Row), at) },
	}, c.Err)
}

// ownCell is what a column says of a row, in the few cells of a table.
func ownCell(c layout.OwnColumn, r kind.Row, at view.Clock) string {
	switch v := c.Value(r).(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return humanize.Comma(v)
	case bool:
		return yesNo(v)
	case time.Duration:
		return text.Age(v)
	case time.Time:
		if v.IsZero() {
			return ""
		}
		if ahead := v.Sub(at.Server); ahead > 0 {
			return "in " + text.Age(ahead)
		}
		return ago(v, at)
	}
	return ""
}

// ownFact is the same in full.
func ownFact(c layout.OwnColumn, r kind.Row, at view.Clock) string {
	if c.Type() == kind.TypeDeadline {
		return leftWords(kind.Time{Column: c.Column}.Of(r), at)
	}
	says := ownCell(c, r, at)
	if c.Type() == kind.TypeTime && says != "" {
		if !strings.HasPrefix(says, "in ") {
			says += " ago"
		}
		return kind.Time{Column: c.Column}.Of(r).Format(time.RFC3339) + ", " + says
	}
	return says
}

func ownTone(c layout.OwnColumn, r kind.Row, _ view.Clock) view.Tone {
	if !c.Status {
		return view.Plain
	}
	switch c.Tones[(kind.Text{Column: c.Column}).Of(r)] {
	case "good":
		return view.Good
	case "warn":
		return view.Warn
	case "bad":
		return view.Bad
	}
	return view.Plain
}

// ownField is what `holdfast get` prints of it.
func ownField(c layout.OwnColumn) Field {
	if c.Type() == kind.TypeDeadline {
		return onServer(c.Name(), kind.Time{Column: c.Column})
	}
	return field(c.Name(), c)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
