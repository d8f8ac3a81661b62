package views

import (
	"sync"
	"time"

	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/tui/view"
)

// backlinks are the rows of one view that lead to rows of another, such as the workers of each queue. They are found in one
// walk over the rows, kept for a second while those do not change, and the longer the longer the walk took.
type backlinks struct {
	set      *layout.Set
	from, to kind.Name

	mu   sync.Mutex
	rows *live.Table // that were walked
	at   time.Time   // for which
	done time.Time   // when the walk ended, on the clock of the computer
	took time.Duration
	by   map[string]leading
}

// leading are the rows that lead to one.
type leading struct {
	live int      // of those that are alive, or of which nobody tells
	ids  []string // the first maxLinks
}

// maxBacklinked is how many rows are walked at most: of more, nothing is found.
const maxBacklinked = 50_000

// backlinkRest is how long what was found of the same rows is kept: they may have died meanwhile.
const backlinkRest = time.Second

// backlinkShare bounds the work: who takes long to walk is walked the more rarely, for one part in that many of the time.
const backlinkShare = 20

func newBacklinks(set *layout.Set, from, to kind.Name) *backlinks {
	return &backlinks{set: set, from: from, to: to}
}

// of are the rows that lead to each row; known is false where that is not known.
func (b *backlinks) of(l view.Lookup, now time.Time) (by map[string]leading, known bool) {
	if l == nil || !b.set.LeadFrom(b.from, b.to) {
		return nil, false
	}
	rows := l.Table(b.from)
	if rows.Len() > maxBacklinked {
		return nil, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	same := rows == b.rows && now.Sub(b.at).Abs() < backlinkRest
	if b.by != nil && (same || time.Since(b.done) < (backlinkShare-1)*b.took) {
		return b.by, true
	}
	began := time.Now()
	b.by, b.rows, b.at = map[string]leading{}, rows, now
	for _, r := range rows.All(0) {
		for _, to := range b.set.Links(b.from, r) {
			if to.View != b.to {
				continue
			}
			one := b.by[to.ID]
			if b.from != "workers" || aliveWorker(r, now) != dead {
				one.live++
			}
			if len(one.ids) < maxLinks {
				one.ids = append(one.ids, r.ID())
			}
			b.by[to.ID] = one
		}
	}
	b.done = time.Now()
	b.took = b.done.Sub(began)
	return b.by, true
}

// links are those back from a row.
func (b *backlinks) links(label string, r kind.Row, l view.Lookup, now time.Time) (out []view.Link) {
	by, _ := b.of(l, now)
	for _, id := range by[r.ID()].ids {
		if _, there := l.Table(b.from).Get(id); there {
			out = append(out, view.Link{Label: label, View: string(b.from), ID: id})
		}
	}
	return out
}
