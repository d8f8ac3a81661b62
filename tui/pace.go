package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// pace is when the screen is drawn, and whether somebody looks at it.
type pace struct {
	after  func(time.Duration) <-chan time.Time
	unseen chan struct{} // nil: the terminal is looked at; closed when it is again
	drawn  time.Time     // when the screen was
	keyed  time.Time     // when it was for a key
	owed   bool          // it is still to be drawn for one
}

// look notes whether somebody looks at the terminal. One that does not say counts as looked at.
func (p *pace) look(on bool) {
	switch {
	case on && p.unseen != nil:
		close(p.unseen)
		p.unseen = nil
	case !on && p.unseen == nil:
		p.unseen = make(chan struct{})
	}
}

// due tells whether the screen is to be drawn after a message, for that may have changed anything on it: but not for the clock
// where readings make the ages go on anyway, and not for each of many keys that come faster than frames, so that the last one is
// answered as soon: that is what later is for.
func (p *pace) due(msg tea.Msg, now time.Time) (draw bool, later tea.Cmd) {
	const keyEvery = frameEvery / 2
	switch msg.(type) {
	case clockMsg:
		return now.Sub(p.drawn) > clockEvery*9/10, nil
	case tea.MouseReleaseMsg, tea.MouseMotionMsg:
		return false, nil
	case tea.KeyPressMsg:
		if p.owed {
			return false, nil
		}
		if now.Sub(p.keyed) < keyEvery {
			p.owed = true
			after := p.after
			return false, func() tea.Msg { <-after(keyEvery); return drawMsg{} }
		}
		p.keyed = now
	case drawMsg:
		p.keyed, p.owed = now, false
	}
	return true, nil
}
