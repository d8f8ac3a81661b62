package insight

import (
	"strings"
	"time"
)

// tally counts how often something happened to each of many rows within a window of time, to a fifth of it. What happens to
// few of them is what counts: of more rows than tallyMax, those to which little happened are forgotten.
type tally struct {
	window time.Duration
	of     map[string]*tallied
	last   time.Time // when old ones were dropped
}

type tallied struct {
	slots [tallySlots]int64
	at    int64 // the number of the newest slot
	who   [2]string
}

const (
	tallySlots = 5
	tallyMax   = 20_000
)

func (t *tally) slot(now time.Time) int64 { return now.UnixNano() / int64(t.window/tallySlots) }

func (c *tallied) turn(slot int64) {
	for step := min(slot-c.at, tallySlots); step > 0; step-- {
		c.slots[(slot-step+1)%tallySlots] = 0
	}
	c.at = max(c.at, slot)
}

func (c *tallied) sum() (n int64) {
	for _, s := range c.slots {
		n += s
	}
	return n
}

// add counts n events of a row, which somebody did; who may be empty.
func (t *tally) add(id, who string, n int64, now time.Time) {
	slot := t.slot(now)
	c := t.of[id]
	if c == nil {
		if t.of == nil {
			t.of = map[string]*tallied{}
		}
		if len(t.of) >= tallyMax && now.Sub(t.last) > t.window/tallySlots {
			t.last = now
			t.drop(slot)
		}
		if len(t.of) >= tallyMax {
			return
		}
		c = &tallied{at: slot}
		t.of[strings.Clone(id)] = c
	}
	c.turn(slot)
	c.slots[slot%tallySlots] += n
	if who != "" && who != c.who[0] {
		c.who[0], c.who[1] = strings.Clone(who), c.who[0]
	}
}

func (t *tally) drop(slot int64) {
	for id, c := range t.of {
		if c.turn(slot); c.sum() <= 1 {
			delete(t.of, id)
		}
	}
}

// count is how often it happened to a row within the window before now, and whether several did it.
func (t *tally) count(id string, now time.Time) (n int64, several bool) {
	c := t.of[id]
	if c == nil {
		return 0, false
	}
	c.turn(t.slot(now))
	return c.sum(), c.who[1] != ""
}

// step is when the count of a row may have fallen.
func (t *tally) step(now time.Time) time.Time { return now.Add(t.window / tallySlots) }
