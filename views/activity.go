package views

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// What the overview says of a kind besides its numbers: the oldest buffer, the generation that changes most.

const (
	second     = time.Second
	recently   = 5 * time.Minute
	minHot     = 5      // changes within that long: fewer are the work of a day
	maxScanned = 10_000 // rows that are looked at for the oldest
)

// standsOut is what stands out in a kind.
func standsOut(s *live.Snapshot, t *live.Table) func(view.Clock) string {
	switch t.Kind {
	case "buffers":
		return oldestBuffer(t)
	case "generations":
		return hottest(s, t)
	}
	return always("")
}

func oldestBuffer(t *live.Table) func(view.Clock) string {
	c := buffer.Columns
	var oldest kind.Row
	if t.Len() > maxScanned {
		return always("")
	}
	for _, r := range t.All(0) {
		if first := c.FirstWrite.Of(r); !r.Bad() && !first.IsZero() && c.Prepared.Of(r) == 0 && (oldest.None() || first.Before(c.FirstWrite.Of(oldest))) {
			oldest = r
		}
	}
	if oldest.None() {
		return always("")
	}
	r := oldest.Clone()
	return func(at view.Clock) string {
		n := notKnownText + " records"
		if c.Count.Err(r) == nil {
			n = humanize.Comma(c.Count.Of(r)) + " records"
		}
		return fmt.Sprintf("oldest: %s, %s, first %s ago", c.Store.Of(r), n, ago(c.FirstWrite.Of(r), at))
	}
}

// hottest counts the changes of the last minutes.
func hottest(s *live.Snapshot, t *live.Table) func(view.Clock) string {
	count, first, most := map[string]int{}, map[string]time.Time{}, ""
	for _, c := range t.Recent {
		if s.ReadAt.Sub(c.At) > recently {
			continue
		}
		if count[c.ID]++; count[c.ID] == 1 {
			first[c.ID] = c.At
		}
	}
	for id, n := range count {
		if r, ok := t.Get(id); ok && !r.Bad() && n >= minHot && (most == "" || n > count[most] || n == count[most] && id < most) {
			most = id
		}
	}
	if most == "" {
		return always("")
	}
	r, _ := t.Get(most)
	r = r.Clone()
	return func(at view.Clock) string {
		now := fmt.Sprint(genstore.Columns.Generation.Of(r))
		if genstore.Columns.Generation.Err(r) != nil {
			now = notKnownText
		}
		return fmt.Sprintf("hottest: %s, %d changes in %s, now at %s", most, count[most], text.Age(max(second, at.Now.Sub(first[most])).Truncate(second)), now)
	}
}
