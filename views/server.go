package views

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// What the overview says of the server itself, before anything else: masters that do not answer, and what happened.

const (
	eventsShown = 3
	eventStays  = time.Hour
)

func serverLines(s *live.Snapshot) (out []*line) {
	for _, d := range s.Down {
		where := d.Addr
		if where == "" {
			where = "slots without a master"
		}
		note := fmt.Sprintf("no answer from %s, rows there are not up to date: %v", where, d.Err)
		out = append(out, found("master down", always(note), view.Bad, "", where))
	}
	if n := s.Server.Uncovered; n > 0 && len(s.Down) == 0 {
		note := fmt.Sprintf("%s of 16,384 hash slots have no master: their rows are missing", humanize.Comma(int64(n)))
		out = append(out, found("slots without a master", always(note), view.Bad, "", ""))
	}
	for i := len(s.Events) - 1; i >= 0 && i >= len(s.Events)-eventsShown; i-- {
		e := s.Events[i]
		if s.ReadAt.Sub(e.At) > eventStays {
			break
		}
		what, tone := "server changed", view.Warn
		if len(e.Lost) > 0 {
			what, tone = "data lost", view.Bad
		}
		note := func(at view.Clock) string {
			return fmt.Sprintf("%s ago: %s", text.Age(max(0, at.Now.Sub(e.At)).Truncate(time.Second)), e)
		}
		out = append(out, found(what, note, tone, "", e.At.Format(time.RFC3339Nano)+e.Node))
	}
	return out
}
