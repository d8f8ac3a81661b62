package tui

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast/core/live"
	"holdfast/keymap"
	"holdfast/themes"
)

// detail is the pane on one row: its facts, links, content, raw keys and recent changes. The row under it may change or
// vanish; the pane then says so and keeps what it last knew.
type detail struct {
	view   *View
	id     string
	row    live.Row // as last seen; nil until the row is found
	gone   bool
	whole  live.Detail // read on demand
	loaded bool
	err    error
	links  []Link
	link   int // selected one
	s      scroller
}

// refresh takes the row from a snapshot and tells whether its content must be read again.
func (d *detail) refresh(snap *live.Snapshot, at Clock) (stale bool) {
	row, ok := rowsOf(d.view, snap).row(d.id)
	if !ok {
		d.gone = d.row != nil
		return false
	}
	stale = d.gone || row != d.row
	d.row, d.gone = row, false
	d.links = nil
	if d.view.Links != nil && row.Problem() == nil {
		d.links = d.view.Links(row, snap)
	}
	d.link = max(0, min(d.link, len(d.links)-1))
	return stale
}

func (d *detail) selectedLink() (Link, bool) {
	if d.link < len(d.links) {
		return d.links[d.link], true
	}
	return Link{}, false
}

func (d *detail) act(a keymap.Action) bool {
	switch a {
	case keymap.PrevLink:
		d.link = (d.link + max(1, len(d.links)) - 1) % max(1, len(d.links))
	case keymap.NextLink:
		d.link = (d.link + 1) % max(1, len(d.links))
	default:
		return d.s.act(a)
	}
	return true
}

// render draws the pane, h lines of at most w cells.
func (d *detail) render(th themes.Theme, snap *live.Snapshot, at Clock, w, h int) string {
	title := d.view.Title + " " + Clean(d.id)
	if d.gone {
		title += "  DELETED meanwhile; this is the last that was seen"
	}
	lines := []string{}
	lines = append(lines, d.facts(th, at, w)...)
	lines = append(lines, d.linkLines(th, w)...)
	lines = append(lines, d.content(th, w)...)
	lines = append(lines, d.rawKeys(th, at, w)...)
	lines = append(lines, d.changes(th, snap, at, w)...)
	shown := d.s.view(lines, max(1, h-1))
	if more := len(lines) - d.s.top - len(shown); more > 0 || d.s.top > 0 {
		title += fmt.Sprintf("  (%d-%d of %d lines)", d.s.top+1, d.s.top+len(shown), len(lines))
	}
	out := []string{th.Title.Render(fit(title, w, false))}
	for _, l := range shown {
		out = append(out, cut(l, w))
	}
	for len(out) < h {
		out = append(out, "")
	}
	return strings.Join(out, "\n")
}

func (d *detail) facts(th themes.Theme, at Clock, w int) []string {
	switch {
	case d.row == nil:
		return []string{th.Muted.Render("not found: it may have been deleted")}
	case d.row.Problem() != nil:
		return styled(th.Bad, wrap("cannot be read: "+Clean(d.row.Problem().Error()), w))
	case d.view.Facts == nil:
		return nil
	}
	facts := d.view.Facts(d.row, at)
	wide := 0
	for _, f := range facts {
		wide = max(wide, textWidth(f.Name))
	}
	var lines []string
	for _, f := range facts {
		for i, part := range wrap(Clean(f.Text), max(10, w-wide-2)) {
			name := ""
			if i == 0 {
				name = f.Name
			}
			lines = append(lines, th.Muted.Render(fit(name, wide, false))+"  "+toneStyle(th, f.Tone, th.Text).Render(part))
		}
	}
	return lines
}

func (d *detail) linkLines(th themes.Theme, w int) []string {
	if len(d.links) == 0 {
		return nil
	}
	lines := heading(th, "Links (tab chooses, enter follows)")
	for i, l := range d.links {
		text := fmt.Sprintf("%s  %s %s", l.Label, l.View, Clean(l.ID))
		if i == d.link {
			lines = append(lines, th.RowSelected.Render(fit("> "+text, w, false)))
		} else {
			lines = append(lines, "  "+th.Text.Render(cut(text, w-2)))
		}
	}
	return lines
}

func (d *detail) content(th themes.Theme, w int) []string {
	switch {
	case d.err != nil:
		return append(heading(th, "Content"), styled(th.Bad, wrap("cannot be read: "+Clean(d.err.Error()), w))...)
	case !d.loaded:
		return append(heading(th, "Content"), th.Muted.Render("reading…"))
	case !d.whole.Found:
		return nil
	}
	return append(heading(th, fmt.Sprintf("Content, %d bytes", len(d.whole.Body))), bodyLines(th, d.whole.Body, w)...)
}

func (d *detail) rawKeys(th themes.Theme, at Clock, w int) []string {
	if len(d.whole.Keys) == 0 {
		return nil
	}
	lines := heading(th, "Raw keys")
	for _, k := range d.whole.Keys {
		ttl := "no expiry"
		if !k.Expires.IsZero() {
			ttl = "expires in " + Age(k.Expires.Sub(at.Now))
		}
		lines = append(lines, fmt.Sprintf("%s  %s", th.Text.Render(Clean(k.Name)), th.Muted.Render(fmt.Sprintf("%s, %d bytes of memory, %s", k.Type, k.Bytes, ttl))))
	}
	return lines
}

// changes lists what happened to the row since the dashboard watches it, newest first, as differences of its columns.
func (d *detail) changes(th themes.Theme, snap *live.Snapshot, at Clock, w int) []string {
	lines := heading(th, "Changes seen")
	recent := snap.Table(d.view.Kind).Recent
	for i := len(recent) - 1; i >= 0; i-- {
		c := recent[i]
		if c.ID != d.id {
			continue
		}
		ago := fit(Age(at.Now.Sub(c.At).Truncate(time.Second))+" ago", 10, false)
		lines = append(lines, th.Muted.Render(ago)+"  "+th.Text.Render(cut(d.difference(c, at), w-12)))
	}
	if len(lines) == 2 {
		lines = append(lines, th.Muted.Render("none since this screen was opened"))
	}
	return lines
}

func (d *detail) difference(c live.Change, at Clock) string {
	switch {
	case c.Before == nil:
		return "created"
	case c.After == nil:
		return "deleted"
	case c.Before.Problem() != nil || c.After.Problem() != nil:
		return "became readable or unreadable"
	}
	var parts []string
	for _, col := range d.view.Columns {
		was, is := col.Text(c.Before, at), col.Text(c.After, at)
		if was != is {
			parts = append(parts, fmt.Sprintf("%s %s -> %s", strings.ToLower(col.Title), Clean(was), Clean(is)))
		}
	}
	if len(parts) == 0 {
		return "changed"
	}
	return strings.Join(parts, ", ")
}

func heading(th themes.Theme, text string) []string { return []string{"", th.Title.Render(text)} }

func styled(s interface{ Render(...string) string }, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = s.Render(l)
	}
	return out
}

// bodyLines shows content: JSON indented and coloured, text as it is, anything else as a hex dump.
func bodyLines(th themes.Theme, body []byte, w int) []string {
	if lines, ok := jsonLines(th, body, w); ok {
		return lines
	}
	var lines []string
	if !utf8.Valid(body) {
		for l := range strings.Lines(hex.Dump(body)) {
			lines = append(lines, th.Text.Render(Clean(strings.TrimRight(l, "\n"))))
		}
		return lines
	}
	for l := range strings.SplitSeq(CleanLines(string(body)), "\n") {
		lines = append(lines, styled(th.Text, wrap(l, w))...)
	}
	return lines
}
