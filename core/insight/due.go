package insight

import (
	"container/heap"
	"strings"
	"time"
)

// dues is a heap of when the verdicts on rows of a kind are due again. A row is due once, at the earliest moment that was asked
// for since; what else stands in the heap of it is old.
type dues struct {
	queue dueQueue
	of    map[string]int64 // by ID
}

type dueAt struct {
	at int64 // Unix time in ms
	id string
}

const dueSpare = 1000

// set notes when a row is due, instead of what was noted before; zero: never.
func (d *dues) set(id string, at time.Time) {
	before, noted := d.of[id]
	if at.IsZero() {
		if noted {
			delete(d.of, id)
		}
		return
	}
	ms := at.UnixMilli() + 1 // not before the moment has passed
	if noted && before == ms {
		return
	}
	if d.of == nil {
		d.of = map[string]int64{}
	}
	id = strings.Clone(id) // the text may be a part of a row's
	d.of[id] = ms
	heap.Push(&d.queue, dueAt{ms, id})
	if len(d.queue) > 2*len(d.of)+dueSpare {
		d.rebuild()
	}
}

// rebuild lets go of all that is old.
func (d *dues) rebuild() {
	d.queue = make(dueQueue, 0, len(d.of))
	for id, at := range d.of {
		d.queue = append(d.queue, dueAt{at, id})
	}
	heap.Init(&d.queue)
}

// passed tells fn of each row that is due, once.
func (d *dues) passed(now time.Time, fn func(id string)) {
	for ms := now.UnixMilli(); len(d.queue) > 0 && d.queue[0].at <= ms; {
		due := heap.Pop(&d.queue).(dueAt)
		if at, noted := d.of[due.id]; !noted || at != due.at {
			continue
		}
		delete(d.of, due.id)
		fn(due.id)
	}
}

// dueQueue is a heap.Interface.
type dueQueue []dueAt

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)        { *q = append(*q, x.(dueAt)) }

func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = dueAt{}
	*q = (*q)[:last]
	return x
}
