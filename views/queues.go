package views

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// queues lists the queues of jobs that layouts describe.
func queues(set *layout.Set) View {
	c := layout.QueueColumns
	on := newBacklinks(set, "workers", layout.QueuesName)
	count := func(title string, n kind.Int) view.Column {
		return number(title, n, func(n int64) string { return humanize.Comma(n) })
	}
	failed := count("FAILED", c.Failed)
	failed.Tone = func(r live.Row, _ view.Clock) view.Tone {
		if c.Failed.Of(r.(kind.Row)) > 0 {
			return view.Warn
		}
		return view.Muted
	}
	return View{
		View: &view.View{
			Name: "queues", Title: "Queues", Short: "Qs", Kind: layout.QueuesName, Quiet: true,
			Empty: "Queues of job libraries such as Sidekiq, RQ, BullMQ and asynq are shown here; holdfast layouts lists which.",
			Columns: []view.Column{
				grow(textColumn("QUEUE", c.Queue)),
				count("WAITING", c.Waiting),
				count("ACTIVE", c.Active),
				count("DELAYED", c.Delayed),
				failed,
				age("OLDEST", c.Oldest),
				{
					Title: "RATE", Right: true,
					Text: func(r live.Row, at view.Clock) string { return perMinute(r.(kind.Row), at.Now) },
					Key: func(b []byte, r kind.Row) []byte {
						finished, _ := layout.QueueRate(r)
						return kind.AppendFloatKey(b, finished.Rank())
					},
				},
				{
					Title: "WORKERS", Right: true,
					Text: func(r live.Row, at view.Clock) string {
						if n, known := workersOn(on, r.(kind.Row), at.Others, at.Now); known {
							return fmt.Sprint(n)
						}
						return "-"
					},
					KeyIn: func(l view.Lookup) func([]byte, kind.Row) []byte {
						by, _ := on.of(l, time.Now())
						return func(b []byte, r kind.Row) []byte { return kind.AppendIntKey(b, int64(by[r.ID()].live)) }
					},
				},
				textColumn("LAYOUT", c.Layout), // the last, as it takes much of 80 cells
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				oldest := "-"
				if t := c.Oldest.Of(r); !t.IsZero() {
					oldest = "put in " + ago(t, at) + " ago"
				}
				workers := "not told"
				if n, known := workersOn(on, r, at.Others, at.Now); known {
					workers = fmt.Sprintf("%d alive", n)
				}
				return []view.Fact{
					{Name: "queue", Text: c.Queue.Of(r)}, fromLayout(c.Layout.Of(r)),
					jobs("waiting", c.Waiting, r), fact("oldest", oldest, c.Oldest.Err(r)), jobs("active", c.Active, r), jobs("delayed", c.Delayed, r),
					jobs("failed", c.Failed, r), jobs("done", c.Done, r), {Name: "finished", Text: perMinute(r, at.Now)}, {Name: "workers", Text: workers},
				}
			}),
			Links: links(func(r kind.Row, l view.Lookup) []view.Link {
				return append(layoutLinks(set, layout.QueuesName, r, l), on.links("worker", r, l, time.Now())...)
			}),
		},
		Fields: []Field{
			field("queue", c.Queue),
			field("layout", c.Layout),
			field("waiting", c.Waiting),
			field("active", c.Active),
			field("delayed", c.Delayed),
			field("failed", c.Failed),
			field("done", c.Done),
			field("oldest", c.Oldest),
			derived("consumed", func(r kind.Row) any {
				if n := c.Consumed.Of(r); n > 0 {
					return n
				}
				return nil
			}),
			{"workers", func(r live.Row, at view.Clock) any {
				if n, known := workersOn(on, r.(kind.Row), at.Others, at.Now); known {
					return int64(n)
				}
				return nil
			}},
		},
		Others: []kind.Name{"workers"},
	}
}

func jobs(name string, c kind.Int, r kind.Row) view.Fact {
	return fact(name, humanize.Comma(c.Of(r)), c.Err(r))
}

// workersOn is how many workers of a queue are alive; known is false where its layout tells of none.
func workersOn(on *backlinks, r kind.Row, l view.Lookup, now time.Time) (n int, known bool) {
	by, known := on.of(l, now)
	if !known || !on.set.CanLead(on.from, on.to, r.ID()) {
		return 0, false
	}
	return by[r.ID()].live, true
}

// perMinute is how many jobs of a queue are finished.
func perMinute(r kind.Row, now time.Time) string {
	finished, ok := layout.QueueRate(r)
	if !ok {
		return "-"
	}
	switch n := finished.At(now) * 60; {
	case n < 0.05:
		return "0/min"
	case n < 10:
		return fmt.Sprintf("%.1f/min", n)
	default:
		return text.Count(int(n)) + "/min"
	}
}
