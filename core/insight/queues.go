package insight

import (
	"time"

	"holdfast/core/kind"
	"holdfast/core/layout"
)

var queueColumns = &layout.QueueColumns

var queueRules = []*Rule{
	{
		Code: "queue-growing", Severity: Warn, Kind: layout.QueuesName, Age: 10 * time.Minute, Twice: true, needs: []known{queueColumns.Waiting},
		When:   "More has been put into a queue than was taken out, for longer than AGE",
		Advice: "look whether enough workers take from it",
		notice: func(in *look, before, after kind.Row) {
			in.e.memory.queues.growth.note(in, after, before, queueColumns.Waiting.Of(after))
		},
		judge: func(in *look, r kind.Row) verdict {
			return in.e.memory.queues.growth.judge(in, r.ID(), func(g growing, a int64) sentence {
				return says("has grown for ").moment(g.since).then(" by %s jobs a minute, to %s waiting", count(a), count(g.now))
			})
		},
	},
	{
		Code: "queue-old", Severity: Warn, Kind: layout.QueuesName, Age: 5 * time.Minute, needs: []known{queueColumns.Oldest, queueColumns.Waiting},
		When:   "The oldest job that waits in a queue was put in longer than AGE ago",
		Advice: "look whether workers take from it",
		judge: func(in *look, r kind.Row) verdict {
			oldest := queueColumns.Oldest.Of(r)
			if oldest.IsZero() || queueColumns.Waiting.Of(r) == 0 {
				return fine()
			}
			since := in.ours(oldest)
			if due := since.Add(in.age()); in.now.Before(due) {
				return fine(due)
			}
			return wrong(since, says("%s waiting, the oldest for ", count(queueColumns.Waiting.Of(r))).moment(since))
		},
	},
	{
		Code: "queue-dead-letters", Severity: Warn, Kind: layout.QueuesName, Count: 100, needs: []known{queueColumns.Failed},
		When:   "A queue has more than COUNT jobs that failed and that nobody tries again",
		Advice: "look why they failed; try them again or delete them with the tools of the queue",
		judge: func(in *look, r kind.Row) verdict {
			if queueColumns.Failed.Of(r) <= in.count() {
				return fine()
			}
			return wrong(time.Time{}, says("more than %s failed jobs that nobody tries again", count(in.count())))
		},
	},
}

// queueMemory is what is remembered of queues.
type queueMemory struct{ growth growth }
