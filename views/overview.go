package views

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"

	"holdfast/core/insight"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// line is one row of the overview: a kind with its numbers, or something worth a look. It never changes.
type line struct {
	id    string
	what  string
	kind  kind.Name // empty for a finding
	rows  int
	bad   int
	rate  float64
	trend []int
	note  func(view.Clock) string
	tone  view.Tone
	link  view.Link
}

func (l *line) ID() string     { return l.id }
func (l *line) Problem() error { return nil }

// summary is the overview of a snapshot: its lines in their order.
type summary struct{ lines []*line }

func (s *summary) Len() int          { return len(s.lines) }
func (s *summary) At(i int) live.Row { return s.lines[i] }

func overview(of Source) View {
	type row = *line
	onlyKinds := func(r row, text string) string {
		if r.kind == "" {
			return ""
		}
		return text
	}
	column := func(title string, right bool, get func(row) string) view.Column {
		return view.Column{Title: title, Right: right, Text: func(r live.Row, _ view.Clock) string { return get(r.(row)) }}
	}
	counted := counts(of.Layouts)
	return View{
		View: &view.View{
			Name: "overview", Title: "Overview", Short: "All",
			Rows: func(s *live.Snapshot, _ live.Rows) live.Rows {
				return summarise(s, of.Findings.Follow(s), counted, of.LeftOut)
			},
			Foot: func(s *live.Snapshot, w, h int) []string { return charts(s, counted, w, h) },
			Columns: []view.Column{
				column("WHAT", false, func(r row) string { return r.what }),
				column("ROWS", true, func(r row) string { return onlyKinds(r, humanize.Comma(int64(r.rows))) }),
				toned(column("UNREADABLE", true, func(r row) string { return onlyKinds(r, fmt.Sprint(r.bad)) }), func(r row) view.Tone {
					if r.bad > 0 {
						return view.Bad
					}
					return view.Muted
				}),
				column("CHANGES/S", true, func(r row) string { return onlyKinds(r, fmt.Sprintf("%.1f", r.rate)) }),
				column("ACTIVITY", false, func(r row) string { return onlyKinds(r, sparkline(r.trend, 16)) }),
				toned(grow(view.Column{Title: "NOTE", Text: func(r live.Row, at view.Clock) string { return r.(row).note(at) }}), func(r row) view.Tone { return r.tone }),
			},
			Span: func(r live.Row, at view.Clock) (string, view.Tone, bool) {
				return r.(row).note(at), r.(row).tone, r.(row).kind == ""
			},
			Open: func(r live.Row) (view.Link, bool) { return r.(row).link, r.(row).link.View != "" },
		},
		Fields: []Field{
			derived("what", func(r row) any { return r.what }),
			derived("rows", func(r row) any { return int64(r.rows) }),
			derived("bad", func(r row) any { return int64(r.bad) }),
			derived("changes_per_s", func(r row) any { return math.Round(r.rate*10) / 10 }),
			{"note", func(r live.Row, at view.Clock) any { return r.(row).note(at) }},
		},
	}
}

// summarise derives the overview: what is wrong, then the kinds.
func summarise(s *live.Snapshot, f *insight.Findings, counted func(*live.Table) bool, leftOut []error) *summary {
	out := &summary{lines: append(worst(s, f), layoutLines(leftOut)...)}
	for _, t := range s.Tables {
		if !counted(t) {
			continue
		}
		l := &line{
			id: "kind " + string(t.Kind), what: string(t.Kind), kind: t.Kind, rows: t.Len(), bad: t.Bad, rate: t.Rate(), trend: t.Rates,
			note: standsOut(s, t), link: view.Link{View: string(t.Kind)},
		}
		switch {
		case t.Err != nil:
			l.note, l.tone = always("not all read: "+t.Err.Error()), view.Bad
		case !t.Complete:
			l.note, l.tone = always("still reading"), view.Muted
		}
		out.lines = append(out.lines, l)
	}
	return out
}

// counts tells which kinds have a line and a chart of their own: kv counts the pairs; the documents beside actors, and what
// layouts alone describe, are of writers that few have.
func counts(set *layout.Set) func(*live.Table) bool {
	few := map[kind.Name]bool{"documents": true, layout.QueuesName: true}
	for _, o := range set.Own() {
		few[o.Name] = true
	}
	return func(t *live.Table) bool { return t.Kind != "pairs" && (!few[t.Kind] || t.Len() > 0 || t.Err != nil) }
}

// layoutLines say which layouts are left out, and why.
func layoutLines(wrong []error) (out []*line) {
	for _, err := range wrong {
		says := err.Error()
		if in, ok := errors.AsType[*layout.Error](err); ok { // the folder is known
			says = strings.Replace(says, in.File, filepath.Base(in.File), 1)
		}
		out = append(out, &line{id: "layout left out " + err.Error(), what: "layout left out", note: always(text.Line(says)), tone: view.Warn})
	}
	return out
}

func always(note string) func(view.Clock) string { return func(view.Clock) string { return note } }
