package rows

import (
	"container/heap"
	"strings"
	"time"

	"holdfast/core/kind"
)

// Deadlines is a heap of when rows are due. A row is due once, at the tick in of; what else stands in the heap of it is old.
type Deadlines struct {
	birth time.Time
	queue dueQueue
	of    map[string]uint32 // by ID
}

// dueAt is a row that is due at a tick.
type dueAt struct {
	tick uint32
	id   string
}

const (
	dueTick  = 100 * time.Millisecond
	dueAgain = 10 // ticks
	dueSpare = 1000
)

// tick is the first that is not before t.
func (d *Deadlines) tick(t time.Time) uint32 {
	return uint32(min(max(0, t.Sub(d.birth)/dueTick)+1, 1<<32-1))
}

// Watch notes when a row is due. Where it stands in the heap already with an earlier tick, that is the time to look at its
// deadline again: one that is moved on and on takes no more room.
func (d *Deadlines) Watch(r kind.Row, now time.Time) {
	deadline := r.Deadline()
	if deadline.IsZero() {
		return
	}
	if d.of == nil {
		d.birth, d.of = now, map[string]uint32{}
	}
	d.put(r.ID(), d.tick(deadline))
}

func (d *Deadlines) put(id string, tick uint32) {
	if due, ok := d.of[id]; !ok || tick < due {
		id = strings.Clone(id) // the text may be a part of a row's
		d.of[id] = tick
		heap.Push(&d.queue, dueAt{tick, id})
		if len(d.queue) > 2*len(d.of)+dueSpare {
			d.rebuild()
		}
	}
}

// rebuild lets go of all that is old: rows that come and go would fill the heap until they were due.
func (d *Deadlines) rebuild() {
	d.queue = make(dueQueue, 0, len(d.of))
	for id, tick := range d.of {
		d.queue = append(d.queue, dueAt{tick, id})
	}
	heap.Init(&d.queue)
}

// Forget lets go of a row that is gone, and of all that is old when it was the last.
func (d *Deadlines) Forget(id string) {
	delete(d.of, id)
	if len(d.of) == 0 {
		d.queue, d.of = nil, nil
	}
}

// Passed tells fn of the rows whose deadline has passed, each again a second later until its deadline is another one. row
// finds the row with an ID.
func (d *Deadlines) Passed(now time.Time, row func(id string) (kind.Row, bool), fn func(id string)) {
	if len(d.of) == 0 {
		return
	}
	for tick := d.tick(now) - 1; len(d.queue) > 0 && d.queue[0].tick <= tick; {
		due := heap.Pop(&d.queue).(dueAt)
		if d.of[due.id] != due.tick { // the row is gone, or due at another time
			continue
		}
		delete(d.of, due.id)
		r, ok := row(due.id)
		if !ok {
			continue
		}
		switch deadline := r.Deadline(); {
		case deadline.IsZero():
		case deadline.After(now):
			d.put(due.id, d.tick(deadline))
		default:
			fn(due.id)
			d.put(due.id, tick+dueAgain)
		}
	}
}

// Len is the number of rows that are due at some time.
func (d *Deadlines) Len() int { return len(d.of) }

// dueQueue is a heap.Interface.
type dueQueue []dueAt

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].tick < q[j].tick }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)        { *q = append(*q, x.(dueAt)) }

func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = dueAt{}
	*q = (*q)[:last]
	return x
}
