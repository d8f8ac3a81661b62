package detail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/themes"
	"holdfast/tui/content"
	"holdfast/tui/view"
)

// Render draws the pane, h lines of at most w cells.
func (d *Pane) Render(th themes.Theme, snap *live.Snapshot, at view.Clock, w, h int) string {
	title := d.view.Title + " " + text.Line(d.ID)
	if d.Gone {
		title = strings.ToUpper(end(d.Row, d.lost)) + " meanwhile, as last seen: " + title
	}
	all := d.parts(th, snap, at, w)
	lines := slices.Concat(all[0].Lines, all[1].Lines, all[2].Lines)
	shown := d.s.View(lines, max(1, h-1))
	if d.Search != nil {
		shown = d.Search.Mark(th, all, d.s.Top, shown)
	}
	if len(lines) > len(shown) {
		position := fmt.Sprintf("  lines %d-%d of %d", d.s.Top+1, d.s.Top+len(shown), len(lines))
		title = text.Fit(title, w-text.Width(position), false) + position
	}
	out := []string{th.Title.Render(text.Fit(title, w, false))}
	for _, l := range shown {
		out = append(out, text.Cut(l, w))
	}
	for len(out) < h {
		out = append(out, "")
	}
	return strings.Join(out, "\n")
}

// parts are the lines of the pane: those before the content, the content, and those after it.
func (d *Pane) parts(th themes.Theme, snap *live.Snapshot, at view.Clock, w int) content.Parts {
	facts := d.facts(th, snap, at, w)
	d.heads = len(facts) + len(heading(th, "Links"))
	before := slices.Concat(facts, d.linkLines(th, w), d.contentHead(th, w))
	after := slices.Concat(d.asStored(th, w), d.rawKeys(th, at, w), d.related, d.changes(th, snap, at, w))
	all := content.Parts{content.Plain(before), content.Plain(nil), content.Plain(after)}
	if d.Whole.Found && d.body != nil {
		all[1] = d.body
	}
	if d.Search != nil {
		all[0], all[2] = content.Lines(before), content.Lines(after)
	}
	return all
}

func (d *Pane) facts(th themes.Theme, snap *live.Snapshot, at view.Clock, w int) []string {
	switch {
	case d.Row == nil && !snap.Table(d.view.Kind).Complete:
		return []string{th.Muted.Render("not found yet: the keyspace is still being read")}
	case d.Row == nil:
		return []string{th.Muted.Render("not found: it may have been deleted")}
	case d.Row.Problem() != nil:
		return text.Styled(th.Bad, text.Wrap("unreadable: "+view.Reason(d.Row.Problem()), w))
	case d.view.Facts == nil:
		return nil
	}
	facts := d.view.Facts(d.Row, d.moment(at))
	wide := 0
	for _, f := range facts {
		wide = max(wide, text.Width(f.Name))
	}
	var lines []string
	for _, f := range facts {
		for i, part := range text.Wrap(text.Line(f.Text), max(10, w-wide-2)) {
			name := ""
			if i == 0 {
				name = f.Name
			}
			lines = append(lines, th.Muted.Render(text.Fit(name, wide, false))+"  "+view.ToneStyle(th, f.Tone, th.Text).Render(part))
		}
	}
	return lines
}

func (d *Pane) linkLines(th themes.Theme, w int) []string {
	if len(d.Links) == 0 {
		return nil
	}
	lines := heading(th, "Links")
	for i, l := range d.Links {
		says := fmt.Sprintf("%s  %s %s", l.Label, l.View, text.Line(l.ID))
		if i == d.Selected {
			lines = append(lines, th.RowSelected.Render(text.Fit("> "+says, w, false)))
		} else {
			lines = append(lines, "  "+th.Text.Render(text.Cut(says, w-2)))
		}
	}
	return lines
}

// contentHead is what stands above the content.
func (d *Pane) contentHead(th themes.Theme, w int) []string {
	var lines []string
	switch {
	case d.err != nil:
		lines = append(heading(th, "Content"), text.Styled(th.Bad, text.Wrap("unreadable: "+view.Reason(d.err), w))...)
	case !d.loaded:
		return append(heading(th, "Content"), th.Muted.Render("reading…"))
	}
	if !d.Whole.Found {
		return lines
	}
	title := "Content, "
	if part := d.Part(); part != "" {
		title += part + ", "
	}
	title += text.Bytes(max(d.Whole.Size, int64(len(d.Whole.Body))))
	if d.err != nil || d.Gone {
		title += ", as last read"
	}
	return append(lines, heading(th, title)...)
}

// Part is which part of the content was read; empty: all of it.
func (d *Pane) Part() string {
	if d.view.Part == nil || d.Row == nil || d.Row.Problem() != nil || d.Whole.Size > 0 {
		return ""
	}
	return d.view.Part(d.Row)
}

func (d *Pane) rawKeys(th themes.Theme, at view.Clock, w int) []string {
	if len(d.Whole.Keys) == 0 {
		return nil
	}
	title, expiry := "Raw keys", "expires in %s"
	if d.Gone {
		title, expiry = "Raw keys, as last read", "had %s left"
	}
	lines := heading(th, title)
	for _, k := range d.Whole.Keys {
		ttl := "expires: never"
		switch {
		case !k.Expires.IsZero():
			ttl = fmt.Sprintf(expiry, text.Age(max(0, k.Expires.Sub(d.moment(at).Now))))
		case k.Problem != nil:
			ttl = "not known: " + text.Line(k.Problem.Error())
		}
		lines = append(lines, text.Styled(th.Text, text.Wrap(text.Line(k.Name), w))...)
		lines = append(lines, "  "+th.Muted.Render(text.Cut(fmt.Sprintf("%s, %s of memory, %s", text.Line(cmp.Or(k.Type, "type unknown")), text.Bytes(k.Bytes), ttl), w-2)))
	}
	return lines
}

// layRelated lays out the documents that the row names, each below its key.
func layRelated(th themes.Theme, documents []live.Related, w int) []string {
	var lines []string
	for _, doc := range documents {
		lines = append(lines, heading(th, "Names "+text.Line(doc.Key))...)
		if doc.Problem != nil {
			lines = append(lines, text.Styled(th.Bad, text.Wrap("unreadable: "+view.Reason(doc.Problem), w))...)
			continue
		}
		size := int64(0)
		if doc.Size > int64(len(doc.Body)) {
			size = doc.Size
		}
		lines = append(lines, content.Lay(th, doc.Body, size, w).Lines...)
	}
	return lines
}

// changes lists what happened to the row since the dashboard watches it, newest first, as differences of its columns.
func (d *Pane) changes(th themes.Theme, snap *live.Snapshot, at view.Clock, w int) []string {
	lines := heading(th, "Changes seen")
	recent := snap.Table(d.view.Kind).Recent
	for i := len(recent) - 1; i >= 0; i-- {
		c := recent[i]
		if c.ID != d.ID {
			continue
		}
		ago := text.Fit(text.Age(max(0, at.Now.Sub(c.At)).Truncate(time.Second))+" ago", 10, false)
		for n, part := range text.Wrap(d.difference(c, at), max(10, w-12)) {
			if n > 0 {
				ago = strings.Repeat(" ", 10)
			}
			lines = append(lines, th.Muted.Render(ago)+"  "+th.Text.Render(part))
		}
	}
	if len(lines) == 2 {
		lines = append(lines, th.Muted.Render("none since the dashboard was started"))
	}
	return lines
}

// end is how a row that is gone since a moment ended: at its deadline, or before.
func end(r live.Row, gone time.Time) string {
	m, ends := r.(interface{ Deadline() time.Time })
	if ends && !m.Deadline().IsZero() && !m.Deadline().After(gone) {
		return "expired"
	}
	return "deleted"
}

func (d *Pane) difference(c live.Change, at view.Clock) string {
	switch {
	case c.Before.None():
		return "created"
	case c.After.None():
		return end(c.Before, c.At)
	case c.Before.Problem() != nil && c.After.Problem() != nil:
		return "changed, still unreadable"
	case c.Before.Problem() != nil:
		return "readable again"
	case c.After.Problem() != nil:
		return "unreadable now"
	}
	var parts []string
	for _, col := range d.view.Columns {
		was, is := text.Line(col.Text(c.Before, at)), text.Line(col.Text(c.After, at))
		if was != is {
			parts = append(parts, fmt.Sprintf("%s %s -> %s", strings.ToLower(col.Title), was, is))
		}
	}
	if len(parts) == 0 {
		return "changed"
	}
	return strings.Join(parts, ", ")
}

func heading(th themes.Theme, text string) []string { return []string{"", th.Title.Render(text)} }
