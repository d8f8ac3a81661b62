package live

import "time"

// cost is how many commands a second go to the server, over costOver at least.
type cost struct {
	at   time.Time
	sent uint64
	last float64
}

const costOver = 2 * time.Second

// rate takes in how many commands were ever sent.
func (c *cost) rate(sent uint64, now time.Time) float64 {
	switch over := now.Sub(c.at); {
	case c.at.IsZero():
		c.at, c.sent = now, sent
	case over >= costOver:
		c.last = float64(sent-c.sent) / over.Seconds()
		c.at, c.sent = now, sent
	}
	return c.last
}
