package views

import (
	"fmt"
	"strings"

	"holdfast/core/insight"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// findings is the view of all that is wrong, the worst first.
func findings(e *insight.Engine) View {
	c := insight.Columns
	severity := func(r kind.Row) string { return insight.Of(r).Severity.String() }
	says := func(r live.Row, at view.Clock) string { return insight.Of(r.(kind.Row)).Text(at.Now) }
	return View{
		View: &view.View{
			Name: "findings", Title: "Findings", Short: "Find",
			Rows:  func(s *live.Snapshot, _ live.Rows) live.Rows { return e.Follow(s).Table },
			Empty: "Nothing is wrong, as far as could be read. What each finding means is in docs/findings.md.",
			Columns: []view.Column{
				{
					Title: "SEVERITY",
					Text:  func(r live.Row, _ view.Clock) string { return severity(r.(kind.Row)) },
					Key:   c.Severity.AppendKey,
					Tone:  func(r live.Row, _ view.Clock) view.Tone { return toneOf(insight.Of(r.(kind.Row)).Severity) },
				},
				textColumn("CODE", c.Code),
				textOf("ABOUT", func(r kind.Row) string { return aboutOf(insight.Of(r)) }),
				{
					Title: "SINCE", Right: true,
					Text: func(r live.Row, at view.Clock) string { return sinceText(insight.Of(r.(kind.Row)), at) },
					Key:  c.Since.AppendKey,
				},
				grow(view.Column{Title: "WHAT IT SAYS", Text: says}),
			},
			Open: func(r live.Row) (view.Link, bool) { return linkOf(insight.Of(r.(kind.Row))) },
		},
		Fields: []Field{
			derived("severity", func(r kind.Row) any { return severity(r) }),
			derived("code", func(r kind.Row) any { return c.Code.Of(r) }),
			derived("kind", func(r kind.Row) any { return orNull(c.Kind.Of(r)) }),
			derived("row", func(r kind.Row) any { return orNull(c.Row.Of(r)) }),
			field("since", c.Since),
			{"text", func(r live.Row, at view.Clock) any { return says(r, at) }},
		},
	}
}

func toneOf(s insight.Severity) view.Tone {
	switch s {
	case insight.Bad:
		return view.Bad
	case insight.Warn:
		return view.Warn
	}
	return view.Plain
}

// aboutOf names the row that a finding is about.
func aboutOf(f insight.Finding) string {
	switch {
	case f.Kind == "" && f.Row == "":
		return "server"
	case f.Kind == "":
		return "server " + f.Row
	}
	return f.Row
}

func sinceText(f insight.Finding, at view.Clock) string {
	return text.Age(max(0, at.Now.Sub(f.Since)).Truncate(second))
}

// linkOf leads to the row that a finding is about.
func linkOf(f insight.Finding) (view.Link, bool) {
	return view.Link{View: string(f.Kind), ID: f.Row}, f.Kind != ""
}

// maxShown is how many findings the overview has.
const maxShown = 8

// worst are the lines that the overview begins with: the worst findings, and how many more there are. Of a server with which
// nothing is wrong one line says so.
func worst(s *live.Snapshot, f *insight.Findings) (out []*line) {
	if f.Count(insight.Bad)+f.Count(insight.Warn) == 0 && !s.ReadAt.IsZero() {
		note := "nothing is wrong"
		for _, t := range s.Tables {
			if !t.Complete || t.Err != nil {
				note = "nothing is wrong in what has been read so far"
			}
		}
		out = append(out, found("healthy", always(note), view.Plain, view.Link{View: "findings"}))
	}
	shown := min(f.Len(), maxShown)
	if f.Len() == maxShown+1 {
		shown++ // a line that counts one takes as much room
	}
	for i := range shown {
		one := f.Finding(i)
		about := aboutOf(one) + ": "
		if one.Kind == "" {
			about = ""
		}
		link, _ := linkOf(one)
		l := found(string(one.Code), func(at view.Clock) string { return about + one.Text(at.Now) }, toneOf(one.Severity), link)
		l.id = "finding " + one.ID()
		out = append(out, l)
	}
	if f.Len() > shown {
		out = append(out, found("more findings", always(rest(f, shown)), view.Muted, view.Link{View: "findings"}))
	}
	return out
}

// rest counts the findings behind those that are shown.
func rest(f *insight.Findings, shown int) string {
	var parts []string
	for _, s := range insight.Severities() {
		n := f.Count(s)
		hidden := min(n, max(0, n-shown))
		shown = max(0, shown-n)
		if hidden > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", hidden, s))
		}
	}
	return strings.Join(parts, ", ")
}

func found(what string, note func(view.Clock) string, tone view.Tone, link view.Link) *line {
	return &line{id: what, what: what, note: note, tone: tone, link: link}
}
