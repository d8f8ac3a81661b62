package live

import (
	"context"
	"time"
)

// DefaultBudget is how many trips a second passes over the keyspace take at most unless Options say otherwise: modest for
// a server that answers a hundred times as many, and enough to read a million rows in two seconds.
const DefaultBudget = 2000

// pace keeps passes over the keyspace within their budget, and lets a server rest that answers more slowly than it can.
type pace struct {
	every time.Duration // between two trips; 0: no limit
	now   func() time.Time
	sleep func(context.Context, time.Duration)
	due   time.Time     // when the next trip may begin
	least time.Duration // that a page took, not long ago
}

const (
	paceSlack  = 5 * time.Millisecond // that trips may run ahead of their time: timers are no finer
	slowAnswer = 5 * time.Millisecond // and slower than slowTimes the best: others wait for the server, too
	slowTimes  = 5
	longRest   = time.Second
)

func newPace(perSecond int, now func() time.Time) *pace {
	p := &pace{now: now, sleep: sleep}
	if perSecond > 0 {
		p.every = time.Second / time.Duration(perSecond)
	}
	return p
}

// trip waits until one more trip is within the budget.
func (p *pace) trip(ctx context.Context) {
	now := p.now()
	if p.due.Before(now) {
		p.due = now
	}
	if ahead := p.due.Sub(now); ahead > paceSlack {
		p.sleep(ctx, ahead)
	}
	p.due = p.due.Add(p.every)
}

// page notes how long a page of SCAN took. After one that took far longer than the best of them the next trip waits for
// as long.
func (p *pace) page(took time.Duration) {
	if p.least == 0 || took < p.least {
		p.least = took
	}
	if p.least += p.least / 100; took > slowAnswer && took > slowTimes*p.least { // what was best once need not be possible now
		p.due = p.now().Add(min(took, longRest))
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
