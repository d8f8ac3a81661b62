package live

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// EventKind says what happened to the server, or to many rows at once.
type EventKind int

// What an operator must not miss.
const (
	Restarted EventKind = iota // a master is another process than before (run id)
	TookOver                   // another server is master now
	Flushed                    // FLUSHALL or FLUSHDB
	Vanished                   // most rows of a kind are gone, and nothing told why
)

// Event is something that happened to the server, or to many rows at once.
type Event struct {
	At   time.Time // on our clock
	What EventKind
	Node string // the master's address; empty where it is not known
	Was  string // the master before, of TookOver
	Anew bool   // the replication id is another one: nothing tells that it holds what was there before
	Lost []Loss // kinds that have fewer rows than before, in the order of the registry
}

// String says what happened in one line, but not when.
func (e Event) String() string {
	var text string
	switch e.What {
	case Restarted:
		text = e.Node + " restarted: its run id changed"
		if e.Anew {
			text += ", and so did its replication id"
		}
	case TookOver:
		text = e.Node + " is a master now"
		if e.Was != "" {
			text += " instead of " + e.Was
		}
		if e.Anew {
			text += ", with another replication id"
		}
	case Flushed:
		text = e.Node + " was flushed by FLUSHALL or FLUSHDB"
	case Vanished:
		text = "rows vanished, and the server gave no reason"
	}
	if len(e.Lost) == 0 {
		return text + "; no rows were lost"
	}
	kinds := make([]string, len(e.Lost))
	for i, l := range e.Lost {
		kinds[i] = fmt.Sprintf("%s %d → %d", l.Kind, l.Before, l.After)
	}
	return text + "; " + strings.Join(kinds, ", ")
}

// Loss is how many rows a kind had, and has.
type Loss struct {
	Kind          kind.Name
	Before, After int
}

// When rows count as vanished: all of them, most of them together, or nearly all of a kind that has many. Locks and
// leases come and go by the dozen.
const (
	lossWindow = 10 * time.Second // within which they went
	lossFew    = 10               // of all kinds together
	lossMany   = 100              // of one kind
	eventsKept = 50
)

// news finds events. It belongs to the goroutine that reads.
type news struct {
	events  []Event                  // oldest first; never changed in place, for snapshots share it
	masters map[string]conn.Identity // by address, as far as they ever told
	before  []int                    // rows of each kind as the pass began
	peaks   []level
}

// level is how many rows each kind had at a moment.
type level struct {
	at   time.Time
	rows []int
}

func (n *news) add(e Event) {
	n.events = slices.Clone(lastN(append(slices.Clip(n.events), e), eventsKept))
}

func lengths(tables []*Table) []int {
	rows := make([]int, len(tables))
	for i, t := range tables {
		rows[i] = t.Len()
	}
	return rows
}

// losses compares the tables with how many rows each had before.
func losses(before []int, tables []*Table) (lost []Loss) {
	for i, t := range tables {
		if before[i] > t.Len() {
			lost = append(lost, Loss{t.Kind, before[i], t.Len()})
		}
	}
	return lost
}

// began notes how many rows there are as a pass begins.
func (n *news) began(tables []*Table) { n.before = lengths(tables) }

// passed takes in who the masters are and which of them were flushed, as a pass ended.
func (n *news) passed(now time.Time, masters roster, flushed []string, tables []*Table) {
	lost := losses(n.before, tables)
	known := len(n.events)
	var found []Event
	for _, addr := range slices.Sorted(maps.Keys(masters)) {
		id := masters[addr]
		if id == nil {
			continue
		}
		was, met := n.masters[addr]
		switch {
		case !met && len(n.masters) > 0:
			found = append(found, n.tookOver(addr, *id, masters))
		case met && !id.SameProcess(was):
			found = append(found, Event{What: Restarted, Node: addr, Anew: !id.Continues(was)})
		}
	}
	if len(found) == 0 && len(lost) > 0 {
		for _, addr := range flushed {
			found = append(found, Event{What: Flushed, Node: addr})
		}
	}
	for i, e := range found {
		e.At = now
		if i == len(found)-1 { // what several did together is told once
			e.Lost = lost
		}
		n.add(e)
	}
	if len(n.events) > known || len(found) > 0 {
		n.peaks = nil // told
	}
	if n.masters == nil {
		n.masters = map[string]conn.Identity{}
	}
	for addr, id := range masters {
		if id != nil {
			n.masters[addr] = *id
		}
	}
	if len(masters) > 0 {
		maps.DeleteFunc(n.masters, func(addr string, _ conn.Identity) bool { _, here := masters[addr]; return !here })
	}
}

// tookOver finds which master a new one replaces: the one that is there no more and whose data it continues.
func (n *news) tookOver(addr string, id conn.Identity, masters roster) Event {
	e := Event{What: TookOver, Node: addr, Anew: true}
	for _, was := range slices.Sorted(maps.Keys(n.masters)) {
		if _, here := masters[was]; !here && e.Anew {
			e.Was, e.Anew = was, !id.Continues(n.masters[was])
		}
	}
	return e
}

// look notices rows that vanish without anybody telling why.
func (n *news) look(now time.Time, tables []*Table) {
	if !slices.ContainsFunc(tables, func(t *Table) bool { return t.Complete }) {
		return
	}
	have := lengths(tables)
	n.peaks = slices.DeleteFunc(n.peaks, func(l level) bool { return now.Sub(l.at) > lossWindow })
	peak, total, left := slices.Clone(have), 0, 0
	for _, l := range n.peaks {
		for i, rows := range l.rows {
			peak[i] = max(peak[i], rows)
		}
	}
	if last := len(n.peaks) - 1; last < 0 || now.Sub(n.peaks[last].at) >= lossWindow/10 {
		n.peaks = append(n.peaks, level{now, have})
	}
	gone := false
	for i := range have {
		total, left = total+peak[i], left+have[i]
		gone = gone || peak[i]-have[i] >= lossMany && have[i] < peak[i]/10
	}
	if !gone && (total == 0 || left > 0 && (total-left < lossFew || left >= total/2)) {
		return
	}
	e := Event{At: now, What: Vanished, Lost: losses(peak, tables)}
	if last := len(n.events) - 1; last >= 0 && n.events[last].What == Vanished && now.Sub(n.events[last].At) <= lossWindow { // still going
		if slices.Equal(e.Lost, n.events[last].Lost) {
			return
		}
		e.At = n.events[last].At
		n.events = n.events[:last:last]
	}
	n.add(e)
}
