// Package detail is the pane on one row.
package detail

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui/content"
	"holdfast/tui/overlay"
	"holdfast/tui/view"
)

// Pane is what there is to see of one row: its facts, links, content, raw keys and recent changes. The row under it may change or
// vanish; the pane then says so and keeps what it last knew.
type Pane struct {
	ID       string
	Row      live.Row // as last seen; nil until the row is found
	Gone     bool
	Strayed  bool        // the cursor of the table had to leave the row
	Whole    live.Detail // read on demand
	Links    []view.Link
	Selected int             // of them
	Search   *content.Search // nil: none is on

	view *view.View
	from Source
	lost time.Time // when it was seen to be gone

	raw     operate.Raw // of a row that cannot be read
	err     error       // why the last reading of it failed
	loaded  bool        // it was read, or that failed
	reading bool
	again   bool // the row changed while it was read

	readings int // of the content

	body    *content.Laid // the content; nil until it is laid out
	related []string      // the documents that it names
	drawer  int           // counts the times it was laid out: only the last counts

	linked  linkBase // what links are of
	linking bool

	s      overlay.Scroller
	resume int // the first line to be in the window once the content is there
	heads  int // lines before the links, as drawn last
}

// LinkAt finds the link on a line of the pane.
func (d *Pane) LinkAt(y int) (i int, ok bool) {
	i = d.s.Top + y - 1 - d.heads // the title
	return i, y > 0 && i >= 0 && i < len(d.Links)
}

// linkBase is what links hang on: the revision of the rows, and which reading of the content. Zero: nothing.
type linkBase struct {
	rev      uint64
	readings int
}

// Source is where a pane has its content from.
type Source struct {
	Ctx      context.Context // ends all reading
	Live     *live.Model
	Operator *operate.Operator
}

// New is the pane on a row of a view, which Refresh finds.
func New(v *view.View, id string, from Source) *Pane { return &Pane{view: v, ID: id, from: from} }

// Shows tells whether the pane is that on a row of a view.
func (d *Pane) Shows(v *view.View, id string) bool { return d.view == v && d.ID == id }

// Top is the first line in the window.
func (d *Pane) Top() int { return d.s.Top }

// Resume has the window begin at a line again, as soon as the content is there, and a link selected.
func (d *Pane) Resume(top int, link view.Link) {
	d.s.Asked, d.resume, d.Search = top, top, nil
	if link != (view.Link{}) {
		d.choose(link)
	}
}

// choose selects a link, which is the only one until all are found.
func (d *Pane) choose(l view.Link) {
	if d.Selected = slices.Index(d.Links, l); d.Selected < 0 {
		d.Links, d.Selected, d.linked = []view.Link{l}, 0, linkBase{}
	}
}

// Refresh takes the row from the newest snapshot; if it changed, its content and links are read again.
func (d *Pane) Refresh(snap *live.Snapshot, now time.Time) tea.Cmd {
	row, ok := snap.Table(d.view.Kind).Get(d.ID)
	if !ok {
		if d.Row != nil && !d.Gone {
			d.Gone, d.lost = true, now
		}
		return nil
	}
	changed := d.Row != nil && (d.Gone || row != d.Row)
	d.Row, d.Gone = row, false
	cmds := []tea.Cmd{d.findLinks(snap)}
	if changed {
		cmds = append(cmds, d.Read())
	}
	return tea.Batch(cmds...)
}

// ReadLimit is how long one row may take to be read.
const ReadLimit = 10 * time.Second

// Read reads the content of the row, one reading at a time.
func (d *Pane) Read() tea.Cmd {
	if d.reading {
		d.again = true
		return nil
	}
	d.reading, d.again = true, false
	bad := d.Row != nil && d.Row.Problem() != nil
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(d.from.Ctx, ReadLimit)
		defer cancel()
		whole, err := d.from.Live.Glance(ctx, d.view.Kind, d.ID)
		var raw operate.Raw
		if bad || err != nil {
			raw, _ = d.from.Operator.Look(ctx, d.view.Kind, d.ID) // a look more; what is wrong is said already
		}
		return inspectedMsg{d, whole, raw, err}
	}
}

// findLinks looks for the links of the row, if anything changed that they could depend on.
func (d *Pane) findLinks(snap *live.Snapshot) tea.Cmd {
	row, content, of := d.Row, d.Whole.Body, linkBase{revision(snap), d.readings}
	if d.view.Links == nil || row.Problem() != nil {
		d.Links = nil
		return nil
	}
	if d.linking || d.linked == of {
		return nil
	}
	d.linking = true
	return func() tea.Msg { return linkedMsg{d, d.view.Links(row, snap, content), of} }
}

// revision changes whenever rows of any kind do. It is never 0.
func revision(s *live.Snapshot) uint64 {
	rev := uint64(1)
	for _, t := range s.Tables {
		rev += t.Rev
	}
	return rev
}

// Failed has the pane wait no longer for commands that failed.
func (d *Pane) Failed() { d.reading, d.linking = false, false }

// Lay lays the content out in lines of a width. A large one takes its time.
func (d *Pane) Lay(th themes.Theme, width int) tea.Cmd {
	if !d.Whole.Found {
		return nil
	}
	d.drawer++
	drawer, whole := d.drawer, d.Whole
	return func() tea.Msg {
		return bodyMsg{d, drawer, content.Lay(th, whole.Body, whole.Size, width), layRelated(th, whole.Related, width)}
	}
}

// moment is when the row is shown: now, but for one that is gone, whose deadlines stand still.
func (d *Pane) moment(at view.Clock) view.Clock {
	if d.Gone {
		at.Server = at.Server.Add(d.lost.Sub(at.Now))
		at.Now = d.lost
	}
	return at
}

func (d *Pane) SelectedLink() (view.Link, bool) {
	if d.Selected < len(d.Links) {
		return d.Links[d.Selected], true
	}
	return view.Link{}, false
}

// Act moves the window or the selection of a link; false if an action is none of these.
func (d *Pane) Act(a keymap.Action) bool {
	n := max(1, len(d.Links))
	switch a {
	case keymap.PrevLink:
		d.Selected = (d.Selected + n - 1) % n
	case keymap.NextLink:
		d.Selected = (d.Selected + 1) % n
	default:
		return d.s.Act(a)
	}
	return true
}
