package live

import (
	"container/heap"
	"time"
)

// A server may keep a key that has expired for long until it looks at it, and tells nobody before. So rows whose
// deadline has passed are read again, once a second until they change.

// deadlines is a heap of when rows are due. A place stands in it with the tick in place.due, or is not due.
type deadlines struct {
	birth time.Time
	queue dueQueue
}

// dueAt is a place that is due at a tick.
type dueAt struct{ tick, place uint32 }

const (
	dueTick  = 100 * time.Millisecond
	dueAgain = 10 // ticks
)

// tick is the first that is not before t.
func (d *deadlines) tick(t time.Time) uint32 {
	return uint32(min(max(0, t.Sub(d.birth)/dueTick)+1, 1<<32-1))
}

// watch notes when the row at a place is due. Where it stands in the heap already with an earlier tick, that is the time
// to look at its deadline again: one that is moved on and on takes no more room.
func (t *tracker) watch(i uint32, now time.Time) {
	row, ok := t.places[i].row.(mortal)
	if !ok || row.Deadline().IsZero() {
		return
	}
	if t.due.birth.IsZero() {
		t.due.birth = now
	}
	t.queue(i, t.due.tick(row.Deadline()))
}

func (t *tracker) queue(i, tick uint32) {
	if due := t.places[i].due; due == 0 || tick < due {
		t.places[i].due = tick
		heap.Push(&t.due.queue, dueAt{tick, i})
	}
}

// expire wants the rows whose deadline has passed.
func (t *tracker) expire(now time.Time) {
	if len(t.due.queue) == 0 {
		return
	}
	for tick := t.due.tick(now) - 1; len(t.due.queue) > 0 && t.due.queue[0].tick <= tick; {
		d := heap.Pop(&t.due.queue).(dueAt)
		p := &t.places[d.place]
		if p.due != d.tick { // the row is gone, or due at another time
			continue
		}
		p.due = 0
		switch deadline := p.row.(mortal).Deadline(); {
		case deadline.IsZero():
		case deadline.After(now):
			t.queue(d.place, t.due.tick(deadline))
		default:
			t.wanted[p.row.ID()] = struct{}{}
			t.queue(d.place, tick+dueAgain)
		}
	}
}

// dueQueue is a heap.Interface.
type dueQueue []dueAt

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].tick < q[j].tick }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)        { *q = append(*q, x.(dueAt)) }

func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}
