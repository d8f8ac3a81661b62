package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui/content"
	"holdfast/tui/overlay"
	"holdfast/tui/view"
)

// detail is the pane on one row: its facts, links, content, raw keys and recent changes. The row under it may change or
// vanish; the pane then says so and keeps what it last knew.
type detail struct {
	view *view.View
	id   string
	row  live.Row // as last seen; nil until the row is found
	gone bool
	lost time.Time // when it was seen to be gone

	strayed bool // the cursor of the table had to leave the row

	whole   live.Detail // read on demand
	raw     operate.Raw // of a row that cannot be read
	err     error       // why the last reading of it failed
	loaded  bool        // it was read, or that failed
	reading bool
	again   bool // the row changed while it was read

	readings int // of the content

	body    *content.Laid // the content; nil until it is laid out
	related []string      // the documents that it names
	drawer  int           // counts the times it was laid out: only the last counts

	links   []view.Link
	link    int      // selected one
	linked  linkBase // what links are of
	linking bool

	search *content.Search // nil: none is on

	s      overlay.Scroller
	resume int // the first line to be in the window once the content is there
	heads  int // lines before the links, as drawn last
}

// linkAt finds the link on a line of the pane.
func (d *detail) linkAt(y int) (i int, ok bool) {
	i = d.s.Top + y - 1 - d.heads // the title
	return i, y > 0 && i >= 0 && i < len(d.links)
}

// linkBase is what links hang on: the revision of the rows, and which reading of the content. Zero: nothing.
type linkBase struct {
	rev      uint64
	readings int
}

// What is found out about a row off the UI's goroutine.
type (
	inspectedMsg struct {
		d     *detail
		whole live.Detail
		raw   operate.Raw
		err   error
	}
	linkedMsg struct {
		d     *detail
		links []view.Link
		of    linkBase
	}
	bodyMsg struct {
		d       *detail
		drawer  int
		body    *content.Laid
		related []string
	}
)

// openDetail shows a row of the active view.
func (m *Model) openDetail(id string) tea.Cmd {
	return m.showDetail(&detail{view: m.view(), id: id})
}

func (m *Model) showDetail(d *detail) tea.Cmd {
	m.detail = d
	m.places.touch(m.here())
	if at, ok := m.table().Rows.Find(d.id); ok {
		m.table().MoveTo(at)
	}
	return tea.Batch(m.layout(), m.refreshDetail(), m.inspect(d))
}

// refreshDetail takes the row from the newest snapshot; if it changed, its content and links are read again.
func (m *Model) refreshDetail() tea.Cmd {
	d := m.detail
	if d == nil {
		return nil
	}
	row, ok := m.snap.Table(d.view.Kind).Get(d.id)
	if !ok {
		if d.row != nil && !d.gone {
			d.gone, d.lost = true, m.Now()
		}
		return nil
	}
	changed := d.row != nil && (d.gone || row != d.row)
	d.row, d.gone = row, false
	cmds := []tea.Cmd{m.link(d)}
	if changed {
		cmds = append(cmds, m.inspect(d))
	}
	return tea.Batch(cmds...)
}

const ioLimit = 10 * time.Second

// inspect reads the content of the row, one reading at a time.
func (m *Model) inspect(d *detail) tea.Cmd {
	if d.reading {
		d.again = true
		return nil
	}
	d.reading, d.again = true, false
	bad := d.row != nil && d.row.Problem() != nil
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, ioLimit)
		defer cancel()
		whole, err := m.Live.Glance(ctx, d.view.Kind, d.id)
		var raw operate.Raw
		if bad || err != nil {
			raw, _ = m.Operator.Look(ctx, d.view.Kind, d.id) // a look more; what is wrong is said already
		}
		return inspectedMsg{d, whole, raw, err}
	}
}

// link looks for the links of the row, if anything changed that they could depend on.
func (m *Model) link(d *detail) tea.Cmd {
	snap, row, content, of := m.snap, d.row, d.whole.Body, linkBase{revision(m.snap), d.readings}
	if d.view.Links == nil || row.Problem() != nil {
		d.links = nil
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

func (m *Model) detailed(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case inspectedMsg:
		d := msg.d
		d.loaded, d.reading, d.err = true, false, msg.err
		if msg.raw.Key != "" || msg.err == nil {
			d.raw = msg.raw
		}
		if msg.err == nil && (msg.whole.Found || !d.whole.Found) { // of what was deleted the last content stays
			d.whole = msg.whole
			d.readings++
		} else if msg.err != nil && len(msg.whole.Keys) > 0 { // their types may tell why it cannot be read
			d.whole.Keys = msg.whole.Keys
		}
		cmds := []tea.Cmd{m.drawBody()}
		if d == m.detail && d.row != nil {
			cmds = append(cmds, m.link(d))
		}
		if d.again {
			cmds = append(cmds, m.inspect(d))
		}
		return tea.Batch(cmds...)
	case linkedMsg:
		d := msg.d
		d.linking, d.linked = false, msg.of
		selected, had := d.selectedLink()
		at := slices.Index(msg.links, selected)
		if !had || at >= 0 || d.loaded { // else it may be one that the content names
			d.links, d.link = msg.links, max(0, at)
		}
		if d == m.detail && d.row != nil {
			return m.link(d) // again, if the snapshot went on meanwhile
		}
	case bodyMsg:
		if msg.drawer == msg.d.drawer {
			msg.d.body, msg.d.related = msg.body, msg.related
			msg.d.s.Asked, msg.d.resume = max(msg.d.s.Asked, msg.d.resume), 0
		}
	}
	return nil
}

// drawBody lays the content of the open row out in lines for the room there is. A large one takes its time.
func (m *Model) drawBody() tea.Cmd {
	d := m.detail
	if d == nil || !d.whole.Found {
		return nil
	}
	d.drawer++
	drawer, whole, th, width := d.drawer, d.whole, m.theme, m.detailWidth()
	return func() tea.Msg {
		return bodyMsg{d, drawer, content.Lay(th, whole.Body, whole.Size, width), layRelated(th, whole.Related, width)}
	}
}

// moment is when the row is shown: now, but for one that is gone, whose deadlines stand still.
func (d *detail) moment(at view.Clock) view.Clock {
	if d.gone {
		at.Server = at.Server.Add(d.lost.Sub(at.Now))
		at.Now = d.lost
	}
	return at
}

func (d *detail) selectedLink() (view.Link, bool) {
	if d.link < len(d.links) {
		return d.links[d.link], true
	}
	return view.Link{}, false
}

func (d *detail) act(a keymap.Action) bool {
	n := max(1, len(d.links))
	switch a {
	case keymap.PrevLink:
		d.link = (d.link + n - 1) % n
	case keymap.NextLink:
		d.link = (d.link + 1) % n
	default:
		return d.s.Act(a)
	}
	return true
}
