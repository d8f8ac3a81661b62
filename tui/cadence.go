package tui

import (
	"reflect"
	"time"

	tea "charm.land/bubbletea/v2"
)

// cadence is how often Bubble Tea looks whether there is a new frame to write: at once after one was drawn, else hardly ever.
// Its own rate is fixed. A fast one wakes an idle dashboard for nothing, which is nearly all that an idle one costs; with
// a slow one every key waits for the next look. It also starts the looking again where a quick editor left it stopped: Bubble
// Tea 2.0.9 may stop the ticker of its renderer after it was started again.
type cadence struct {
	program *tea.Program
	ticker  *time.Ticker // of the program; nil until it runs
	slower  [2]*time.Timer
}

// The time between two looks, and how long after a drawn frame it becomes longer. A look that is late is lost as that
// changes, so the one after it must not be far.
const (
	lookSoon = 3 * time.Millisecond // enough to take in the frame that is being drawn
	soonFor  = 5 * time.Millisecond
	lookNext = 8 * time.Millisecond
	nextFor  = 50 * time.Millisecond
	lookRest = 100 * time.Millisecond
)

// soon has the frame that is drawn now written. The goroutine that runs the program calls it.
func (c *cadence) soon() {
	if c.ticker == nil {
		if c.ticker = tickerOf(c.program); c.ticker == nil {
			return
		}
		c.slower[0] = time.AfterFunc(soonFor, func() { c.ticker.Reset(lookNext) })
		c.slower[1] = time.AfterFunc(nextFor, func() { c.ticker.Reset(lookRest) })
	}
	c.ticker.Reset(lookSoon)
	c.slower[0].Reset(soonFor)
	c.slower[1].Reset(nextFor)
}

// end leaves the program alone.
func (c *cadence) end() {
	for _, t := range c.slower {
		if t != nil {
			t.Stop()
		}
	}
}

// tickerOf is what paces the renderer of a program; nil before it runs, and of a Bubble Tea that does it in another way, where the
// rate given to the program stays. Nothing that Bubble Tea exports changes the rate.
func tickerOf(p *tea.Program) *time.Ticker {
	field := reflect.ValueOf(p).Elem().FieldByName("ticker")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*time.Ticker]() {
		return nil
	}
	return *(**time.Ticker)(field.Addr().UnsafePointer())
}
